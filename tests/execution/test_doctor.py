from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from runner.backends import openvino
from runner.core import extras
from runner.execution import doctor
from runner.hardware.sensor_reader import Reader
from runner.transport import toolchains
from tests import other_python
from tests.without import hide

CONF = Path(__file__).parents[2] / "conf/backend"


def by_name(checks: list[doctor.Check]) -> dict[str, doctor.Check]:
    return {check.name: check for check in checks}


def broken(folder: Path, package: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library of that name that is found before the real one in new processes."""
    (folder / package).mkdir()
    (folder / package / "__init__.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(folder))


def test_every_backend_of_this_installation_works(tmp_path: Path) -> None:
    checks = doctor.backends(tmp_path)
    assert {check.name for check in checks} == {f"backend {path.stem}" for path in CONF.glob("*.yaml")}
    elsewhere = [check for check in checks if check.next_step == "python -m runner toolchain install litert"]
    assert [(check.name, check.status, check.detail) for check in elsewhere] == [
        (f"backend ethos_u{generation}", "skip", "the toolchain litert is not installed") for generation in (55, 65, 85)
    ]
    checks = [check for check in checks if check not in elsewhere]
    assert [check for check in checks if check.status != "pass"] == []
    assert all(check.data["version"] for check in checks)
    ran = {check.name: check.data["max_abs_error"] for check in checks if "max_abs_error" in check.data}
    assert set(ran) == {check.name for check in checks} - {"backend litert"}
    assert max(ran.values()) <= 1e-4


def test_a_backend_whose_models_are_made_in_a_toolchain_says_so(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed here")
    said = "its library is imported; what it compiles is made in the toolchain litert"
    assert doctor.backend("litert", tmp_path).detail.endswith(said)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import ctypes; ctypes.string_at(0)", "openvino: the worker was killed by SIGSEGV"),
        ("raise ImportError('libtbb.so.12: cannot open shared object file')", "libtbb.so.12"),
        ("import os; os._exit(0)", "openvino: the worker ended without an answer"),
    ],
)
def test_a_broken_library_costs_one_line_with_its_name(
    code: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(tmp_path, "openvino", code, monkeypatch)
    check = doctor.backend("openvino", tmp_path)
    assert (check.name, check.status) == ("backend openvino", "fail")
    assert told in check.detail
    assert "\n" not in check.detail
    assert check.next_step == "Reinstall it: pip install 'edge-runner[openvino]'"
    assert doctor.backend("onnxruntime", tmp_path).status == "pass"


def test_a_library_that_is_not_there_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    absent = replace(openvino.BACKEND, distributions=("openvino-that-nobody-has",))
    monkeypatch.setattr("runner.backends.openvino.BACKEND", absent)
    check = doctor.backend("openvino", tmp_path)
    assert (check.status, check.detail) == ("skip", "openvino-that-nobody-has is not installed")
    assert check.next_step == "pip install 'edge-runner[openvino]'"


def test_each_extra_is_listed_with_what_it_brought(monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "matplotlib", "scipy")
    found = by_name(doctor.optional())
    assert [*found] == [f"extra {name}" for name in extras.EXTRAS]
    assert (found["extra ui"].status, found["extra ui"].detail) == ("pass", f"mlflow {version('mlflow')}")
    told = [(found[name].status, found[name].detail, found[name].next_step) for name in ("extra plots", "extra train")]
    assert told == [
        ("skip", "matplotlib not installed (pictures as PNG files)", "pip install 'edge-runner[plots]'"),
        (
            "skip",
            "scipy not installed (networks to train, data=digits, backend=torch)",
            "pip install 'edge-runner[train]'",
        ),
    ]


def test_what_the_sampler_reads_is_shown_with_its_signals(tmp_path: Path) -> None:
    zone, temperature = tmp_path / "sys/class/powercap/intel-rapl:0", tmp_path / "sys/class/thermal/thermal_zone0"
    files = {zone / "name": "package-0", zone / "energy_uj": "123456", zone / "max_energy_range_uj": "999999999"}
    for file, text in {**files, temperature / "type": "cpu", temperature / "temp": "51500"}.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
    checks = by_name(doctor.sensors(tmp_path))
    assert (checks["sensor RAPL"].status, checks["sensor RAPL"].data) == ("pass", {"package_0_j": 0.0})
    assert (checks["sensor temperature"].detail, checks["sensor temperature"].data) == ("cpu_c 51.5", {"cpu_c": 51.5})


def test_a_sensor_that_fails_is_told() -> None:
    closed: list[bool] = []
    reader = Reader("NVML", ("gpu0_w",), lambda: {"gpu0_w": [][0]}, close=lambda: closed.append(True))
    check = doctor.sensor("NVML", reader)
    assert (check.status, check.detail) == ("fail", "IndexError: list index out of range")
    assert closed == [True]


def test_a_machine_without_energy_counter_says_why(tmp_path: Path) -> None:
    check = by_name(doctor.sensors(tmp_path))["sensor RAPL"]
    assert (check.status, "no RAPL zone in /sys/class/powercap" in check.detail) == ("skip", True)
    assert check.next_step


def test_a_counter_that_is_not_for_this_user_comes_with_the_command_that_opens_it() -> None:
    check = doctor.sensor("RAPL", "RAPL's energy_uj is not for this user: sudo chmod a+r /sys/x")
    assert (check.detail, check.next_step) == ("RAPL's energy_uj is not for this user", "sudo chmod a+r /sys/x")


def test_a_sensor_of_few_boards_is_shown_where_it_is(tmp_path: Path) -> None:
    assert "sensor INA" not in by_name(doctor.sensors(tmp_path))


def test_another_governor_than_performance_gets_advice(tmp_path: Path) -> None:
    file = tmp_path / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
    file.parent.mkdir(parents=True)
    file.write_text("powersave\n")
    check = by_name(doctor.sensors(tmp_path))["sensor governor"]
    assert (check.status, check.detail) == ("pass", "powersave")
    assert "performance" in check.next_step


def test_whatever_cant_be_read_says_why_and_what_to_do(tmp_path: Path) -> None:
    missing = [check for check in doctor.sensors(tmp_path) if check.status == "skip"]
    assert missing
    assert all(check.detail and check.next_step for check in missing)


def test_each_toolchain_is_listed_with_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchains, "PINNED", tmp_path)
    for name in ("here", "missing", "old"):
        (tmp_path / f"{name}.txt").write_text("tiny==1.0\n")
    for name, made_of in (("here", toolchains._recipe("here").folder), ("old", ".old-0")):
        python = tmp_path / ".toolchains" / made_of / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.touch()
        (tmp_path / ".toolchains" / name).symlink_to(made_of)
    checks = [(one.name, one.status, one.detail, one.next_step) for one in doctor.installed_toolchains(tmp_path)]
    assert checks == [
        ("toolchain here", "pass", "installed", ""),
        ("toolchain missing", "skip", "not installed", "python -m runner toolchain install missing"),
        ("toolchain old", "pass", "outdated", "python -m runner toolchain install old"),
    ]


def test_without_a_toolchain_in_the_projects_yaml_none_is_examined(tmp_path: Path) -> None:
    assert doctor.named_toolchain(tmp_path) == []


@other_python.needed
def test_the_toolchain_that_the_projects_yaml_points_to_is_started(tmp_path: Path) -> None:
    pointing(tmp_path, f"python: {other_python.with_numpy()}")
    (check,) = doctor.named_toolchain(tmp_path)
    assert (check.name, check.status) == ("toolchain.python", "pass")
    assert check.detail.startswith(f"{other_python.with_numpy()}: Python 3.")


def test_one_that_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    pointing(tmp_path, "python: /no/such/python")
    (check,) = doctor.named_toolchain(tmp_path)
    assert (check.status, check.detail) == (
        "fail",
        "toolchain.python=/no/such/python: no interpreter: No such file or directory.",
    )
    assert check.next_step.startswith("Name one that is there")


def pointing(project: Path, line: str) -> None:
    """The project's own YAML names a toolchain."""
    (project / "conf").mkdir()
    shipped = (CONF.parent / "config.yaml").read_text()
    (project / "conf/config.yaml").write_text(shipped.replace("python: null", line, 1))


def test_podman_and_docker_are_examined_whether_they_start_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "docker").write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "Docker version 28.2.2" && exit\n'
        "echo 'Cannot connect to the Docker daemon. Is the docker daemon running?' >&2; exit 1\n"
    )
    (tmp_path / "docker").chmod(0o755)
    podman, docker = doctor.containers()
    assert (podman.name, podman.status, podman.next_step) == ("container podman", "skip", "sudo apt install podman")
    assert (docker.name, docker.status) == ("container docker", "fail")
    assert docker.detail == (
        "Docker version 28.2.2, but it starts none: Cannot connect to the Docker daemon. Is the docker daemon running?"
    )
    (tmp_path / "docker").write_text("#!/bin/sh\necho Docker version 28.2.2\n")
    assert doctor.containers()[1].status == "pass"


