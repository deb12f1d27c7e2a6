"""One spec's words aren't composed twice from the same files; whatever could change what they come to composes anew."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.core import project_paths
from runner.sweeps import composition, kept_composition, request
from runner.sweeps.kept_composition import KEPT

WORDS = ("model=gru", "model.hidden=7")

Composes = Callable[..., bool]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with artifacts and an option of its own, whose files weren't changed just now."""
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "conf" / "model").mkdir(parents=True)
    option(tmp_path, 7)
    monkeypatch.setattr(kept_composition, "FRESH_NS", 0)
    return tmp_path


@pytest.fixture
def composes(project: Path, monkeypatch: pytest.MonkeyPatch) -> Composes:
    """Whether Hydra composes words, when they are read."""
    count = 0
    compose = composition.compose

    def counted(*about: object) -> object:
        nonlocal count
        count += 1
        return compose(*about)  # type: ignore[arg-type]

    def asked(*words: str, multirun: bool = False) -> bool:
        before = count
        request.read(project, words, multirun=multirun)
        return count > before

    monkeypatch.setattr(composition, "compose", counted)
    return asked


def option(project: Path, hidden: int, more: str = "") -> None:
    (project / "conf" / "model" / "tiny.yaml").write_text(
        f"defaults: [gru, _self_]\nname: gru\nhidden: {hidden}\n{more}"
    )


def test_words_are_composed_once_and_come_to_the_same(project: Path, composes: Composes) -> None:
    assert composes(*WORDS, "schedule.workers=2")
    assert not composes(*WORDS, "schedule.workers=2")
    asked = [request.read(project, [*WORDS, "schedule.workers=2"]) for _ in range(2)]
    (project / "artifacts").rename(project / "away")
    assert composes(*WORDS, "schedule.workers=2")
    assert [*asked, asked[0]] == [request.read(project, [*WORDS, "schedule.workers=2"])] * 3


def test_other_words_are_composed(composes: Composes) -> None:
    assert composes(*WORDS)
    assert composes(*WORDS, "seed=1")
    assert composes(*reversed(WORDS))


def test_a_file_that_changed_is_read(project: Path, composes: Composes) -> None:
    assert composes("model=tiny")
    option(project, 9)
    assert composes("model=tiny")
    assert not composes("model=tiny")


def test_one_that_was_changed_to_the_same_size_with_its_time_set_back_is_read(
    project: Path, composes: Composes
) -> None:
    assert composes("model=tiny")
    file = project / "conf" / "model" / "tiny.yaml"
    before = file.stat()
    option(project, 9)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert composes("model=tiny")


def test_an_option_that_is_put_before_the_shipped_one_counts(project: Path, composes: Composes) -> None:
    shipped = project_paths.shipped("conf") / "model" / "gru.yaml"
    assert composes("model=gru")
    (project / "conf" / "model" / "gru.yaml").write_text(shipped.read_text())
    assert composes("model=gru")


def test_what_reads_the_environment_is_always_composed(
    project: Path, composes: Composes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIDTH", "5")
    typed = 'model.hidden="${oc.decode:${oc.env:WIDTH}}"'
    assert composes("model=gru", typed)
    assert composes("model=gru", typed)
    option(project, 7, 'layers: "${oc.decode:${oc.env:WIDTH}}"\n')
    assert composes("model=gru")
    assert composes("model=gru")


def test_files_that_were_changed_just_now_may_change_again_unseen(
    composes: Composes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_composition, "FRESH_NS", 60 * 10**9)
    assert composes("model=tiny")
    assert composes("model=tiny")


def test_a_link_that_leads_nowhere_or_a_file_that_has_gone_meanwhile_ends_nothing(
    project: Path, composes: Composes, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = project / "conf" / "model" / ".#tiny.yaml"
    lock.symlink_to("me@host.1234")
    assert composes("model=tiny")
    assert composes("model=tiny")
    lock.unlink()
    there = [*kept_composition._files(project)]
    monkeypatch.setattr(kept_composition, "_files", lambda project: [*there, lock])
    assert composes("model=tiny")


def test_nothing_is_left_where_nothing_was_made(project: Path, composes: Composes) -> None:
    (project / "artifacts").rmdir()
    assert composes(*WORDS)
    assert composes(*WORDS)
    assert not (project / "artifacts").exists()


def test_a_sweep_is_composed_by_parts(composes: Composes) -> None:
    assert composes("seed=1,2", multirun=True)
    assert composes("seed=1,2", multirun=True)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"spec": {}}', '{"spec": 1, "schedule": {}}', "\xff"])
def test_what_is_damaged_is_composed_again(text: str, project: Path, composes: Composes) -> None:
    assert composes(*WORDS)
    (file,) = (project / "artifacts" / ".composed").iterdir()
    file.write_text(text, encoding="latin-1")
    assert composes(*WORDS)
    assert not composes(*WORDS)


def test_what_somebody_else_wrote_is_not_taken(composes: Composes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert composes(*WORDS)
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert composes(*WORDS)


def test_a_project_that_was_copied_takes_nothing_along(project: Path, composes: Composes, tmp_path: Path) -> None:
    assert composes("model=tiny")
    subprocess.run(["cp", "-a", project / "conf", project / "copied"], check=True)
    subprocess.run(["rm", "-r", project / "conf"], check=True)
    (project / "copied").rename(project / "conf")
    assert composes("model=tiny")


def test_only_so_many_are_kept(project: Path, composes: Composes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_composition, "KEPT", 4)
    for seed in range(6):
        composes(f"seed={seed}")
    assert len([*(project / "artifacts" / ".composed").iterdir()]) == 4
    assert not composes("seed=5")
    assert KEPT == 200


def test_words_that_are_wrong_are_told_again(project: Path) -> None:
    for _ in range(2):
        with pytest.raises(Exception, match="hidden"):
            request.read(project, ["model=gru", "model.hidden=-1"])


def test_words_that_were_composed_import_no_hydra(project: Path, composes: Composes) -> None:
    composes(*WORDS)
    script = (
        "import sys; from pathlib import Path; from runner.sweeps import kept_composition, request; "
        f"kept_composition.FRESH_NS = 0; request.one(Path({str(project)!r}), {WORDS!r}); "
        "print([name for name in ('hydra', 'omegaconf') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
