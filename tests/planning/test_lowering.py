"""From what a model is to what a backend runs, as the backend declares it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.artifacts import code_closure
from runner.artifacts.store import Artifact
from runner.backends import loading
from runner.core.errors import SpecError, StepFailed
from runner.core.job import Job
from runner.execution import run_step
from runner.execution.step_workers import StepWorkers
from runner.planning import graph, plan, requirements
from runner.planning.graph import COMPILED, STAGE, Plan
from runner.planning.place import HERE, Place
from runner.steps import compile as step
from runner.sweeps import request
from runner.transport import environments, toolchains
from runner.transport.environments import Recipe
from runner.transport.interpreter import Interpreter
from runner.transport.toolchains import Toolchain
from tests import other_python
from tests.doubles import podman
from tests.execution.told import LIMITS, Told
from tests.models import onnx_files
from tests.without import hide

FILES = {
    "__init__.py": """
from dataclasses import dataclass
from runner.backends.contract import Backend, Capabilities, Stage
from runner.core.setting_rules import setting

@dataclass(frozen=True)
class Settings:
    level: int = setting("how far it optimises", low=0)
    slots: int = setting("how many slots it fills", low=1)
    verbose: int = setting("how much it says", low=0)

BACKEND = Backend(
    settings=Settings, accepts=("onnx",), precisions=("fp32", "int8"), distributions=("onnx",),
    install="pip install onnx", capabilities=Capabilities(threads=False, host_proof=False),
    session_settings={"verbose": 0},
    stages=(
        Stage("parse", reads=(), asks=(), needs=("model",), provides=("parsed",)),
        Stage("optimize", reads=("level",), asks=("precision",)),
        Stage("compile", reads=("slots",), needs=("model",)),
    ),
)
""",
    "parse.py": """
def parse(job):
    (job.out / "parsed").write_text((job.inputs["model"] / "model.onnx").read_text() + " parsed")
    return {"layers": 3}
""",
    "optimize.py": """
def optimize(job):
    (job.out / "optimized").write_text((job.inputs["model"] / "parsed").read_text() + f" {job.settings['settings']}")
    return {"warnings": ["one layer stays as it is"]}
""",
    "compile.py": """
def compile(job):
    (job.out / "made").write_text((job.inputs["model"] / "optimized").read_text() + f" {job.settings['settings']}")
    return {"version": "1.0", "effective": {"MatMul": {"fp32": 1}}, "fallback": {}, "inputs": [], "outputs": []}
""",
    "session.py": "",
    "conf/backend/staged.yaml": """
defaults: [/hardware@_global_.hardware: local, /precision@_global_.precision: fp32, _self_]
name: staged
level: 1
slots: 2
verbose: 0
""",
}


@pytest.fixture
def staged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package whose backend `staged` compiles in three stages, found by its entry point; an empty project beside."""
    for name, text in FILES.items():
        file = tmp_path / "staged_pack" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    info = tmp_path / "staged_pack-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: staged-pack\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[runner.backends]\nstaged = staged_pack\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    loaded_anew(monkeypatch)
    yield tmp_path
    loaded_anew(monkeypatch)