@pytest.mark.parametrize(
    ("script", "detail"),
    [
        ("#!/bin/sh\nexec sleep 60\n", "it does not answer"),
        ("\0no program", "Exec format error"),
        ("#!/bin/sh\nexit 3\n", "it fails without a word"),
    ],
)
def test_a_program_that_gives_no_answer_ends_no_examination(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, detail: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(doctor, "ANSWER_SECONDS", 0.3)
    (tmp_path / "docker").write_text(script)
    (tmp_path / "docker").chmod(0o755)
    check = doctor.tool("docker", "", "sudo apt install docker.io")
    assert (check.status, check.detail) == ("fail", f"{tmp_path / 'docker'}: {detail}")


def test_a_daemon_that_does_not_answer_starts_no_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(doctor, "ANSWER_SECONDS", 0.3)
    (tmp_path / "docker").write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo Docker version 28.2.2 && exit\nexec sleep 60\n'
    )
    (tmp_path / "docker").chmod(0o755)
    docker = doctor.containers()[1]
    assert (docker.status, docker.detail) == (
        "fail",
        "Docker version 28.2.2, but it starts none: it does not answer",
    )


def test_a_tool_is_found_with_its_version() -> None:
    check = doctor.tool("git", "", "")
    assert check.status == "pass"
    assert check.detail.startswith("git version")


def test_a_tool_that_is_not_there_says_how_to_get_it() -> None:
    check = doctor.tool("no-such-tool", "nothing", "apt install it")
    assert (check.status, check.detail, check.next_step) == ("skip", "not found (nothing)", "apt install it")


def test_a_tool_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "dvc"
    tool.write_text("#!/bin/sh\necho no module named dvc >&2\nexit 1\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    check = doctor.tool("dvc", "", "pip install dvc")
    assert check.status == "fail"
    assert check.detail.endswith("no module named dvc")
