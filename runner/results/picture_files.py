"""The pictures beside a record: how their files are called, and which of those that lie there may be shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from runner.charts import svg

# What the files are called before the dot.
GRAPH, LATENCY, LAYERS, SUSTAINED = "system_profile_graph", "latency", "layers", "sustained"
CAPTIONS = {
    GRAPH: "The machine while it was measured",
    LATENCY: "Latency in each process",
    LAYERS: "Time by layer",
    SUSTAINED: "Latency over time",
}
MEDIA = {".svg": "image/svg+xml", ".png": "image/png"}  # PNGs lie beside records of former versions
FILES = tuple(f"{stem}{suffix}" for stem in CAPTIONS for suffix in MEDIA)
PNG = b"\x89PNG\r\n\x1a\n"
# What our SVG is made of: nothing of that acts, or asks for anything.
TAGS = {"svg", "title", "desc", "style", "path", "circle", "text"}
ATTRIBUTES = {
    "viewBox", "role", "aria-label", "width", "height", "d", "class", "cx", "cy", "r", "x", "y", "text-anchor",
    "textLength", "lengthAdjust",
}  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """A picture's file: its media type and its bytes."""

    media: str
    data: bytes


def beside(folder: Path) -> dict[str, Picture]:
    """By caption: the pictures in a record's folder, SVG or what a former version drew."""
    found: dict[str, Picture] = {}
    for stem, caption in CAPTIONS.items():
        files = [file for suffix in MEDIA if (file := folder / f"{stem}{suffix}").is_file()]
        for one in [Picture(MEDIA[file.suffix], file.read_bytes()) for file in files[:1]]:
            if not fault(one):
                found[caption] = one
    return found


def fault(picture: Picture) -> str:
    """Why it may not be shown; empty where it may."""
    if picture.media == MEDIA[".png"]:
        return "" if picture.data.startswith(PNG) else "is no PNG"
    return "" if _harmless(picture.data) else "is no SVG that a run drew"


def _harmless(data: bytes) -> bool:
    """Whether an SVG has nothing in it but what ours have: no script, no link, no entity."""
    if b"<!" in data or b"<?" in data:
        return False
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError):
        return False
    space = f"{{{svg.XMLNS}}}"
    return root.tag == f"{space}svg" and all(_ours(one, space) for one in root.iter())


def _ours(one: Any, space: str) -> bool:
    known = one.tag.startswith(space) and one.tag.removeprefix(space) in TAGS and set(one.attrib) <= ATTRIBUTES
    css = (one.text or "") if one.tag == f"{space}style" else ""
    return known and not any(word in css for word in ("@", "\\", "url", "src"))
