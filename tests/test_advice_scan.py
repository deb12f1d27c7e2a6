"""Every message of the tree that names a command or a word to type names what is there, in a form for a shell."""

from __future__ import annotations

import ast
import contextlib
import io
import re
from collections.abc import Iterator
from functools import cache

import pytest

from runner.__main__ import COMMANDS, main
from runner.core.errors import BY_STATUS
from runner.core.setting_rules import rules
from runner.spec import options
from runner.spec.schema import AXES, NAMES, PARTS, settings_class
from tests.conftest import REPOSITORY

GROUPS = (*AXES, "schedule")
KEYS = "|".join(dict.fromkeys((*NAMES, "schedule", "experiment")))
WORD = re.compile(rf"(?<![\w./:{{-])({KEYS})((?:\.\w+)*)=(\[?[A-Za-z]\w*\b(?![/:~-]|\.\w))?")
COMMAND = re.compile(r"python -m runner(?: +([a-z]+)\b(?!=))?((?: +-[-\w]+)*)")
COMMANDS_OF_A_SHELL = r"python -m runner|pip install|\bsed -|\biconv |\bsudo |\brm -|\bssh -"
TYPED = re.compile(rf"(?:{COMMANDS_OF_A_SHELL})[^;:.(]*|(?<![\w./])(?:{KEYS})[.\w]*=[^ ]*")
ERRORS = {"BadFile", "Impossible", "OddAnswer", "WorkerLost", *(kind.__name__ for kind in BY_STATUS.values())}
QUOTED = re.compile(r"advice\.\w+\(|shell\(|shlex\.quote\(")
# Numbers, and names that are letters, digits and underscores: of axes, options, packages, signs, commands and sweeps.
OURS = {
    *(
        "2 * needed",
        "_budget(seconds / had * needed)",
        "below",
        "candidate.threads or 1",
        "cores",
        "does",
        "experiments",
    ),
    *("least", "needed", "now['seed']", "number", "pairs", "PORT", "settings.batch", "wanted", "budget"),
    *(
        "axis",
        "backend",
        "command",
        "form",
        "keep",
        "key",
        "kind",
        "level",
        "name",
        "other",
        "package",
        "single",
        "sweep",
    ),
    *("version", "word", "AS_BUILT", "PACKAGE", "RAPL", "container.PROGRAMS[name]", "convert[kind]"),
    *("system", "BENCHMARK_MODEL", "EVERYWHERE", "own()", "LEAST", "apart_s", "threads", "named.name"),
    *(
        "request.precision",
        "spec.backend.name",
        "changes",
        "release",
        "against",
        "spec.toolchain.version",
        "str(install).lower()",
    ),
    *("record", "best.confirmed.record_id"),  # numbers of records
    "' '.join(map(shell, kept))",
    "own",  # words of `advice.own_model`, which are quoted
}
PLACES = (  # where a reason begins
    "backend=\x00",
    "model.inputs=\x00",
    "schedule.address=\x00",
    "schedule.tls.cert=\x00 and schedule.tls.key=\x00",
)
MARK = "\x00"  # in the place of what a message fills in


def messages() -> Iterator[tuple[str, str, tuple[str, ...], bool]]:
    """Place, text, what is filled in, and whether it is the reason of an error: of every text but docstrings."""
    for path in sorted((REPOSITORY / "runner").rglob("*.py")):
        if path.parent.name == "testing":  # these expect what others say
            continue
        tree = ast.parse(path.read_text())
        parts, reasons = _ids(tree)
        for node in ast.walk(tree):
            if isinstance(node, (ast.JoinedStr, ast.Constant)) and id(node) not in parts:
                place = f"{path.relative_to(REPOSITORY)}:{node.lineno}"
                yield place, *_text(node), id(node) in reasons


def _ids(tree: ast.Module) -> tuple[set[int], set[int]]:
    """Of texts that are no message (docstrings, parts of others, what is quoted), and of errors' reasons."""
    parts, reasons = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            parts.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            parts.update(map(id, node.values))
        elif isinstance(node, ast.Call) and QUOTED.match(ast.unparse(node)):
            parts.update(map(id, ast.walk(node)))
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS and node.args:
            reasons.update(map(id, ast.walk(node.args[0])))
    return parts, reasons


