"""A worker that answers as one would, and now and then something else, by a seed: `liar.py SEED FOLDER OUTPUTS SELDOM`.

SELDOM is the share of its answers that are lies.

It starts without site-packages: thousands of them do.
"""

import io
import json
import os
import random
import struct
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

NAN = float("nan")
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, 10**12, NAN, float("inf"), "x", "\x1b[31mx", "", [], {}, [[]], {"a": [1]},
    "x" * 70000, 1e-9, -0.5,
)  # fmt: skip
LINES = (
    b"not json\n", b"[1,2]\n", b"{}\n", b"\xff\xfe\n", b"\n" * 50, b"[" * 50000 + b"\n", b'{"id":-1}\n' * 200,
    b'{"id":1e999}\n',
)  # fmt: skip
ARRAYS = ("out/y", "out/y", "flat/y", "sizes/y", "out/", "y", "out/y/z", "../y", "out/\x1b[31m", "out/" + "y" * 9000)
SPEC = [{"name": "x", "shape": ["batch", 8, 1], "dtype": "float32"}]

LOADED = {
    "version": "1",
    "inputs": SPEC,
    "outputs": [dict(SPEC[0], name="y")],
    "effective": {"threads": 1, "providers": ["CPUExecutionProvider"]},
    "memory": "host",
    "clock": "host",
    "import_seconds": 0.1,
    "load_seconds": 0.1,
}


def answer(request: dict[str, Any]) -> Any:
    """What an honest worker says."""
    do, count = request["do"], int(request.get("iterations", 1))
    if do == "call":  # asked to stay on some CPUs, or to import what it will run
        return request["arguments"].get("cpus")
    if do == "load":
        return LOADED
    if do == "warmup":
        return {"iterations": 10, "seconds": 1e-5}
    if do == "burst":
        time.sleep(1.2e-6 * count)
        return {
            "ns": [1000 + draw.randrange(50) for _ in range(count)],
            "start_ns": time.monotonic_ns(),
            "outputs_finite": True,
        }
    if do == "repeats":
        return {name: [1000.0] * request["rounds"] for name in ("same_ns", "different_ns")}
    if do == "predict":
        predict(Path(request["out"]))
        return {"samples": 3}
    return {"peak_rss_mb": 50.0, "rss_mb": 40.0}


def predict(out: Path) -> None:
    """What an honest worker predicts; or a file that is cut, another's, no file at all, or claims what it hasn't."""
    honest = Path(sys.argv[3]).read_bytes()
    how = draw.randrange(8) if draw.random() < SELDOM else 7
    if how == 0:
        out.symlink_to(draw.choice(("/etc/passwd", "/dev/zero", out, "nowhere")))
    elif how == 1:
        out.mkdir() if draw.random() < 0.5 else os.mkfifo(out)
    elif how == 2:
        out.write_bytes(honest[: draw.randrange(len(honest))])
    elif how in (3, 4, 5):
        with zipfile.ZipFile(out, "w") as archive:
            for name in draw.sample(ARRAYS, draw.randrange(1, 4)):
                archive.writestr(name + ".npy", array())
    elif how == 7:
        out.write_bytes(honest)


def array() -> bytes:
    """An array as numpy writes it: small, or only said to be large; whole numbers, texts, pickles."""
    descr = draw.choice(("<f4", "<f4", "<f8", "|O", "<i8", "<U3", "<c8", "|V2", "<M8[s]"))
    shape = draw.choice(("(3, 8, 1)", "(3,)", "()", "(0, 8)", "(10000000000000, 8)", "(-1,)", "(3, 8, 1, 1, 1)"))
    said = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    number = struct.pack("<f", draw.choice((0.0, NAN, float("inf"), 1e38)))
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(said)) + said + number * draw.choice((0, 3, 24, 48))


def bent(tree: Any) -> Any:
    """`tree` with one value, at any depth, another."""
    if isinstance(tree, dict) and tree and draw.random() < 0.9:
        key = draw.choice(list(tree))
        if draw.random() < 0.15:
            return {name: value for name, value in tree.items() if name != key}
        return {**tree, key: bent(tree[key])}
    if isinstance(tree, list) and tree and draw.random() < 0.6:
        how = draw.randrange(4)
        value = draw.choice(VALUES)
        return (
            [value] * len(tree)
            if how == 0
            else tree[:-1]
            if how == 1
            else [*tree[:-1], value]
            if how == 2
            else tree * 3
        )
    return draw.choice(VALUES)


assert isinstance(sys.stderr, io.TextIOWrapper)
sys.stderr.reconfigure(errors="surrogateescape")
draw = random.Random(f"answers/{sys.argv[1]}")
SELDOM = float(sys.argv[4])
for line in sys.stdin:
    request = json.loads(line)
    said = {"id": request["id"], "answer": answer(request)}
    if draw.random() < SELDOM:
        how = draw.randrange(14)
        if how < 6:
            said["answer"] = bent(said["answer"])
        elif how == 6:
            said = bent(
                {
                    "id": request["id"],
                    "error": {"status": "failed", "reason": "\x1b[31mhi\n\n\nx", "next_step": "", "traceback": ""},
                }
            )
        elif how == 7:
            said = {"id": request["id"], "progress": draw.choice(VALUES)}
        elif how == 8:
            sys.stdout.buffer.write(draw.choice(LINES))
        elif how == 9:  # said twice, or of a request that was answered before
            earlier = dict(said, id=draw.choice((said["id"], 0, 1, str(said["id"]), None)))
            sys.stdout.buffer.write(json.dumps(earlier).encode() + b"\n")
        elif how == 10:  # in pieces, with time between them
            for piece in (b'{"id":', b" " * 9, b"7}\n"):
                sys.stdout.buffer.write(piece)
                sys.stdout.buffer.flush()
                time.sleep(0.02)
        elif how == 11:  # begun, and gone
            sys.stdout.buffer.write(json.dumps(said).encode()[: draw.randrange(1, 30)])
            sys.stdout.buffer.flush()
            os._exit(draw.choice((0, 3)))
        elif how == 12:
            sys.stderr.write(draw.choice(("\x1b[2Jdone\n", "x" * 200000, "\udcff", "Traceback\n" * 3)))
            sys.stderr.flush()
        else:
            sys.exit(draw.choice((0, 1, 255)))
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n")
    sys.stdout.buffer.flush()
