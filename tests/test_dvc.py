"""dvc.yaml, by DVC itself: a project of two cells is built once, and each test changes a copy of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import documents
from tests.conftest import REPOSITORY

FOLDERS = ("runner", "conf", "experiments", "docs", "plots")
FILES = ("dvc.yaml", "params.yaml", ".dvcignore", ".gitignore", ".dvc/config", ".dvc/.gitignore")
WIDTH = 100  # columns that a table may have
AXES = {"model": ["gru"], "precision": ["fp32"], "backend": ["onnxruntime", "openvino"]}
OPENVINO = {f"{step}@gru-fp32-openvino" for step in ("compile", "verify", "benchmark")}
SMALL = {
    "train": {"name": "smoke", "epochs": 1},
    "measure": {"name": "quick", "max_pairs": 7, "iterations": 20, "min_seconds": 0.01},
}


@dataclass(frozen=True)
class Repository:
    """A clone of this project, with Git and DVC."""

    root: Path

    def sh(self, line: str, **env: str) -> str:
        """Standard output and error of a command line, which must succeed."""
        done = subprocess.run(
            ["bash", "-ec", line],
            cwd=self.root,
            env=self._environment(env),
            capture_output=True,
            text=True,
            timeout=280,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        who = {f"GIT_{role}_{part}": "test@test" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        return {**clean, **who, "PATH": path, "DVC_NO_ANALYTICS": "1", "MLFLOW_DISABLE_TELEMETRY": "true", **more}

    def repro(self, *words: str, **env: str) -> set[str]:
        """The stages whose commands `dvc repro` ran, without `keys`, which always runs."""
        said = self.sh(" ".join(["dvc repro", *words]), **env)
        return set(re.findall(r"Running stage '(.+)':", said)) - {"keys"}

    def changed(self, **env: str) -> set[str]:
        """The stages that `dvc status` names once the keys are fresh, without `keys`."""
        self.sh("dvc repro keys", **env)
        return set(json.loads(self.sh("dvc status --json", **env))) - {"keys"}

    def planned(self, **env: str) -> set[str]:
        """The stages whose artifacts `runner plan` says are to do, and the benchmarks of their cells."""
        params = self.yaml("params.yaml")
        settings = [f"{key}.{name}={value}" for key in SMALL for name, value in params[key].items() if name != "name"]
        axes = [f"{axis}={','.join(names)}" for axis, names in params["grid"].items()]
        options = [f"{key}={params[key]['name']}" for key in SMALL]
        made = json.loads(self.sh(" ".join(["python -m runner plan -m --json", *axes, *options, *settings]), **env))
        todo = {step["key"] for step in made["steps"] if step["state"] == "to do"}
        cells = {cell["title"].replace(" ", "-") for cell in made["cells"] if todo & set(cell["keys"].values())}
        return _stages(self.yaml("keys.yaml"), todo) | {f"benchmark@{cell}" for cell in cells}

    def yaml(self, name: str) -> Any:
        return yaml.safe_load((self.root / name).read_text(encoding="utf-8"))

    def measured(self, cell: str) -> Any:
        return json.loads((self.root / "pipeline" / "benchmark" / cell / "measured.json").read_text(encoding="utf-8"))

    def records(self) -> set[str]:
        return {path.name for path in (self.root / "records").glob("[0-9]*")}

    def set(self, **params: Any) -> None:
        content = {**self.yaml("params.yaml"), **params}
        (self.root / "params.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def _stages(keys: Mapping[str, Mapping[str, str]], todo: set[str]) -> set[str]:
    """Stages by DVC's names: `data`, `train@gru`. Where fp32 has nothing to quantize the stage has export's key."""
    found = {(step, cell) for step, cells in keys.items() for cell, key in cells.items() if key in todo}
    return {step if step == "data" else f"{step}@{cell}" for step, cell in found}


def _clone(root: Path) -> Repository:
    for name in FOLDERS:
        shutil.copytree(REPOSITORY / name, root / name)  # with its bytecode, which its processes would make again
    for name in FILES:
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / name, root / name)
    repository = Repository(root)
    repository.sh("git init --quiet && git add --all && git commit --quiet --message clone")
    return repository


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Two cells, built by `dvc repro` and committed."""
    repository = _clone(tmp_path_factory.mktemp("dvc"))
    repository.set(grid=AXES, **SMALL)
    ran = repository.repro()
    assert ran == _stages(repository.yaml("keys.yaml"), _every_key(repository)) | {"speedups"}
    repository.sh("git add --all && git commit --quiet --message built")
    return repository


