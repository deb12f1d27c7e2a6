import pytest

from runner.results import pareto


@pytest.mark.parametrize(
    ("costs", "front"),
    [
        ([], ()),
        ([(1, 1)], (True,)),
        ([(1, 2), (2, 1)], (True, True)),
        ([(2, 2), (1, 2), (1, 3), (2, 1)], (False, True, False, True)),
        ([(1, 1), (1, 1), (1, 2)], (True, True, False)),
        ([(1, -0.9), (2, -0.8), (3, -0.95)], (True, False, True)),
    ],
)
def test_what_nothing_beats_in_both_is_on_the_front(costs: list[tuple[float, float]], front: tuple[bool, ...]) -> None:
    assert pareto.front(costs) == front
