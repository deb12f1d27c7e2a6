"""The answer of a race in words: by time, and by energy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.report import best_summary
from runner.results.best_result import Best, Confirmed, Raced
from runner.results.quality_loss import Budget, Loss, Stated

SOME_LOSS = Loss("mae_ppm", 0.005, 0.001, 0.009, 1.0)
NO_LOSS = Loss("mae_ppm", 0.0, 0.0, 0.0, 1.0)


def raced(name: str, relative: tuple[float, float, float], tied: bool = False) -> Raced:
    return Raced(name, ("model=gru", f"backend={name}"), 1, 0.1, NO_LOSS, relative, 5, None, tied, True)


FOUND = Confirmed("r1", 1.25, 1.2, 1.3, "faster", 8, 0.5)
BEST = Best(
    by="latency",
    budget=Budget(0.01, relative=True),
    raced=(raced("openvino", (1, 1, 1), tied=True), raced("onnxruntime", (1.25, 1.2, 1.3))),
    left_out=(),
    winner="openvino",
    stated=Stated(NO_LOSS, 340, apart=False),
    default="onnxruntime",
    decided=True,
    in_time=True,
    why="",
    left=(),
    again=(),
    confirmed=FOUND,
    reopened=0,
    slower=(),
    blocks=5,
    processes=26,
    share=26 / 32,
    seconds=10.0,
    folder="races/a",
)
ENERGY = replace(BEST, by="energy", confirmed=replace(FOUND, record_id="", ms=None))


def test_by_time_the_winner_is_so_many_times_as_fast() -> None:
    assert best_summary.heading(BEST) == (
        "openvino: 1.25× [1.20, 1.30] as fast as the default, onnxruntime (8 fresh pairs): faster"
    )
    assert "Nothing else is more than 2 % faster." in best_summary.lines(BEST)
    assert ("report", "python -m runner report r1") in best_summary.following(BEST)
    assert best_summary.raced(BEST).columns[1] == "time"


def test_by_energy_it_takes_a_share_of_the_default_s() -> None:
    assert best_summary.heading(ENERGY) == (
        "openvino: 0.80× [0.77, 0.83] of the energy of the default, onnxruntime (8 fresh pairs): less"
    )
    assert "Nothing else takes over 2 % less energy." in best_summary.lines(ENERGY)
    assert [what for what, _ in best_summary.following(ENERGY)] == ["use", "kept"]
    assert best_summary.raced(ENERGY).columns[1] == "energy"


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        (
            Stated(SOME_LOSS, 340, apart=False),
            "mae at worst 0.900 % (0.00900 ppm) worse than the float model's, on the 340 samples that chose it: they "
            "are too few to keep some apart",
        ),
        (
            Stated(replace(SOME_LOSS, value=0.007, high=0.013), 250, apart=True),
            "mae 0.700 % [0.100, 1.30] worse than the float model's on 250 samples that did not choose it, "
            "mae at worst 0.900 % (0.00900 ppm) worse than the float model's on those that did",
        ),
    ],
)
def test_a_loss_says_whether_its_samples_chose_the_winner(stated: Stated, said: str) -> None:
    first, *others = BEST.raced
    lossy = replace(BEST, raced=(replace(first, loss=SOME_LOSS), *others), stated=stated)
    assert f"Quality: {said}; at most 1 % may be lost." in best_summary.lines(lossy)


def test_a_float_model_loses_nothing_whatever_the_samples() -> None:
    assert "Quality: mae no worse than the float model's; at most 1 % may be lost." in best_summary.lines(BEST)


def test_who_is_left_when_time_is_up_is_said() -> None:
    undecided = replace(
        BEST,
        decided=False,
        in_time=False,
        why="time is up (1 s)",
        left=("openvino", "onnxruntime"),
        again=("best", "model=gru", "--limit-s", "2"),
        confirmed=None,
    )
    assert best_summary.heading(undecided) == "Undecided: time is up (1 s). So far openvino leads."
    still = "Still in the race: openvino; onnxruntime 1.25× [1.20, 1.30] (time is up (1 s))."
    assert still in best_summary.lines(undecided)
    assert ("go on", "python -m runner best model=gru --limit-s 2") in best_summary.following(undecided)


def test_who_ran_as_often_as_they_may_are_not_asked_to_go_on() -> None:
    """The same command again would find nothing to do."""
    tied = replace(BEST, decided=False, why="these have run as often as they may", left=("openvino", "onnxruntime"))
    assert any(line.startswith("One of them may be over 2 % faster") for line in best_summary.lines(tied))
    assert "go on" not in dict(best_summary.following(tied))


def test_who_took_more_in_fresh_pairs_is_not_recommended() -> None:
    more = Confirmed("r2", 0.8, 0.75, 0.85, "slower", 8)
    (by_time,) = [
        line for line in best_summary.lines(replace(BEST, slower=(("a", more),))) if line.startswith("Not rec")
    ]
    (by_energy,) = [
        line for line in best_summary.lines(replace(ENERGY, slower=(("a", more),))) if line.startswith("Not rec")
    ]
    assert by_time.endswith("slower than the default: a, 0.80× [0.75, 0.85] (r2).")
    assert by_energy.endswith("takes more energy than the default in fresh pairs: a, 1.25× [1.18, 1.33].")
