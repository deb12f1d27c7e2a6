"""Where Hydra looks for options: the project's `conf/`, the shipped one, `experiments/` as the group `experiment`."""

from __future__ import annotations

from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath, SearchPathQuery
from hydra.core.config_store import ConfigStore
from hydra.plugins.search_path_plugin import SearchPathPlugin

from runner import options, project
from runner.errors import SpecError


class EdgeSearchPath(SearchPathPlugin):
    """Adds our folders; the first that has an option wins, the project's own before the shipped one."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        root = project.root()
        if not _ours(search_path, root):
            return
        own, *_ = folders = project.conf_folders(root)
        # The folder with config.yaml, which Hydra calls main, may be the shipped one: the project's own comes before.
        search_path.prepend("edge-runner", f"file://{own}", SearchPathQuery(provider="main", path=None))
        for folder in folders:
            search_path.append("edge-runner", f"file://{folder}")
        for folder in reversed(project.experiment_folders(root)):
            _register_studies(folder)


def _ours(search_path: ConfigSearchPath, root: Path) -> bool:
    """Hydra loads this plug-in in every Hydra application of the environment; ours starts in one of our folders."""
    main = [entry.path for entry in search_path.get_path() if entry.provider == "main"]
    return any(path.removeprefix("file://") == str(folder) for path in main for folder in project.conf_folders(root))


def _register_studies(folder: Path) -> None:
    """Studies lie in `experiments/`, Hydra's group is `experiment`: the config store maps one to the other."""
    from omegaconf import OmegaConf

    for path in sorted(folder.glob("*.yaml")):
        try:
            content = options.load_yaml(path)
        except SpecError:
            continue  # a study that can't be read stops only the command that asks for it (overrides.check)
        of_a_spec = {key: value for key, value in content.items() if key != "sweep"}  # runner/study.py reads that
        ConfigStore.instance().store(
            name=path.stem, node=OmegaConf.create(of_a_spec), group="experiment", package="_global_"
        )
