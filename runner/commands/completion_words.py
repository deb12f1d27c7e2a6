"""The words that may stand at the end of a command line, from the names of files and the text of YAMLs.

No YAML is parsed, and no command or backend imported: the user waits at the key. A setting's values are the one thing
for which its rules are loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from runner.commands import COMMANDS, MODULES
from runner.core import project_paths
from runner.core.errors import SpecError
from runner.spec.schema import GROUPS, PART_CLASSES

PROGRAM = "edge-runner"
OF_SPECS = ("plan", "best", "calibrate", "bisect")  # whose words are those of a run
OF_RECORDS = ("compare", "explain", "inspect", "report", "export", "reproduce")
FIXED = {
    "toolchain": ("install", "list", "remove"),
    "completion": ("bash", "zsh", "fish"),
    "new": ("backend",),
    "list": (*GROUPS, "experiment"),
}
FILES = ("path", "inputs", "python", "metric")  # settings whose values are files
EVERYWHERE = ("--help",)

ADDED = re.compile(r'add_argument\(\s*(?:"-\w",\s*)?"(--[\w-]+)"')
BORROWED = re.compile(r"(\w+)\.add\(arguments\)")  # options that commands share, in a module of their own
LISTED = re.compile(r"(?:^FLAGS = |for flag in )\(([^)]*)\)", re.MULTILINE)
KEY = re.compile(r"^([a-z]\w*):", re.MULTILINE)
BROUGHT = re.compile(r"^ +- (?:override )?/?(\w+)(?:@[\w.]+)?: *(\w+)", re.MULTILINE)


def candidates(line: str) -> list[str]:
    """The words with which `line`, typed up to the cursor, can end, sorted; each begins with its last word."""
    words = line.split()
    last = words.pop() if words and not line[-1].isspace() else ""
    while PROGRAM in (names := [Path(word).name for word in words]):
        words = words[names.index(PROGRAM) + 1 :]
    return sorted({word for word in _possible(words, last) if word.startswith(last)})


def _possible(words: Sequence[str], last: str) -> Iterator[str]:
    command = words[0] if words and words[0] in COMMANDS else ""
    if last.startswith("-"):
        return iter(_flags(command))
    if command in FIXED:
        return iter(FIXED[command])
    root = project_paths.root()
    if command in OF_RECORDS:
        return _records(root)
    if command == "show":
        return _options(last, root) if "=" in last else (f"{group}=" for group in (*GROUPS, "experiment"))
    if command and command not in OF_SPECS:
        return iter(())
    return _of_spec(words, last, root)


def _flags(command: str) -> list[str]:
    """The flags of a command as its source names them: importing it takes too long."""
    text = _source(MODULES.get(command, command or "run"))
    text += "".join(map(_source, BORROWED.findall(text)))
    listed = [flag for found in LISTED.findall(text) for flag in re.findall(r'"(--[\w-]+)"', found)]
    return [*ADDED.findall(text), *listed, *EVERYWHERE]


def _source(module: str) -> str:
    """The text of a command's module; nothing of one that has none (`help`)."""
    file = Path(__file__).with_name(f"{module}.py")
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _records(root: Path) -> Iterator[str]:
    kept = project_paths.home(root) / "records"
    return (folder.name for folder in kept.glob("[!.]*") if folder.is_dir())


def _of_spec(words: Sequence[str], last: str, root: Path) -> Iterator[str]:
    key, equals, _ = last.partition("=")
    part, dot, _ = key.partition(".")
    if equals and key in (*GROUPS, "experiment"):
        return _options(last, root)
    if equals and dot:
        return (f"{key}={value}" for value in _values(words, last, root))
    if dot and part in (*GROUPS, *PART_CLASSES):
        return (f"{part}.{setting}=" for setting in _settings(words, part, root))
    commands = COMMANDS if not words else ()
    return iter(
        [*commands, *(f"{name}=" for name in (*GROUPS, "experiment", "seed")), *(f"{name}." for name in PART_CLASSES)]
    )


def _options(last: str, root: Path) -> Iterator[str]:
    """`axis=NAME`, and of a sweep `axis=FIRST,NAME`."""
    axis, _, typed = last.partition("=")
    before = typed.rpartition(",")[0]
    used = before.split(",")
    head = f"{axis}={before}," if before else f"{axis}="
    return (f"{head}{name}" for name in _names(axis, root) if name not in used)


def _names(axis: str, root: Path) -> list[str]:
    if axis == "experiment":
        return [*project_paths.experiments(root)]
    return [file.stem for folder in project_paths.conf_folders(root) for file in (folder / axis).glob("*.yaml")]


def _chosen(words: Sequence[str], root: Path) -> dict[str, str]:
    """The option of each axis that a run of these words would have, the first where there are several."""
    typed = {axis: names.split(",")[0] for axis, _, names in (word.partition("=") for word in words) if axis in GROUPS}
    chosen = {**dict(BROUGHT.findall(_text("", "config", root))), **typed}
    for axis in ("backend", "model"):  # what they bring, unless it is typed
        brought = dict(BROUGHT.findall(_text(axis, chosen.get(axis, ""), root)))
        chosen |= {other: name for other, name in brought.items() if other not in typed}
    return chosen


def _text(axis: str, name: str, root: Path) -> str:
    """The YAML of an option, or nothing."""
    files = (folder / axis / f"{name}.yaml" for folder in project_paths.conf_folders(root))
    return next((file.read_text(encoding="utf-8", errors="replace") for file in files if file.is_file()), "")


def _settings(words: Sequence[str], part: str, root: Path) -> list[str]:
    if part in PART_CLASSES:
        block = re.search(rf"^{part}:.*\n((?: +.*\n?)*)", _text("", "config", root), re.MULTILINE)
        return re.findall(r"^ +(\w+):", block[1], re.MULTILINE) if block else []
    text = _text(part, _chosen(words, root).get(part, ""), root)
    return [key for key in KEY.findall(text) if key not in ("name", "defaults")]


def _values(words: Sequence[str], last: str, root: Path) -> list[str]:
    """The values that a setting's rule lists, or the files that begin as typed."""
    key, _, typed = last.partition("=")
    part, _, setting = key.partition(".")
    if setting in FILES:
        return _files(typed)
    from runner.core.setting_rules import rules
    from runner.spec.schema import settings_class

    with suppress(SpecError):  # an option that can't be loaded: the run will say why
        kind, rule = rules(settings_class(part, _chosen(words, root).get(part, ""))).get(setting, (None, None))
        return ["true", "false"] if kind is bool else [str(one) for one in rule.choices] if rule else []
    return []


def _files(typed: str) -> list[str]:
    """Files and folders whose path begins with `typed`; hidden ones only where their dot is typed."""
    folder, slash, start = typed.rpartition("/")
    there = Path(folder + slash) if typed else Path()
    found = there.glob("*") if there.is_dir() else ()
    shown = [path for path in found if start.startswith(".") or not path.name.startswith(".")]
    return [f"{folder}{slash}{path.name}{'/' if path.is_dir() else ''}" for path in shown]
