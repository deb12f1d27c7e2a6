"""What a message says to type, in a form that can be pasted into a shell: names are other people's."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import PurePath

PLAIN = re.compile(r"[A-Za-z_][\w./-]*", re.ASCII)  # what the grammar of words reads as a text without quotes
BUILT = (".ort", ".xml", ".pt2", ".tflite", ".hef", ".engine", ".plan")  # model files that another toolchain left
WORDS = ("null", "true", "false", "inf", "nan")


def as_typed(text: str) -> str:
    """`text`, whose commands are written `python -m runner …`, with the program that was typed: pasted, it is found."""
    return re.sub(r"python -m runner(?![.\w])", program(), text)


def program() -> str:
    """`edge-runner` where that script was started, else `python -m runner`."""
    name = PurePath(sys.argv[0]).name
    return name if name == "edge-runner" else "python -m runner"


def own_model(path: str) -> str:
    """The words of a run of the model file at `path`: `model=onnx model.path=my.onnx`; nothing of what is none."""
    suffix = PurePath(path).suffix.lower()
    kind = "onnx" if suffix == ".onnx" else "file" if suffix in BUILT else ""
    return f"model={kind} {setting('model.path', path)}" if kind else ""


def shell(*words: str) -> str:
    """Words as a shell takes them."""
    return shlex.join(words)


def setting(key: str, text: str) -> str:
    """The word that sets a text of any characters."""
    return shell(f"{key}={_text(text)}")


def settings(key: str, texts: Sequence[str]) -> str:
    """The word that sets a list of texts of any characters."""
    return shell(f"{key}=[{','.join(map(_text, texts))}]")


def plain(text: str) -> bool:
    """Whether the grammar of words reads `text` as it stands: a text, and nothing else."""
    return PLAIN.fullmatch(text) is not None and text.lower() not in WORDS


def _text(text: str) -> str:
    return text if plain(text) else quoted(text)


def quoted(text: str) -> str:
    """A text in the quotes of Hydra's grammar, in which a backslash counts before a quote alone."""
    return '"' + re.sub(r'(\\*)("|$)', lambda found: found[1] * 2 + (found[2] and '\\"'), text) + '"'


def shape(name: str, dims: Sequence[int | str]) -> str:
    """The word that gives an input its sizes."""
    return shell(f"model.shapes.{name}=[{','.join(str(size) for size in dims)}]")
