from runner.report.naming import flatten, names, point, title
from tests.report.fixtures import spec


def test_a_title_names_what_is_not_the_default() -> None:
    assert title(spec(precision="int8_dynamic")) == "bilstm int8_dynamic onnxruntime"
    assert title(spec(compression="magnitude", scenario="offline")) == "bilstm magnitude fp32 onnxruntime offline"


def test_a_point_forgets_how_it_was_measured_and_against_what() -> None:
    other = spec(measure="publish", baseline="self")
    assert point(other) == point(spec())
    assert point(spec(precision="fp16")) != point(spec())


def test_names_follow_the_axes() -> None:
    assert list(names(spec()).values()) == ["bilstm", "co2", "none", "fp32", "onnxruntime", "local", "single_stream"]


def test_flattening_names_an_axis_by_its_option() -> None:
    tree = {"backend": {"name": "onnxruntime", "threads": 1, "delegates": ["a", "b"], "log": None}, "seed": 0}
    assert dict(flatten(tree)) == {
        "backend": "onnxruntime",
        "backend.threads": "1",
        "backend.delegates": '["a", "b"]',
        "backend.log": "null",
        "seed": "0",
    }
