"""A user's YAML file, read within bounds: nothing in it is run, and none makes a command hang or fill the memory.

A file is opened only where it is asked for. It is a regular file of at most `BYTES`, nested at most `DEPTH` deep, with
at most `VALUES` values once its aliases are expanded (ten lines of aliases can stand for 10^9 values).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import inf
from pathlib import Path
from typing import Any

import yaml

from runner.core import given_files
from runner.core.disk_errors import ADVICE
from runner.core.errors import SpecError
from runner.spec.schema import AXES, OWN_NAME

BYTES = 1_000_000
DEPTH = 50
VALUES = 100_000

# Keys by which Hydra would make an object of any class, or call any function.
CALLS = ("_target_", "_args_", "_partial_", "_recursive_", "_convert_")
HYDRA = re.compile(r"[/+~]*hydra(?=$|[./@:])")
FLOAT = re.compile(r"[-+]?\d+(_\d+)*(\.[\d_]*)?[eE][-+]?\d+$", re.ASCII)  # an exponent needs no dot and no sign
PACKAGE = re.compile(r"#\s*@package\s+(\S+)\s*")


@dataclass(frozen=True)
class File:
    """A file's content, and the package that its header names (`# @package _global_`)."""

    content: Mapping[str, Any]
    package: str | None


@cache
def load(path: Path) -> File:
    """A YAML file's content as Hydra reads it: 1e-3 is a number, a date is text, no key stands twice.

    Raises SpecError, with file and line or key, for what can't be read, is beyond the bounds, or would set something of
    Hydra's own.
    """
    text = _text(path)
    content = _content(text, path)
    package = _package(text, path)
    _check(content, package, path)
    return File(content, package)


def option(path: Path, axis: str) -> dict[str, Any]:
    """The content of an option's file: where it is another's implementation under a name of its own, with that name.

    `conf/model/tiny.yaml` with `name: gru` is `{"name": "gru", OWN_NAME: "tiny", …}`.
    """
    content = dict(load(path).content)
    own = axis in AXES and isinstance(content.get("name"), str) and content["name"] != path.stem
    return {**content, OWN_NAME: path.stem} if own else content


