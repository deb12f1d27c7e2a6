"""How large a sweep's page is, and how long a browser takes to open it.

`python benchmarks/sweep_page.py [--rounds N]`: the page of 200 cells (5 models, 4 precisions, 5 backends, 2 thread
counts; one in ten not measured), each round opened anew by headless Chromium as a file. Prints its size, how long the
page took to make, and the median time to the end of its load event, first layout included. Exit code 1 where a target
is missed.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.support.timed import row, verdict
from tests.report import fixtures, sweeps

MODELS = ("bilstm", "gru", "lstm", "mlp", "tcn")
PRECISIONS = ("fp32", "int8", "int8_dynamic", "bf16")
BACKENDS = ("onnxruntime", "openvino", "torch", "tvm", "litert")
THREADS = (1, 2)
SECONDS, MEGABYTES = 1.0, 1.5
DRIVER = "/usr/bin/chromedriver"


def contents() -> Iterator[dict[str, Any]]:
    """The cells' records, of which every tenth is unavailable."""
    for number, cell in enumerate(itertools.product(MODELS, PRECISIONS, BACKENDS, THREADS)):
        key = "-".join(map(str, cell))
        yield {**_content(number, *cell), "spec_key": key, "sweep": sweeps.NAME, "comparisons": 180}


def _content(number: int, model: str, precision: str, backend: str, threads: int) -> dict[str, Any]:
    of = fixtures.spec(model=model, precision=precision, backend=backend)
    of["backend"] = {**of["backend"], "threads": threads}
    name = f"20261121T{9 + number // 60:02d}{number % 60:02d}00-{number:08x}"
    if number % 10 == 9:
        return fixtures.not_measured(name, of, "unavailable", f"{backend} is not installed.", "python -m runner doctor")
    speedup = 0.5 + (number * 37 % 200) / 100
    found = fixtures.measured(name, of, fixtures.spec(model=model), sweeps.ORT, speedup)
    found["metrics"]["quality/mae_ppm"] = 0.3 + (number * 61 % 200) / 1000
    return found


def page(folder: Path) -> Path:
    """The page, made as the command makes it, once its records are read."""
    from runner.report import sweep_page
    from runner.report.views import sweep_html

    table = sweeps.write(folder / "project", list(contents()))
    start = time.monotonic()
    text = sweep_html.render(sweep_page.collect(table))
    print(f"{len(table.rows)} cells: made in {time.monotonic() - start:.2f} s")
    file = folder / "sweep.html"
    file.write_text(text, encoding="utf-8")
    return file


def opened(file: Path, rounds: int) -> list[float]:
    """Seconds from the start of each navigation to the end of its load event and the layout of the whole page."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    for switch in ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"):
        options.add_argument(switch)
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        return [_once(driver, file) for _ in range(rounds)]
    finally:
        driver.quit()


def _once(driver: Any, file: Path) -> float:
    driver.get("about:blank")
    driver.get(file.as_uri())
    # Reading a size makes the browser lay the page out, if it hasn't.
    driver.execute_script("return document.documentElement.scrollHeight")
    return float(driver.execute_script("return performance.getEntriesByType('navigation')[0].duration")) / 1000


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=10)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = page(Path(folder))
        size = file.stat().st_size / 1e6
        seconds = opened(file, options.rounds)
    small = size < MEGABYTES
    print(f"{'reached' if small else 'missed'}: size {size:.3f} MB, target < {MEGABYTES:g} MB")
    print(row("open", seconds))
    return 0 if verdict("open", seconds, SECONDS) and small else 1


if __name__ == "__main__":
    sys.exit(main())