def _text(node: ast.JoinedStr | ast.Constant) -> tuple[str, tuple[str, ...]]:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else "", ()
    text = "".join(part.value if isinstance(part, ast.Constant) else MARK for part in node.values)
    return text, tuple(ast.unparse(part.value) for part in node.values if isinstance(part, ast.FormattedValue))


@cache
def keys(axis: str) -> frozenset[str]:
    """All keys that an axis has, whatever its option."""
    if axis in GROUPS:
        return frozenset(
            key for name in options.names(axis, REPOSITORY) for key in options.values(axis, name, REPOSITORY)
        )
    return frozenset(rules(settings_class(axis, ""))) if axis in PARTS else frozenset()


@cache
def help_of(command: str) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        main([command, "--help"] if command else ["--help"])
    return said.getvalue()


def odd_words(text: str) -> list[str]:
    """The words `key=value` of a text whose key, or whose option of an axis, isn't there."""
    found = []
    for axis, path, value in WORD.findall(text):
        key = path.removeprefix(".").partition(".")[0]
        chosen = axis in GROUPS and not key and value and value not in options.names(axis, REPOSITORY)
        if (key and key not in keys(axis)) or chosen:
            found.append(f"{axis}{path}={value}")
    return found


def odd_commands(text: str) -> list[str]:
    """The commands of a text that aren't there, haven't its flags, or can't be typed as they stand."""
    found = [f"runner {command}" for command in re.findall(rf"(?<!-m )(?<!-)\brunner ({'|'.join(COMMANDS)})\b", text)]
    for command, flags in COMMAND.findall(text):
        known = command in COMMANDS if command else True
        if not known or any(flag not in help_of(command) for flag in flags.split() if flag != "--help"):
            found.append(f"{command}{flags}")
    return found


def unquoted(text: str, filled: tuple[str, ...]) -> list[str]:
    """What is filled into what a text says to type, as it is: neither through `advice` nor one of OURS."""
    found: list[str] = []
    for typed in TYPED.finditer(text):
        if typed[0].endswith(":") or text in PLACES:
            continue  # `key=value: what is wrong` is to be read
        before = text[: typed.start()].count(MARK)
        found += filled[before : before + typed[0].count(MARK)]
    return [one for one in found if not QUOTED.match(one) and one not in OURS]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Type model.hidden=3 or backend=torch.", []),
        ("Type model.hiden=3.", ["model.hiden="]),
        ("Choose backend=torhc.", ["backend=torhc"]),
        ("Add limits.step_s=600, telemetry.interval=5.", ["telemetry.interval="]),
        ("Say where: hardware.python=…", []),
        ("See a.model=3 and model.py.", []),
    ],
)
def test_a_word_that_is_none_is_found(text: str, found: list[str]) -> None:
    assert odd_words(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("See: python -m runner list backend --json", []),
        ("python -m runner compare --sweep X", []),
        ("python -m runner -m model=gru", []),
        ("python -m runner compair", ["compair"]),
        ("python -m runner compare --swep X", ["compare --swep"]),
        ("runner compare --sweep X", ["runner compare"]),
    ],
)
def test_a_command_that_is_none_is_found(text: str, found: list[str]) -> None:
    assert odd_commands(text) == found


@pytest.mark.parametrize(
    ("text", "filled", "found"),
    [
        (f"Type data.path={MARK}.", ("path",), ["path"]),
        (f"{MARK}: type {MARK}.", ("path", "advice.setting('data.path', path)"), []),
        (f"Delete it: sed -i 1d {MARK}", ("path",), ["path"]),
        (f"Delete it: sed -i 1d {MARK}", ("shlex.quote(path)",), []),
        (f"data.path={MARK}: no such file.", ("path",), []),
    ],
)
def test_a_name_that_is_not_quoted_is_found(text: str, filled: tuple[str, ...], found: list[str]) -> None:
    assert unquoted(text, filled) == found


def test_every_word_of_every_message_is_there() -> None:
    assert {place: odd for place, text, _, _ in messages() if (odd := odd_words(text))} == {}


def test_every_command_of_every_message_is_there() -> None:
    assert {place: odd for place, text, _, _ in messages() if (odd := odd_commands(text))} == {}


def test_what_a_message_says_to_type_is_quoted_for_a_shell() -> None:
    wrong = {place: odd for place, text, filled, reason in messages() if not reason and (odd := unquoted(text, filled))}
    assert wrong == {}