def loaded_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is imported again when it is next asked for."""
    for name in [one for one in sys.modules if one.partition(".")[0] == "staged_pack"]:
        monkeypatch.delitem(sys.modules, name)
    for remembered in (code_closure.code, code_closure._file):
        remembered.cache_clear()
    importlib.invalidate_caches()
    for known in (loading.registry.registered, loading.registry.module, loading.registry.carried):
        known.cache_clear()


def planned(root: Path, *words: str) -> Plan:
    every = ["model=gru", "backend=staged", "baseline=none", *words]
    return plan.make([request.one(root, every)], root)


def keys(root: Path, *words: str) -> dict[str, str]:
    return dict(planned(root, *words).cells[0].candidate.keys)


def test_each_stage_is_a_node_that_reads_what_the_one_before_made(staged: Path) -> None:
    made = planned(staged)
    chain = made.cells[0].candidate
    assert list(chain.keys) == ["data", "train", "export", "parse", "optimize", "compile"]
    inputs = {step: made.nodes[key].inputs for step, key in chain.keys.items()}
    assert inputs["parse"] == {"model": chain.keys["export"]}
    assert inputs["optimize"] == {"model": chain.keys["parse"], "data": chain.keys["data"]}
    assert inputs["compile"] == {"model": chain.keys["optimize"]}
    assert chain.steps(STAGE, COMPILED) == ["parse", "optimize", "compile"]


@pytest.mark.parametrize(
    ("word", "changed"),
    [
        ("backend.level=2", ["optimize", "compile"]),
        ("backend.slots=3", ["compile"]),
        ("backend.verbose=1", []),
        ("scenario=offline", ["compile"]),
        ("precision=int8", ["parse", "optimize", "compile"]),  # of another graph
    ],
)
def test_a_setting_changes_the_stages_that_read_it_and_what_follows(
    staged: Path, word: str, changed: list[str]
) -> None:
    before, after = keys(staged), keys(staged, word)
    assert [step for step in before if before[step] != after[step]] == changed


def test_a_stage_gets_the_settings_that_it_reads_and_the_last_is_described(staged: Path) -> None:
    made = planned(staged)
    (staged / "export").mkdir()
    (staged / "export/model.onnx").write_text("graph")
    before, metas = staged / "export", []
    for name in ("parse", "optimize", "compile"):
        node = made.nodes[made.cells[0].candidate.keys[name]]
        (staged / name).mkdir()
        metas.append(step.run(Job(node.settings, {"model": before, "data": staged}, staged / name, staged)))
        before = staged / name
    assert (before / "made").read_text() == "graph parsed {'level': 1} {'slots': 2}"
    assert metas[1] == {"warnings": ["one layer stays as it is"]}
    assert metas[2]["session"] == "staged_pack.session"
    assert metas[2]["effective"] == {"MatMul": {"fp32": 1}}


@pytest.mark.parametrize(
    ("name", "change", "lacks"),
    [
        ("parse", ('return {"layers": 3}', "return None"), "dict"),
        ("compile", ('"version": "1.0", "effective": {"MatMul": {"fp32": 1}},', ""), "version, effective"),
    ],
)
def test_a_stage_that_returns_less_is_told_with_its_file(
    staged: Path, name: str, change: tuple[str, str], lacks: str
) -> None:
    file = staged / f"staged_pack/{name}.py"
    file.write_text(file.read_text().replace(*change))
    made, before = planned(staged), staged / "before"
    for folder in (before, staged / "out"):
        folder.mkdir()
    for left in ("model.onnx", "optimized"):
        (before / left).write_text("graph")
    node = made.nodes[made.cells[0].candidate.keys[name]]
    with pytest.raises(StepFailed) as caught:
        step.run(Job(node.settings, {"model": before}, staged / "out", staged))
    assert caught.value.reason == f"{file}: {name}(job) returned no {lacks}."


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (('Stage("compile", reads=("slots",)', 'Stage("link", reads=("slots",)'), "BACKEND.stages is "),
        (('Stage("parse"', 'Stage("train"'), "BACKEND.stages is "),
        (('asks=("precision",)', 'asks=("sizes",)'), "BACKEND.stages is "),
        (('asks=("precision",)', 'place="cloud"'), "BACKEND.stages is "),
        (('provides=("parsed",)', 'provides="parsed"'), "BACKEND.stages is "),
        (('asks=("precision",)', 'place="device", toolchain="litert"'), "BACKEND.stages is "),
        (('reads=("level",)', 'reads=("levle",)'), "BACKEND.stages: optimize reads levle, which its Settings have not"),
    ],
)
def test_wrong_stages_are_named(staged: Path, change: tuple[str, str], wrong: str) -> None:
    file = staged / "staged_pack/__init__.py"
    file.write_text(file.read_text().replace(*change))
    with pytest.raises(SpecError) as caught:
        loading.backend("staged")
    assert caught.value.reason.startswith(f"backend=staged: {file}: {wrong}")


def test_a_stage_that_leaves_less_than_it_provides_has_failed(staged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(staged))
    file = staged / "staged_pack/__init__.py"
    file.write_text(file.read_text().replace('provides=("parsed",)', 'provides=("parsed", "notes.txt")'))
    made = planned(staged)
    parse = made.nodes[made.cells[0].candidate.keys["parse"]]
    graph_file = Artifact(staged / "export", {"key": "export", "meta": {}})
    graph_file.folder.mkdir()
    (graph_file.folder / "artifact.json").write_text("{}")
    (graph_file.folder / "model.onnx").write_text("graph")
    with StepWorkers(staged) as workers, pytest.raises(StepFailed) as caught:
        run_step.get_or_make(parse, {"model": graph_file}, run_step.Workplace(workers, staged, LIMITS), Told())
    assert str(caught.value) == (
        "parse gru staged fp32: it ended and left no notes.txt.\n"
        "Its backend declares them as what parse provides: mend one of both."
    )
    assert list((staged / "artifacts/parse").iterdir()) == []


def test_a_stage_in_a_toolchain_that_is_not_there_is_unavailable_and_says_how_to_get_it(
    staged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_toolchain(staged, monkeypatch)
    made = planned(staged)
    error = graph.blocked(made.cells[0], made)
    assert error is not None
    assert (error.status, error.reason) == ("unavailable", "The toolchain sdk is not installed here.")
    assert error.next_step == "python -m runner toolchain install sdk"


def test_a_toolchain_that_may_be_installed_is_planned_by_the_versions_that_it_pins(
    staged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_toolchain(staged, monkeypatch)
    made = planned(staged, "toolchain.install=true")
    optimize = made.nodes[made.cells[0].candidate.keys["optimize"]]
    assert (optimize.tools, graph.blocked(made.cells[0], made)) == ({"numpy": None, "tiny": "1.0"}, None)
    assert not (staged / ".toolchains").exists()


@other_python.needed
def test_a_stage_runs_in_the_toolchain_that_the_words_name(staged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_a_toolchain(staged, monkeypatch)
    python = str(other_python.with_numpy())
    made = planned(staged, f"toolchain.python={python}")
    found = {one.step: (one.place, one.blocked) for one in made.nodes.values()}
    assert found["optimize"] == (Place(Toolchain(python=python)), None)
    assert (found["parse"], found["compile"]) == ((HERE, None), (HERE, None))


def test_two_images_of_one_name_are_two_keys(staged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_a_toolchain(staged, monkeypatch)
    monkeypatch.setenv("PATH", str(podman.write(staged / "double")), prepend=":")
    first = keys(staged, "toolchain.image=sdk")
    assert keys(staged, "toolchain.image=sdk") == first
    podman.name(staged / "double", "sha256:077")
    second = keys(staged, "toolchain.image=sdk")
    assert [step for step in first if first[step] != second[step]] == ["optimize", "compile"]


def test_a_named_toolchain_that_is_not_there_is_unavailable(staged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_a_toolchain(staged, monkeypatch)
    made = planned(staged, "toolchain.python=/no/such/python")
    error = graph.blocked(made.cells[0], made)
    assert error is not None
    assert error.reason == "toolchain.python=/no/such/python: no interpreter: No such file or directory."


@other_python.needed
def test_a_stage_in_a_toolchain_runs_there_and_its_versions_are_in_the_key(
    staged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_toolchain(staged, monkeypatch)
    python = installed(staged) / "bin/python"
    python.write_text(f'#!/bin/sh\nexec {other_python.with_numpy()} "$@"\n')
    python.chmod(0o755)
    made = planned(staged)
    optimize, compiled = (made.nodes[made.cells[0].candidate.keys[name]] for name in ("optimize", "compile"))
    numpy = Interpreter(str(python)).call("importlib.metadata", "version", distribution_name="numpy")
    assert (dict(optimize.tools), optimize.blocked) == ({"numpy": numpy, "tiny": None}, None)
    assert [*compiled.tools] == ["onnx"]

    parsed, data = (Artifact(staged / name, {"key": name, "meta": {}}) for name in ("parsed_artifact", "data_artifact"))
    for artifact in (parsed, data):
        artifact.folder.mkdir()
        (artifact.folder / "artifact.json").write_text("{}")
    (parsed.folder / "parsed").write_text("graph parsed")
    with StepWorkers(staged) as workers:
        found = run_step.get_or_make(
            optimize, {"model": parsed, "data": data}, run_step.Workplace(workers, staged, LIMITS), Told()
        )
    assert (found.folder / "optimized").read_text() == "graph parsed {'level': 1}"
    assert found.content["tools"] == dict(optimize.tools)


def in_a_toolchain(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stage `optimize` runs in the toolchain `sdk`."""
    (root / "pinned").mkdir()
    (root / "pinned/sdk.txt").write_text("tiny==1.0\n")
    monkeypatch.setattr(toolchains, "PINNED", root / "pinned")
    file = root / "staged_pack/__init__.py"
    place = 'Stage("optimize", toolchain="sdk", tools=("numpy", "tiny"), '
    file.write_text(file.read_text().replace('Stage("optimize", ', place))
    loaded_anew(monkeypatch)


