"""A built model's files as steps are given them: copies, by paths that no name in the artifact is equal to."""

from __future__ import annotations

from runner.planning.sources import Part, placed


def test_a_file_that_is_called_as_it_will_be_in_the_artifact_is_told_apart() -> None:
    built = (Part("model.xml", "model.xml", "a1"), Part("model.bin", "model.bin", "b2"))
    assert placed(built) == {
        "places": [["./model.xml", "model.xml"], ["./model.bin", "model.bin"]],
        "files": {"./model.xml": "a1", "./model.bin": "b2"},
    }


def test_other_paths_are_as_the_user_wrote_them() -> None:
    built = (Part("nets/my.xml", "model.xml", "a1"), Part("nets/my.bin", "model.bin", "b2"))
    assert placed(built) == {
        "places": [["nets/my.xml", "model.xml"], ["nets/my.bin", "model.bin"]],
        "files": {"nets/my.xml": "a1", "nets/my.bin": "b2"},
    }