def _text(path: Path) -> str:
    try:
        if given_files.odd(path.stat()):
            raise not_a_file(path)
        size = path.stat().st_size
        with path.open("rb") as file:
            content = file.read(BYTES + 1) if size <= BYTES else b""
    except OSError as error:
        if error.errno in ADVICE:
            raise
        raise SpecError(f"{path}: can't be read: {error.strerror}.", "Put a YAML file there.") from error
    if max(size, len(content)) > BYTES:  # some files of /proc have no size, and no end
        had = f"{size:,} bytes, more" if size > BYTES else "more bytes"
        raise SpecError(f"{path}: {had} than the {BYTES:,} that a YAML file may have.", "Make it smaller.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_text(path) from error


def not_a_file(path: Path) -> SpecError:
    """What is said of a folder, a named pipe, … in place of a file."""
    return SpecError(
        f"{path}: {given_files.odd(path.stat())}, not a file.", "Put a YAML file there, or choose another name."
    )


def _not_text(path: Path) -> SpecError:
    return SpecError(f"{path}: not plain text in UTF-8.", "Save it as plain text in UTF-8.")


def _content(text: str, path: Path) -> Mapping[str, Any]:
    try:
        _check_depth(text, path)
        content = _built(text, path)
    except yaml.reader.ReaderError as error:
        raise _not_text(path) from error
    except yaml.MarkedYAMLError as error:
        raise syntax_error(path, error) from error
    except (ValueError, TypeError, ArithmeticError) as error:  # a number of 5,000 digits, `!!timestamp 2020-99-99`
        raise SpecError(
            f"{path}: a value can't be read: {str(error)[:200]}.", "Mend it, or put it in quotes."
        ) from error
    if content is not None and not isinstance(content, Mapping):
        raise SpecError(f"{path}: not a list of keys with values.", "Write one `key: value` a line.")
    return {} if content is None else content


def _check_depth(text: str, path: Path) -> None:
    """By events, which nest in no stack of Python's: composing 5,000 levels would end in a RecursionError."""
    depth = 0
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH:
            mark: Any = event.start_mark
            raise SpecError(f"{path}, line {mark.line + 1}: nested deeper than {DEPTH}.", "Write it flatter.")


def _built(text: str, path: Path) -> Any:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        size, depth = _extent(node, {})
        if size > VALUES or depth > DEPTH + 1:
            bounds = f"more than {VALUES:,} values, or for ones nested deeper than {DEPTH}"
            raise SpecError(f"{path}: it stands for {bounds}, aliases expanded.", "Use fewer aliases (*name).")
        return loader.construct_document(node)
    finally:
        loader.dispose()


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # LibYAML where PyYAML has it
    """Reads as OmegaConf's loader does, without OmegaConf's import."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        keys = [key.value for key, _ in node.value if key.tag == yaml.resolver.BaseResolver.DEFAULT_SCALAR_TAG]
        twice = next((at for at, key in enumerate(keys) if key in keys[:at]), None)
        if twice is not None:
            mark = [key.start_mark for key, _ in node.value if key.value == keys[twice]][-1]
            raise yaml.constructor.ConstructorError(None, None, f"found duplicate key {keys[twice]}", mark)
        return super().construct_mapping(node, deep=deep)


# YAML 1.1 knows dates, which no setting is, and knows no 1e-3.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in known if not tag.endswith(":timestamp")]
    for first, known in _Loader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT, [*"-+0123456789."])


def _extent(node: yaml.Node, known: dict[int, tuple[float, float]]) -> tuple[float, float]:
    """How many values a node stands for with every alias expanded, and how deep; infinite where it holds itself."""
    if id(node) not in known:
        known[id(node)] = (inf, inf)  # until all below it is counted: an alias of it down there has no end
        below = [_extent(child, known) for child in _children(node)]
        known[id(node)] = (1 + sum(size for size, _ in below), 1 + max((depth for _, depth in below), default=0))
    return known[id(node)]


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from pair
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def syntax_error(path: Path | str, error: yaml.MarkedYAMLError) -> SpecError:
    """A YAML syntax error as one line with file and line."""
    mark = error.problem_mark
    where = f"{path}, line {mark.line + 1}, column {mark.column + 1}" if mark else str(path)
    return SpecError(f"{where}: not valid YAML: {error.problem or error}.", "Mend that line.")


def _package(text: str, path: Path) -> str | None:
    """The package of the header: the comments before the first line that is none."""
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            break
        if re.match(r"\s*#\s*@", line):
            found = PACKAGE.fullmatch(line.strip())
            if not found:
                raise SpecError(f"{path}: {line.strip()}: not a header.", "For instance: # @package _global_")
            return found[1]
    return None


# --- what a file may say ---


def _check(content: Mapping[str, Any], package: str | None, path: Path) -> None:
    if package is not None and HYDRA.match(package):
        raise _hydras(f"{path}: @package {package}")
    for key in content:
        if HYDRA.match(str(key)):
            raise _hydras(f"{path}: {key}")
    if "defaults" in content:
        _check_defaults(content["defaults"], path)
    _check_values(content, "", path)


def _hydras(where: str) -> SpecError:
    return SpecError(f"{where}: nothing of Hydra's own can be set: a spec is data.", "Leave it out.")


def _check_defaults(entries: Any, path: Path) -> None:
    example = "For instance: defaults: [{override /model: gru}, _self_]"
    if not isinstance(entries, list):
        raise SpecError(f"{path}: defaults: a list expected.", example)
    for entry in entries:
        if not (isinstance(entry, str) or _names_options(entry)):
            raise SpecError(f"{path}: defaults: {str(entry)[:100]}: the option of one axis expected.", example)
        said = entry if isinstance(entry, str) else next(iter(entry))
        if any(HYDRA.match(part) for part in re.split(r"[\s@]", said)):
            raise _hydras(f"{path}: defaults: {said}")


def _names_options(entry: Any) -> bool:
    if not isinstance(entry, Mapping) or len(entry) != 1:
        return False
    ((group, options),) = entry.items()
    names = options if isinstance(options, list) else [options]
    return isinstance(group, str) and (options is None or all(isinstance(name, str) for name in names))


def _check_values(value: Any, where: str, path: Path) -> None:
    """Only what JSON has, by keys that are text, and nothing that names code."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            at = f"{where}.{key}".removeprefix(".")
            if not isinstance(key, str):
                raise SpecError(f"{path}: {at[:100]}: a key that is no text.", f'Put it in quotes: "{str(key)[:100]}"')
            if key in CALLS:
                raise SpecError(f"{path}: {at}: a spec is data and names no code.", "Leave it out.")
            _check_values(item, at, path)
    elif isinstance(value, list):
        for item in value:
            _check_values(item, where, path)
    elif isinstance(value, str) and "\0" in value:
        raise SpecError(f"{path}: {where}: a text with a character \\0, which no name or path has.", "Leave it out.")
    elif isinstance(value, str) and "${" in value:
        _check_grammar(value, where, path)
    elif not (value is None or isinstance(value, (str, int, float))):
        raise SpecError(f"{path}: {where}: a {type(value).__name__} is no plain value.", "Put it in quotes.")


def _check_grammar(value: str, where: str, path: Path) -> None:
    from omegaconf.errors import GrammarParseError
    from omegaconf.grammar_parser import parse

    try:
        parse(value)
    except GrammarParseError as error:
        said = f"{path}: {where}: {value[:100]}: no interpolation: {' '.join(str(error).split())[:100]}."
        raise SpecError(said, r"Write ${key}, or \${ where that is the text itself.") from error