def installed(root: Path) -> Path:
    """The folder of `sdk`, as installing leaves it."""
    recipe = Recipe("sdk", (), (root / "pinned/sdk.txt").read_text(), environments.why)
    made = root / ".toolchains" / recipe.folder
    (made / "bin").mkdir(parents=True)
    (made.parent / "sdk").symlink_to(recipe.folder)
    return made.parent / "sdk"


def test_a_stage_without_its_file_is_named(staged: Path) -> None:
    (staged / "staged_pack/optimize.py").unlink()
    declared = loading.registry.load("backend", "staged").BACKEND
    found = list(loading.problems(declared, staged / "staged_pack/__init__.py"))
    assert found == [f"{staged}/staged_pack/optimize.py: no such file: optimize(job) is expected there"]


def built(root: Path, *words: str) -> Plan:
    return plan.make([request.one(root, ["model=file", *words])], root)


def test_a_built_file_is_described_fed_and_taken_as_it_is(tmp_path: Path) -> None:
    for name in ("my.xml", "my.bin"):
        (tmp_path / name).write_text(name)
    made = built(tmp_path, f"model.path={tmp_path / 'my.xml'}", "backend=openvino")
    chain = made.cells[0].candidate
    assert list(chain.keys) == ["describe", "data", "compile", "verify"]
    compiled = made.nodes[chain.keys["compile"]]
    assert compiled.module == "runner.steps.adopt"
    assert compiled.settings["places"] == [
        [str(tmp_path / "my.xml"), "model.xml"],
        [str(tmp_path / "my.bin"), "model.bin"],
    ]
    assert made.cells[0].baseline is None


