"""Where Hydra gets a config from: the project's `conf/` and `experiments/` and the shipped ones, by our own reader.

Hydra would discover plug-ins (any module of the namespace `hydra_plugins` is imported) and read files unchecked. Here
it is handed what it composes: nothing is discovered, and no file is opened that isn't named.
"""

from __future__ import annotations

import os
from pathlib import Path

from hydra._internal.config_repository import ConfigRepository
from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigResult, ConfigSource
from omegaconf import OmegaConf

from runner.core import project_paths as projects
from runner.spec import yaml_files

NOWHERE = Path(os.devnull) / "none"
EXPERIMENT = "experiment"  # a group of Hydra's, whose files lie in `experiments/`


class Repository(ConfigRepository):
    """All folders of a project; the first that has an option wins, the project's own before the shipped one."""

    def __init__(self, project: Path) -> None:
        options = [Folder(folder) for folder in projects.conf_folders(project)]
        self.sources: list[ConfigSource] = [*options, *map(Experiments, projects.experiment_folders(project))]


class Folder(ConfigSource):
    """The YAML files below one folder, as Hydra names them: `model/gru` is `model/gru.yaml`."""

    def __init__(self, folder: Path) -> None:
        super().__init__("runner", f"{self.scheme()}://{folder}")
        self.folder = folder

    @staticmethod
    def scheme() -> str:
        """As Hydra shows it."""
        return "file"

    def file(self, config_path: str) -> Path:
        """The file of a config; no name leads out of the folder."""
        inside = config_path.strip("/")
        return NOWHERE if ".." in inside.split("/") else self.folder / inside

    def load_config(self, config_path: str) -> ConfigResult:
        """The checked content. Raises SpecError."""
        file = self.file(self._normalize_file_name(config_path))
        content, package = yaml_files.option(file, file.parent.name), yaml_files.load(file).package
        return ConfigResult(self.provider, self.path, OmegaConf.create(content), {"package": package})

    def available(self) -> bool:
        """Whether the folder is there."""
        return self.folder.is_dir()

    def is_group(self, config_path: str) -> bool:
        """Whether it is a folder of options."""
        return self.file(config_path).is_dir()

    def is_config(self, config_path: str) -> bool:
        """Whether there is something of that name. What is no file is told when it is loaded."""
        return self.file(self._normalize_file_name(config_path)).exists()

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        """The options of a group, or with ObjectType.GROUP its groups."""
        inside = sorted(self.file(config_path).iterdir())
        if results_filter is ObjectType.GROUP:
            return [path.name for path in inside if path.is_dir()]
        return [path.stem for path in inside if path.suffix == ".yaml" and path.is_file()]


class Experiments(Folder):
    """The experiments: each is applied on top of the whole config, without what `sweeps/experiment_file.py` reads."""

    def file(self, config_path: str) -> Path:
        """`experiment/mine` is `experiments/mine.yaml`."""
        group, _, name = config_path.strip("/").partition("/")
        return super().file(name) if group == EXPERIMENT else NOWHERE

    def load_config(self, config_path: str) -> ConfigResult:
        """The checked content. Raises SpecError."""
        content = yaml_files.load(self.file(self._normalize_file_name(config_path))).content
        of_a_spec = {key: value for key, value in content.items() if key != "sweep"}
        return ConfigResult(self.provider, self.path, OmegaConf.create(of_a_spec), {"package": "_global_"})
