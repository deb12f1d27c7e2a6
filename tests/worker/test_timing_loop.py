import gc
import weakref

import pytest

from runner.worker import timing_loop


class Output:
    """Something that a run returns and that can be watched."""


def test_burst_times_every_iteration() -> None:
    ns, start_ns, outputs = timing_loop.burst(lambda inputs: inputs, ["a"], 5)
    assert len(ns) == 5
    assert all(isinstance(value, int) and value > 0 for value in ns)
    assert start_ns > 0
    assert outputs == "a"


def test_burst_goes_round_the_inputs_from_where_it_is_told_to_start() -> None:
    seen: list[str] = []
    timing_loop.burst(seen.append, ["a", "b", "c"], 5, first=4)
    assert seen == ["b", "c", "a", "b", "c"]


def test_burst_collects_no_garbage_meanwhile_and_does_so_again_afterwards() -> None:
    during: list[bool] = []
    timing_loop.burst(lambda _: during.append(gc.isenabled()), ["a"], 2)
    assert during == [False, False]
    assert gc.isenabled()


def test_burst_collects_garbage_again_after_a_run_that_fails() -> None:
    with pytest.raises(ZeroDivisionError):
        timing_loop.burst(lambda _: 1 / 0, ["a"], 2)
    assert gc.isenabled()


def test_burst_frees_the_outputs_before_it_times_the_next_run() -> None:
    alive: list[bool] = []
    last: list[weakref.ref[Output]] = []

    def run(_: str) -> Output:
        alive.append(bool(last) and last[-1]() is not None)
        output = Output()
        last.append(weakref.ref(output))
        return output

    _, _, outputs = timing_loop.burst(run, ["a"], 3)
    assert alive == [False, False, False]
    assert outputs is last[-1]()


@pytest.mark.parametrize(("iterations", "seconds"), [(20, 0.0), (1, 0.05)])
def test_warm_up_does_at_least_both(iterations: int, seconds: float) -> None:
    done, took = timing_loop.warm_up(lambda _: None, ["a", "b"], iterations, seconds)
    assert done >= iterations
    assert took >= seconds


def test_warm_up_stops_at_the_iterations_where_no_time_is_asked_for() -> None:
    assert timing_loop.warm_up(lambda _: None, ["a"], 7, 0.0)[0] == 7