def test_a_built_file_counts_by_its_content_and_its_kind(tmp_path: Path) -> None:
    for name, text in {"a.xml": "1", "b.xml": "1", "c.xml": "2"}.items():
        (tmp_path / name).write_text(text)
    words = [(f"model.path={tmp_path / name}", "backend=openvino") for name in ("a.xml", "b.xml", "c.xml")]
    one, same, other = (built(tmp_path, *about).cells[0].candidate.keys for about in words)
    assert one == same
    assert {step for step in one if one[step] != other[step]} == set(one)
    for name in ("a.pt2", "a.pt"):
        (tmp_path / name).write_text("1")
    words = [(f"model.path={tmp_path / name}", "backend=torch") for name in ("a.pt2", "a.pt")]
    program, script = (built(tmp_path, *about).cells[0].candidate.keys for about in words)
    assert program["compile"] != script["compile"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("my.xml", "backend=onnxruntime can't run {} as built: it opens .onnx, .ort.\nUse backend=openvino."),
        (
            "my.tflite",
            "backend=onnxruntime can't run {} as built: it opens .onnx, .ort.\n"
            "Use backend=litert or backend=ethos_u55 or backend=ethos_u65 or backend=ethos_u85.",
        ),
        (
            "my.hef",
            "{}: no backend here opens .hef files.\n"
            "What is opened: ethos_u55 .tflite; ethos_u65 .tflite; ethos_u85 .tflite; litert .tflite; "
            "onnxruntime .onnx, .ort; openvino .xml; torch .pt2, .pt, .ts; tvm .so.",
        ),
    ],
)
def test_a_built_file_that_the_backend_doesnt_open_is_unsupported(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / name).write_text("x")
    made = built(tmp_path, f"model.path={tmp_path / name}")
    error = graph.blocked(made.cells[0], made)
    assert error is not None
    assert (error.status, str(error)) == ("unsupported", said.format(tmp_path / name))


def test_a_backend_that_names_a_suffix_gets_its_files(staged: Path) -> None:
    file = staged / "staged_pack/__init__.py"
    text = (
        file.read_text()
        .replace(", host_proof=False", "")
        .replace('accepts=("onnx",),', 'accepts=("onnx",), opens=(".tflite",),')
    )
    file.write_text(text)
    (staged / "my.tflite").write_text("x")
    made = built(staged, f"model.path={staged / 'my.tflite'}", "backend=staged")
    assert graph.blocked(made.cells[0], made) is None
    assert list(made.cells[0].candidate.keys) == ["describe", "data", "compile", "verify"]


