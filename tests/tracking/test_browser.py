"""The comparison view in a real browser: its fields are not documented, so only a browser tells whether they hold."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from runner.pictures import record_pictures
from runner.report import report_model
from runner.report.views import html
from runner.tracking import mlflow_sweeps
from tests.commands.test_ui import served
from tests.report import fixtures, pages
from tests.report.fixtures import measured, spec

pytestmark = pytest.mark.browser

DRIVER = "/usr/bin/chromedriver"
SWITCHES = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1600,1500",
    # A mouse, so that charts show their tool bars where it points and not everywhere.
    "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
)  # fmt: skip
# A project with measured records: the documentation's picture is taken of it (never of hand-made ones).
MEASURED = "RUNNER_SCREENSHOT_OF"
PICTURE = Path(__file__).parents[2] / "docs" / "images" / "mlflow-comparison.png"
CHARTS = ("vs_baseline/speedup", "latency/p50_ms", "quality/mae_ppm", "latency/p50_ms vs. quality/mae_ppm")
NAMES = ("bilstm fp32 onnxruntime", "bilstm int8_dynamic onnxruntime", "bilstm fp32 openvino")


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[WebDriver]:
    assert Path(DRIVER).exists(), "apt-get install chromium chromium-driver"
    options = webdriver.ChromeOptions()
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(switch)
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "runner.toml").touch()
    label = "onnxruntime fp32"
    cells = [
        (spec(), "self", 1.0, 0.310),
        (spec(precision="int8_dynamic"), label, 1.43, 0.312),
        (spec(backend="openvino"), label, 1.12, 0.311),
    ]
    for number, (of, against, speedup, mae) in enumerate(cells):
        content = measured(f"20261121T09{number:02d}00-{number:08x}", of, spec(), against, speedup)
        content["metrics"]["quality/mae_ppm"] = mae
        fixtures.write(root, content)
    return root


def test_the_comparison_view_shows_the_charts_and_the_difference_from_the_baseline(
    project: Path, browser: WebDriver, tmp_path: Path
) -> None:
    (tmp_path / "page").mkdir()
    mlflow_sweeps.log_page(project, "of before", tmp_path / "page", {})
    with served(project) as (_, address):
        _open(browser, address)
        _await(browser, lambda driver: len(_bars(driver)) >= 9, 90)
        try:
            _await(browser, lambda driver: not _missing(_text(driver)), 60)
        finally:
            page = _text(browser)
            browser.save_screenshot(str(tmp_path / "comparison.png"))
    assert _missing(page) == []
    assert "sweep of before" not in page  # its page's run has nothing to compare
    assert "error" not in page.lower().replace("max_abs_error", "")
    compared = page.split("Compare by")[1]
    assert compared.index(NAMES[0]) < compared.index(NAMES[1])  # the baseline stands first
    if os.environ.get(MEASURED):
        _picture(browser, Path(os.environ[MEASURED]))


def test_the_pictures_of_a_record_open_as_files_and_in_its_page(browser: WebDriver, tmp_path: Path) -> None:
    record = pages.write(tmp_path, pages.content())
    (record.folder / "system_profile.txt").write_text("t_ns cpu_percent\n1 50\n2 60\n")
    files = record_pictures.write(record_pictures.of_record(record), record.folder)
    for name, title in (("latency.svg", "Latency in each process"), ("system_profile_graph.svg", "The machine while")):
        browser.get(files[name].as_uri())
        assert browser.execute_script("return document.querySelector('svg > title').textContent").startswith(title)
        assert browser.execute_script("return document.querySelectorAll('path').length") > 2
    (tmp_path / "page.html").write_text(html.render(report_model.collect(record)), encoding="utf-8")
    browser.get((tmp_path / "page.html").as_uri())
    widths = browser.execute_script("return [...document.images].map(one => one.naturalWidth)")
    assert widths == [960, 760]
    colour = browser.execute_script("return getComputedStyle(document.querySelector('svg .area.candidate')).stroke")
    assert colour == "rgb(31, 111, 180)"  # the page's own


def _picture(browser: WebDriver, measured_project: Path) -> None:
    with served(measured_project) as (_, address):
        _open(browser, address)
        _await(browser, lambda driver: len(_bars(driver)) >= 9, 90)
        browser.save_screenshot(str(PICTURE))


def _await(browser: WebDriver, holds: Callable[[WebDriver], bool], seconds: float) -> None:
    """The page draws itself in steps: what was found may have gone a moment later."""
    WebDriverWait(browser, seconds, ignored_exceptions=[StaleElementReferenceException]).until(holds)


def _missing(page: str) -> list[str]:
    words = (*CHARTS, *NAMES, "Difference from the baseline", "Compare by", "Show change from baseline")
    return [one for one in words if one not in page]


def _open(browser: WebDriver, address: str) -> None:
    # The UI opens a panel of its own beside the charts on a first visit; this one is not the first.
    browser.get(f"{address.split('/#/')[0]}/health")
    browser.execute_script("localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true')")
    browser.get(address)


def _bars(browser: WebDriver) -> list[object]:
    """The bars drawn so far: three charts of three runs."""
    return list(browser.find_elements(By.CSS_SELECTOR, ".barlayer .point path"))


def _text(browser: WebDriver) -> str:
    return str(browser.find_element(By.TAG_NAME, "body").text)
