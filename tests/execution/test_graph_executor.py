"""The order of the steps: after their inputs, longest chain first, none after an input that failed."""

from __future__ import annotations

from collections.abc import Mapping

from runner.core.errors import RunnerError, StepFailed
from runner.execution.graph_executor import Makers, execute
from runner.planning.graph import Node
from tests.execution.told import Told, key, node


class Bench:
    """Runs steps in the order of their start; a result is the names of the inputs and its own."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.out: list[tuple[Node, str | RunnerError]] = []
        self.started: list[str] = []
        self.most = 0

    def start(self, one: Node, inputs: Mapping[str, str]) -> None:
        self.started.append(one.step)
        result: str | RunnerError = "".join([*inputs.values(), one.step])
        self.out.append((one, StepFailed("broken") if one.step in self.failing else result))
        self.most = max(self.most, len(self.out))

    def ended(self) -> tuple[Node, str | RunnerError]:
        return self.out.pop(0)

    def execute(self, todo: list[Node], window: int, told: Told, **ranks: float) -> dict[str, str | RunnerError]:
        makers = Makers(self.start, self.ended, window)
        return execute(todo, {key("k"): "k"}, makers, {key(n): r for n, r in ranks.items()}, told)


def test_each_step_gets_what_its_inputs_became() -> None:
    came = Bench().execute([node("a"), node("b", "a", "k"), node("c", "b")], 1, Told())
    assert came == {key("a"): "a", key("b"): "akb", key("c"): "akbc"}


def test_of_the_ready_ones_the_highest_rank_goes_first() -> None:
    bench = Bench()
    bench.execute([node("a"), node("b"), node("c"), node("d", "b")], 1, Told(), a=1, b=5, c=3, d=4)
    assert bench.started == ["b", "d", "c", "a"]


def test_no_more_are_out_than_the_window() -> None:
    bench = Bench()
    bench.execute([node(name) for name in "abcdef"], 2, Told())
    assert bench.most == 2


def test_what_needs_a_step_that_failed_is_skipped_and_the_others_go_on() -> None:
    bench, told = Bench("a"), Told()
    came = bench.execute([node("a"), node("b", "a"), node("c", "b"), node("d")], 2, told)
    assert bench.started == ["a", "d"]
    assert [str(came[key(name)]) for name in "abcd"] == ["broken", "broken", "broken", "d"]
    assert told.ended == [("a", "failed"), ("b", "skipped"), ("c", "skipped")]
    assert told.reasons == ["broken"]  # once, however many steps it costs


def test_an_input_known_to_be_broken_skips_too() -> None:
    told = Told()
    makers = Makers(Bench().start, Bench().ended, 1)
    came = execute([node("a", "k")], {key("k"): StepFailed("gone")}, makers, {}, told)
    assert str(came[key("a")]) == "gone"
    assert (told.ended, told.reasons) == ([("a", "skipped")], ["gone"])
