"""A double of podman's command line: `image inspect`, and `run` of what an image's `python3` is told to do.

It knows the image `sdk` alone, whose id is IMAGE_ID unless `name` gave the name to another. `run` takes that image and
the flags that are listed here and no others, notes them in a file, and runs the command on this machine with the
variables that it was given: it shuts nothing off.
"""

from __future__ import annotations

import sys
from pathlib import Path

IMAGE_ID = "sha256:5d0"
CODE = """
import argparse, json, os, sys
if sys.argv[1:3] == ["image", "inspect"]:
    if sys.argv[-1] != "sdk":
        sys.exit("Error: inspecting object: " + sys.argv[-1] + ": image not known")
    print(open(ID).read())
    sys.exit(0)
parser = argparse.ArgumentParser(allow_abbrev=False)
parser.add_argument("do", choices=["run"])
for flag in ("--rm", "--interactive", "--read-only"):
    parser.add_argument(flag, action="store_true", required=True)
for flag in ("--pull", "--network", "--cap-drop", "--security-opt", "--tmpfs", "--workdir", "--entrypoint", "--user"):
    parser.add_argument(flag, required=True)
for flag in ("--env", "--mount"):
    parser.add_argument(flag, action="append", required=True)
for flag in ("--userns", "--memory", "--memory-swap"):
    parser.add_argument(flag)
parser.add_argument("image", choices=["sdk", open(ID).read()])
parser.add_argument("inside", nargs=argparse.REMAINDER)
found = parser.parse_args()
with open(NOTES, "a") as notes:
    notes.write(json.dumps(vars(found)) + "\\n")
env = dict(one.split("=", 1) for one in found.env)
os.execvpe(sys.executable, [sys.executable, *found.inside[1:]], {"PATH": os.environ["PATH"], **env})
"""


def write(folder: Path) -> Path:
    """A folder for PATH with that `podman`; it notes each `run` as a line of JSON in `folder/notes`."""
    program = folder / "bin" / "podman"
    program.parent.mkdir(parents=True)
    name(folder, IMAGE_ID)
    places = f"NOTES, ID = {str(folder / 'notes')!r}, {str(folder / 'id')!r}"
    program.write_text(f"#!{sys.executable}\n{places}\n{CODE}")
    program.chmod(0o755)
    return program.parent


def name(folder: Path, image_id: str) -> None:
    """Give the name `sdk` to the image of that id."""
    (folder / "id").write_text(image_id)