def test_an_artifact_that_holds_another_file_than_the_named_one_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "my.pt2").write_text("x")
    made = built(tmp_path, f"model.path={tmp_path / 'my.pt2'}", "backend=torch")
    node = made.nodes[made.cells[0].candidate.keys["compile"]]
    own = Artifact(tmp_path, {"files": {"model.pt2": {"sha256": node.settings["files"][str(tmp_path / "my.pt2")]}}})
    assert requirements.as_named(node, own) is own
    for files in ({"model.pt2": {"sha256": "0" * 64}}, {}):
        with pytest.raises(StepFailed) as error:
            requirements.as_named(node, Artifact(tmp_path, {"files": files}))
        assert error.value.reason == f"{tmp_path}: its model.pt2 isn't {tmp_path / 'my.pt2'}."


@pytest.mark.parametrize("code", ["model.pt2", "model.so"])
@pytest.mark.parametrize("words", [(), ("model=file", "model.path=my.ts", "precision=as_built")])
def test_an_artifact_with_code_that_nobody_named_is_not_run(
    words: tuple[str, ...], code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.ts").write_text("x")
    made = plan.make([request.one(tmp_path, [*words, "backend=torch", "baseline=none"])], tmp_path)
    node = made.nodes[made.cells[0].candidate.keys["compile"]]
    (digest,) = node.settings.get("files", {"my.ts": "0"}).values()
    own = {"model.ts": {"sha256": digest}}
    assert requirements.as_named(node, Artifact(tmp_path, {"files": own}))
    with pytest.raises(StepFailed) as error:
        requirements.as_named(node, Artifact(tmp_path, {"files": {**own, code: {"sha256": "0" * 64}}}))
    assert error.value.reason == f"{tmp_path}: its {code} is code that nobody named."


@pytest.mark.parametrize("words", [("backend=tvm",), ("backend=torch", "backend.compiler=inductor")])
def test_code_that_the_backends_own_compile_provides_is_run(words: tuple[str, ...], tmp_path: Path) -> None:
    made = plan.make([request.one(tmp_path, [*words, "baseline=none"])], tmp_path)
    node = made.nodes[made.cells[0].candidate.keys["compile"]]
    own = {"model.so": {"sha256": "0" * 64}}
    assert requirements.as_named(node, Artifact(tmp_path, {"files": own}))
    with pytest.raises(StepFailed, match=r"its more\.so is code that nobody named\."):
        requirements.as_named(node, Artifact(tmp_path, {"files": {**own, "more.so": {"sha256": "0" * 64}}}))


@pytest.mark.parametrize(
    ("words", "tools"),
    [
        (("backend.compiler=inductor", "precision=int8"), ["torch", "torchao"]),
        (("backend.compiler=inductor", "precision=fp32"), ["torch"]),
        (("backend.compiler=script", "precision=int8"), ["torch"]),
    ],
)
def test_what_a_stage_uses_beside_its_runtime_is_in_its_key(
    words: tuple[str, ...], tools: list[str], tmp_path: Path
) -> None:
    made = plan.make([request.one(tmp_path, ["backend=torch", "baseline=none", *words])], tmp_path)
    assert [*made.nodes[made.cells[0].candidate.keys["compile"]].tools] == tools


def test_a_stage_without_what_it_uses_is_unavailable_and_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide(monkeypatch, "torchao")
    words = ["backend=torch", "backend.compiler=inductor", "precision=int8", "baseline=none"]
    made = plan.make([request.one(tmp_path, words)], tmp_path)
    blocked = graph.blocked(made.cells[0], made)
    assert blocked is not None
    assert (blocked.status, blocked.next_step) == ("unavailable", "pip install 'edge-runner[torchao]'")
    assert blocked.reason.endswith("torchao is not installed here.")


@pytest.mark.parametrize(("trials", "steps"), [(0, ["compile"]), (16, ["tune", "compile"])])
def test_a_stage_is_planned_where_the_settings_ask_for_it(trials: int, steps: list[str], tmp_path: Path) -> None:
    words = ["backend=tvm", "baseline=none", f"backend.tuning.trials={trials}"]
    made = plan.make([request.one(tmp_path, words)], tmp_path)
    keys = made.cells[0].candidate.keys
    assert [step for step in keys if step in ("tune", "compile")] == steps


def test_a_model_that_the_backend_accepts_in_no_form_is_unsupported(tmp_path: Path) -> None:
    file = onnx_files.one_node(tmp_path / "relu.onnx", "Relu", [1, 4], [1, 4])
    words = [f"model.path={file}", "model=onnx", "backend=torch", "precision=fp32", "baseline=none"]
    made = plan.make([request.one(tmp_path, words)], tmp_path)
    error = graph.blocked(made.cells[0], made)
    assert error is not None
    assert (error.status, error.reason) == (
        "unsupported",
        "backend=torch: torch runs trained networks, not ONNX files: backend=onnxruntime or openvino",
    )


GIVEN = """
def open_session(folder, options):
    raise AssertionError("nothing is opened by a plan")
"""


def test_a_built_file_that_a_stage_takes_up_is_described_and_compiled_from_there_on(staged: Path) -> None:
    declare(staged, 'accepts=("onnx",), takes_up={".parsed": "optimize"},')
    (staged / "staged_pack/given.py").write_text(GIVEN)
    (staged / "my.parsed").write_text("x")
    words = (f"model.path={staged / 'my.parsed'}", "backend=staged")
    made = built(staged, *words)
    assert graph.blocked(made.cells[0], made) is None
    chain = made.cells[0].candidate
    assert list(chain.keys) == ["describe", "data", "take", "optimize", "compile"]
    described, optimized = (made.nodes[chain.keys[step]] for step in ("describe", "optimize"))
    assert "staged_pack.given" in described.modules
    assert optimized.inputs == {"model": chain.keys["take"], "data": chain.keys["data"]}
    assert optimized.settings["precision"] == "as_built"
    later = built(staged, *words, "backend.slots=3").cells[0].candidate.keys
    assert {step for step in later if later[step] != chain.keys[step]} == {"describe", "data", "optimize", "compile"}


def declare(root: Path, accepts: str) -> None:
    """The package's declaration with this in the place of what it accepts."""
    file = root / "staged_pack/__init__.py"
    file.write_text(file.read_text().replace('accepts=("onnx",),', accepts))


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("optimize", "{}/staged_pack/given.py: no such file: open_session(folder, options) is expected there"),
        ("pack", "{}/staged_pack/__init__.py: BACKEND.takes_up: .parsed is for pack, which is none of its stages"),
    ],
)
def test_a_declaration_that_takes_up_files_wrongly_is_named(staged: Path, stage: str, said: str) -> None:
    declare(staged, f'accepts=("onnx",), takes_up={{".parsed": "{stage}"}},')
    declared = loading.registry.load("backend", "staged").BACKEND
    assert said.format(staged) in list(loading.problems(declared, staged / "staged_pack/__init__.py"))


def test_a_file_that_a_backends_settings_name_counts_by_its_content_where_it_is_read(staged: Path) -> None:
    file = staged / "staged_pack/__init__.py"
    text = file.read_text().replace("    verbose: int", '    table: str = setting("a file")\n    verbose: int')
    text = text.replace('install="pip install onnx",', 'install="pip", files=lambda settings: (settings.table,),')
    file.write_text(text.replace('reads=("level",)', 'reads=("level", "table")'))
    yaml = staged / "staged_pack/conf/backend/staged.yaml"
    yaml.write_text(yaml.read_text() + "table: none\n")
    for name, content in {"a.txt": "1", "b.txt": "1", "c.txt": "2"}.items():
        (staged / name).write_text(content)
    one, same, other = (planned(staged, f"backend.table={staged / name}") for name in ("a.txt", "b.txt", "c.txt"))
    keys = [made.cells[0].candidate.keys for made in (one, same, other)]
    assert keys[0] == keys[1]
    assert {step for step in keys[0] if keys[0][step] != keys[2][step]} == {"optimize", "compile"}
    assert list(one.nodes[keys[0]["optimize"]].settings["files"]) == [str(staged / "a.txt")]
    assert "files" not in one.nodes[keys[0]["compile"]].settings
