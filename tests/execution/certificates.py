"""Certificates of a test's own, made by the commands of docs/cluster.md."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.conftest import REPOSITORY


def certificates(folder: Path) -> dict[str, str]:
    """The three files of `schedule.tls` in `folder`, of an authority of their own."""
    folder.mkdir(parents=True)
    blocks = re.findall(r"```sh\n(.*?)```", (REPOSITORY / "docs" / "cluster.md").read_text(), re.DOTALL)
    script = next(block for block in blocks if block.startswith("openssl"))
    subprocess.run(["sh", "-ec", script], cwd=folder, check=True, capture_output=True)
    return {name: str(folder / f"{name}.pem") for name in ("ca", "cert", "key")}