def _every_key(repository: Repository) -> set[str]:
    return {key for cells in repository.yaml("keys.yaml").values() for key in cells.values()}


def _copy(repository: Repository, to: Path) -> Repository:
    return Repository(Path(shutil.copytree(repository.root, to / "project", symlinks=True)))


@pytest.fixture
def repository(built: Repository, tmp_path: Path) -> Repository:
    return _copy(built, tmp_path)


@pytest.fixture(scope="module")
def upgrade(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which OpenVINO has another version."""
    info = tmp_path_factory.mktemp("upgrade") / "openvino-9999.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: openvino\nVersion: 9999.0\n", encoding="utf-8")
    return {"PYTHONPATH": str(info.parent)}


@pytest.fixture(scope="module")
def upgraded(
    built: Repository, upgrade: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Repository, set[str]]:
    """A copy in which `dvc repro` ran after the upgrade, and the stages that it ran."""
    repository = _copy(built, tmp_path_factory.mktemp("upgraded"))
    return repository, repository.repro(**upgrade)


# --- building ---


def test_stages_are_the_cells_of_the_canonical_grid(tmp_path: Path) -> None:
    repository = _clone(tmp_path)

    repository.sh("dvc repro keys")

    stages = set(repository.sh("dvc stage list --name-only").split()) - {"keys", "speedups"}
    assert stages == _stages(repository.yaml("keys.yaml"), _every_key(repository))
    assert len([name for name in stages if name.startswith("benchmark@")]) == 12


def test_every_output_holds_its_artifact_and_its_key(built: Repository) -> None:
    for step, cells in built.yaml("keys.yaml").items():
        for cell, key in cells.items():
            folder = built.root / "pipeline" / step / cell
            assert (built.root / "pipeline" / "keys" / step / cell).read_text(encoding="utf-8").strip() == key
            if step == "benchmark":
                assert built.measured(cell)["status"] == "ok"
                continue
            assert (folder / "key").read_text(encoding="utf-8").strip() == key
            if step != "quantize":
                assert json.loads((folder / "artifact.json").read_text(encoding="utf-8"))["key"] == key


def test_git_keeps_the_metrics_and_dvc_the_artifacts(built: Repository) -> None:
    tracked = built.sh("git ls-files pipeline metrics").split()

    cells = [f"gru-fp32-{backend}" for backend in ("onnxruntime", "openvino")]
    rows = [f"metrics/{cell}.json" for cell in cells]
    figures = [f"pipeline/benchmark/{cell}/{name}" for cell in cells for name in ("latency.csv", "measured.json")]
    assert tracked == [*rows, "metrics/speedups.csv", *figures]


@pytest.mark.slow
def test_repro_builds_the_other_models_and_what_is_quantized(tmp_path: Path) -> None:
    repository = _clone(tmp_path)
    measure = {"name": "quick", "min_pairs": 1, "max_pairs": 1, "iterations": 10, "min_seconds": 0}
    grid = {**AXES, "model": ["lstm", "bilstm"], "precision": ["int8_dynamic"]}
    repository.set(grid=grid, train=SMALL["train"], measure=measure, baseline={"name": "none"})

    repository.repro()

    cells = [f"{model}-int8_dynamic-{backend}" for model in grid["model"] for backend in AXES["backend"]]
    assert {cell: repository.measured(cell)["status"] for cell in cells} == dict.fromkeys(cells, "ok")
    assert repository.changed() == set()
    assert repository.repro() == set()


# --- what reruns ---


def test_nothing_reruns_where_nothing_changed(repository: Repository) -> None:
    before = repository.measured("gru-fp32-openvino")

    assert repository.changed() == set()
    assert repository.repro() == set()
    assert repository.measured("gru-fp32-openvino") == before


def test_a_comment_reruns_nothing(repository: Repository) -> None:
    for name in ("params.yaml", "conf/train/smoke.yaml", "runner/steps/train.py", "runner/measure/benchmark.py"):
        path = repository.root / name
        path.write_text(path.read_text(encoding="utf-8") + "\n# a thought\n", encoding="utf-8")

    assert repository.changed() == set()


def test_a_changed_setting_is_named_by_status_and_plan_alike(repository: Repository) -> None:
    repository.set(train={"name": "smoke", "epochs": 2})

    named = repository.changed()

    assert named == _stages(repository.yaml("keys.yaml"), _every_key(repository)) - {"data"}
    assert named == repository.planned()


def test_an_upgraded_tool_is_named_by_status_and_plan_alike(repository: Repository, upgrade: dict[str, str]) -> None:
    assert repository.changed(**upgrade) == repository.planned(**upgrade) == OPENVINO


def test_an_upgraded_tool_reruns_exactly_its_compiles_and_their_descendants(
    upgraded: tuple[Repository, set[str]],
) -> None:
    repository, ran = upgraded

    assert ran == OPENVINO | {"speedups"}
    compiled = json.loads((repository.root / "pipeline/compile/gru-fp32-openvino/artifact.json").read_text("utf-8"))
    assert compiled["tools"] == {"openvino": "9999.0"}


def test_going_back_restores_artifacts_but_measures_again(
    built: Repository, upgraded: tuple[Repository, set[str]], tmp_path: Path
) -> None:
    first = built.measured("gru-fp32-openvino")
    repository = _copy(upgraded[0], tmp_path)

    ran = repository.repro()

    again = repository.measured("gru-fp32-openvino")
    assert ran == {"benchmark@gru-fp32-openvino", "speedups"}
    assert again["date"] > first["date"]
    assert again["record_id"] != first["record_id"]


# --- metrics and plots ---


@pytest.fixture(scope="module")
def again(built: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A copy in which one cell was measured a second time, with another setting, and not committed."""
    repository = _copy(built, tmp_path_factory.mktemp("again"))
    repository.set(measure={**SMALL["measure"], "iterations": 21})
    assert repository.repro() == {*(f"benchmark@gru-fp32-{one}" for one in AXES["backend"]), "speedups"}
    return repository


def test_metrics_show_is_a_row_a_cell(built: Repository) -> None:
    shown = json.loads(built.sh("dvc metrics show --json"))[""]["data"]
    figures = built.measured("gru-fp32-openvino")

    assert set(shown) == {f"metrics/gru-fp32-{backend}.json" for backend in AXES["backend"]}
    assert shown["metrics/gru-fp32-openvino.json"]["data"] == {
        "p50_ms": figures["latency/p50_ms"],
        "speedup": figures["vs_baseline/speedup"],
        "low": figures["vs_baseline/speedup_low"],
        "high": figures["vs_baseline/speedup_high"],
        "mae_ppm": figures["quality/mae_ppm"],
    }


def test_diffs_name_what_differs_and_no_key(again: Repository) -> None:
    metrics = json.loads(again.sh("dvc metrics diff --json"))

    assert json.loads(again.sh("dvc params diff --json")) == {
        "params.yaml": {"measure.iterations": {"old": 20, "new": 21, "diff": 1}}
    }
    assert metrics["metrics/gru-fp32-openvino.json"]["p50_ms"]["new"] == pytest.approx(
        again.measured("gru-fp32-openvino")["latency/p50_ms"]
    )


@pytest.mark.parametrize("words", ["metrics show", "metrics diff HEAD", "params diff"])
def test_tables_fit_into_100_columns_with_the_longest_name_of_a_cell(again: Repository, words: str) -> None:
    lines = again.sh(f"dvc {words}").splitlines()

    more = len("bilstm-int8_dynamic-onnxruntime") - len("gru-fp32-onnxruntime")
    assert max(map(len, lines)) + more <= WIDTH, "\n".join(lines)


def test_plots_show_the_distribution_of_each_cell_and_the_speedups_of_all(built: Repository, tmp_path: Path) -> None:
    specs = _plots(built, f"dvc plots show --out {tmp_path}", tmp_path)

    latency = specs["Latency of gru fp32 openvino"]
    assert {row["side"] for row in latency["data"]["values"]} == {"candidate", "baseline"}
    median = next(row for row in latency["data"]["values"] if (row["side"], row["percent"]) == ("candidate", "50"))
    assert float(median["ms"]) == pytest.approx(built.measured("gru-fp32-openvino")["latency/p50_ms"], abs=1e-6)
    assert (latency["encoding"]["x"]["field"], latency["encoding"]["y"]["field"]) == ("ms", "percent")
    figures = built.measured("gru-fp32-openvino")
    (row,) = specs["Speed-up over each cell's baseline, with its interval"]["data"]["values"]
    assert row["cell"] == "gru-fp32-openvino"
    assert row["baseline"] == figures["baseline"] == "onnxruntime fp32"
    ends = [figures[f"vs_baseline/speedup{end}"] for end in ("", "_low", "_high")]
    assert [float(row[name]) for name in ("speedup", "low", "high")] == ends


def test_plots_diff_draws_both_commits_in_one_picture(again: Repository, tmp_path: Path) -> None:
    specs = _plots(again, f"dvc plots diff HEAD --out {tmp_path}", tmp_path)

    assert len(specs) == 3
    for spec in specs.values():
        assert {row["rev"] for row in spec["data"]["values"]} == {"HEAD", "workspace"}
        assert "DVC_METRIC" not in json.dumps(spec)


def _plots(repository: Repository, words: str, out: Path) -> dict[str, Any]:
    """What the page that DVC wrote hands to Vega, by title. Vega itself comes from the network: it isn't run."""
    repository.sh(words)
    page = (out / "index.html").read_text(encoding="utf-8")
    starts = [found.end() for found in re.finditer("var spec = ", page)]
    specs = [json.JSONDecoder().raw_decode(page[start:])[0] for start in starts]
    return {spec["title"]["text"]: spec for spec in specs}


# --- sharing ---


def test_a_sweep_finds_what_was_pulled(repository: Repository, tmp_path: Path) -> None:
    repository.sh(f"dvc remote add --default shared {tmp_path / 'remote'} && dvc push")
    repository.sh("git commit --all --quiet --message remote")
    colleague = Repository(tmp_path / "colleague")
    repository.sh(f"git clone --quiet . {colleague.root}")

    colleague.sh("dvc pull")

    assert colleague.changed() == colleague.planned() == set()
    sweep = "python -m runner -m model=gru precision=fp32 backend=onnxruntime,openvino train=smoke train.epochs=1"
    colleague.sh(f"{sweep} measure=quick measure.max_pairs=7 measure.iterations=20 measure.min_seconds=0.01")
    assert list((colleague.root / "artifacts").glob("[!.]*/*/artifact.json")) == []
    records = [json.loads(path.read_text("utf-8")) for path in (colleague.root / "records").glob("*/record.json")]
    assert [record["status"] for record in records] == ["ok", "ok"]


# --- experiments in a copy that DVC removes ---


@pytest.mark.slow
@pytest.mark.parametrize("how", ["dvc exp run --temp", "dvc exp run --queue && dvc exp run --run-all"])
def test_an_experiment_in_a_copy_keeps_its_record_in_the_project(repository: Repository, how: str) -> None:
    repository.set(grid={**AXES, "backend": ["onnxruntime"]})
    repository.sh("git commit --quiet --all --message one-backend")
    before = repository.records()
    run, _, all_of_them = how.partition(" && ")
    repository.sh(f"{run} --name other --set-param measure.iterations=21")
    repository.sh(all_of_them)

    assert not any((repository.root / ".dvc" / "tmp" / "exps").rglob("records"))
    repository.sh("dvc exp apply other")
    record = repository.measured("gru-fp32-onnxruntime")["record_id"]
    assert repository.records() - before == {record}
    assert "gru" in repository.sh(f"python -m runner report {record}")
    assert "0 records sent" in repository.sh("python -m runner sync")  # MLflow's run is the project's, too


# --- the page that users read ---


@pytest.mark.slow
def test_the_commands_of_the_page_work_and_an_experiment_is_one_of_them(repository: Repository) -> None:
    blocks = documents.blocks("docs/dvc.md", "tests/test_dvc.py")
    cell = "gru-fp32-onnxruntime"
    repository.set(grid={**AXES, "backend": ["onnxruntime"]}, measure={**SMALL["measure"], "iterations": 21})

    said = {block[-1]: repository.sh("\n".join(block)) for block in blocks}

    (shown,) = (text for line, text in said.items() if line.startswith("dvc exp show"))
    assert max(map(len, shown.splitlines())) <= WIDTH
    assert all(name in shown for name in ("longer", "train.epochs", "p50_ms")), shown

    assert repository.yaml("params.yaml")["train"] == {"name": "smoke", "epochs": 3}
    assert "longer" in repository.sh("dvc exp list")
    assert repository.changed() == set()
    difference = json.loads(repository.sh("dvc params diff --json --targets params.yaml"))
    assert difference == {"params.yaml": {"train.epochs": {"old": 1, "new": 3, "diff": 2}}}
    assert set(json.loads(repository.sh("dvc metrics diff --json"))) == {f"metrics/{cell}.json"}
