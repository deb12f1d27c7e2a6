"""Which node ONNX Runtime speaks of where it refuses a graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

# As it names them: `Could not find an implementation for Cast(25) node with name 'c'`, `In Node, ("c", Cast, "", -1)`,
# `running Gather node. Name:'g'`, `Node (g) Op (Gather)`, `acme:Foo(-1) is not a registered function/op`.
PATTERNS = (
    r"(?:implementation for|kernel for|running) (?P<type>\w+)(?:\(\d+\))?\s*"
    r"\(?node(?: with name|:|\. Name:)\s*'(?P<name>[^']*)'",
    r"In Node, \(\"(?P<name>[^\"]*)\", (?P<type>\w+),",
    r"Node(?: \(|:)(?P<name>[^)]*?)\)? Op \((?P<type>\w+)\)",
    r"Fatal error: (?P<domain>[\w.]*):(?P<type>\w+)\(",
    r"Node:(?P<name>\S+) ",
)


def node(said: str, nodes: Iterable[Any]) -> str:
    """`name (domain.Type)` of the node that is meant, "" where none is named; what is missing in the message is looked
    for among `nodes`."""
    for pattern in PATTERNS:
        found = list(re.finditer(pattern, said))
        if found:  # the last one is the innermost: those before hold it in a branch
            return _shown(found[-1].groupdict(), nodes)
    return ""


def _shown(found: dict[str, Any], nodes: Iterable[Any]) -> str:
    kind, name, domain = found.get("type") or "", found.get("name") or "", found.get("domain") or ""
    for item in nodes:
        if (name and item.name == name) or (not name and item.op_type == kind and item.domain == domain):
            kind, name, domain = item.op_type, item.name or item.output[0], item.domain
            break
    typed = f"{domain}.{kind}" if domain else kind
    return f"{name} ({typed})" if name else typed


def nodes_of(path: Path) -> Iterator[Any]:
    """All nodes of the file, those of branches too; none where onnx is not installed, as on a device."""
    try:
        import onnx
    except ImportError:
        return
    graphs = [onnx.load(str(path), load_external_data=False).graph]
    while graphs:
        for item in graphs.pop().node:
            yield item
            graphs += [attribute.g for attribute in item.attribute if attribute.HasField("g")]
