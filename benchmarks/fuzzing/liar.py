"""A worker that answers as one would, and now and then something else, by a seed: `liar.py SEED FOLDER OUTPUTS`.

It starts without site-packages: thousands of them do.
"""

import json
import random
import shutil
import sys
import time

NAN = float("nan")
VALUES = (
    None, True, 0, -1, 10**30, 10**12, NAN, float("inf"), "x", "\x1b[31mx", "", [], {}, [[]], {"a": [1]},
    "x" * 70000, 1e-9, -0.5,
)  # fmt: skip
LINES = (
    b"not json\n", b"[1,2]\n", b"{}\n", b"\xff\xfe\n", b"\n" * 50, b"[" * 50000 + b"\n", b'{"id":-1}\n' * 200,
    b'{"id":1e999}\n',
)  # fmt: skip
SPEC = [{"name": "x", "shape": ["batch", 8, 1], "dtype": "float32"}]


def answer(request):
    """What an honest worker says."""
    do, count = request["do"], int(request.get("iterations", 1))
    if do == "load":
        effective = {"threads": 1, "providers": ["CPUExecutionProvider"]}
        return {
            "version": "1",
            "inputs": SPEC,
            "outputs": [dict(SPEC[0], name="y")],
            "effective": effective,
            "memory": "host",
            "clock": "host",
            "import_seconds": 0.1,
            "load_seconds": 0.1,
        }
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
        shutil.copy(sys.argv[3], request["out"])
        return {"samples": 3}
    return {"peak_rss_mb": 50.0, "rss_mb": 40.0}


def bent(tree):
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


draw = random.Random(f"answers/{sys.argv[1]}")
SELDOM = draw.choice((0.02, 0.1, 0.3))
for line in sys.stdin:
    request = json.loads(line)
    said = {"id": request["id"], "answer": answer(request)}
    if draw.random() < SELDOM:
        how = draw.randrange(10)
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
        else:
            sys.exit(draw.choice((0, 1, 255)))
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n")
    sys.stdout.buffer.flush()
