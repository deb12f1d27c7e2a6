"""The page in a real browser: on a wide and a narrow screen, in light and dark, on paper."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver

from runner.report import report_model, sweep_page
from runner.report.views import html, sweep_html
from tests.report import pages, sweeps

pytestmark = pytest.mark.browser

DRIVER = "/usr/bin/chromedriver"
SWITCHES = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    tmp_path = tmp_path_factory.mktemp("browser")
    assert Path(DRIVER).exists(), "apt-get install chromium chromium-driver"
    options = webdriver.ChromeOptions()
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    driver.get(_page(tmp_path).as_uri())
    yield driver
    driver.quit()


def _page(folder: Path) -> Path:
    file = folder / "page.html"
    content = pages.content(warnings=["other processes kept 1.7 CPUs busy"])
    file.write_text(html.render(report_model.collect(pages.write(folder / "project", content))), encoding="utf-8")
    return file


def _emulate(browser: webdriver.Chrome, media: str, scheme: str, width: int) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def _colours(browser: WebDriver, selector: str) -> tuple[int, int]:
    """Brightness (0 to 255) of an element's text and of the page's paper."""
    element, body = browser.find_element(By.CSS_SELECTOR, selector), browser.find_element(By.TAG_NAME, "body")
    shown = [element.value_of_css_property("color"), body.value_of_css_property("background-color")]
    found = [sum(map(int, text[text.index("(") + 1 :].split(",")[:3])) // 3 for text in shown]
    return found[0], found[1]


def test_the_page_shows_its_pictures_without_errors_and_without_the_network(browser: webdriver.Chrome) -> None:
    assert browser.get_log("browser") == []
    assert browser.find_element(By.CSS_SELECTOR, "h1 .ratio").text == "1.02×"
    assert [svg.is_displayed() for svg in browser.find_elements(By.TAG_NAME, "svg")] == [True, True]
    assert len(browser.find_elements(By.CSS_SELECTOR, "svg .flagged")) == 1
    assert "other processes kept 1.7 CPUs busy" in browser.find_element(By.TAG_NAME, "body").text
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0


@pytest.mark.parametrize(
    ("media", "scheme", "dark"),
    [("screen", "light", False), ("screen", "dark", True), ("print", "dark", False)],
)
def test_text_stands_out_from_the_paper(media: str, scheme: str, dark: bool, browser: webdriver.Chrome) -> None:
    _emulate(browser, media, scheme, 1000)
    for selector in (".finding", ".aside", ".verdict", "tbody th"):
        text, paper = _colours(browser, selector)
        assert (paper < 60) if dark else (paper > 240)
        assert abs(text - paper) > 80


@pytest.mark.parametrize("width", [360, 760, 1600])
def test_no_width_needs_scrolling_sideways(width: int, browser: webdriver.Chrome) -> None:
    _emulate(browser, "screen", "light", width)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [360, 1000])
def test_labels_of_the_pictures_do_not_overlap_and_lie_inside(width: int, browser: webdriver.Chrome) -> None:
    _emulate(browser, "screen", "light", width)
    for svg in browser.find_elements(By.TAG_NAME, "svg"):
        frame = svg.rect
        boxes = [text.rect for text in svg.find_elements(By.TAG_NAME, "text")]
        for box in boxes:
            assert frame["x"] <= box["x"]
            assert box["x"] + box["width"] <= frame["x"] + frame["width"] + 1
            assert box["y"] + box["height"] <= frame["y"] + frame["height"] + 1
        assert _overlapping(boxes) == []


def _overlapping(boxes: Sequence[Mapping[str, float]]) -> list[tuple[Mapping[str, float], Mapping[str, float]]]:
    return [
        (one, other)
        for place, one in enumerate(boxes)
        for other in boxes[place + 1 :]
        if one["x"] < other["x"] + other["width"]
        and other["x"] < one["x"] + one["width"]
        and one["y"] + 3 < other["y"] + other["height"]
        and other["y"] + 3 < one["y"] + one["height"]
    ]


@pytest.fixture
def sweep(browser: webdriver.Chrome, tmp_path: Path) -> webdriver.Chrome:
    file = tmp_path / "sweep.html"
    file.write_text(sweep_html.render(sweep_page.collect(sweeps.write(tmp_path / "project"))), encoding="utf-8")
    browser.get(file.as_uri())
    return browser


@pytest.mark.parametrize("width", [400, 1600])
def test_a_sweeps_page_needs_no_scrolling_sideways(width: int, sweep: webdriver.Chrome) -> None:
    _emulate(sweep, "screen", "light", width)
    assert sweep.execute_script("return document.documentElement.scrollWidth") <= width
    assert [svg.is_displayed() for svg in sweep.find_elements(By.TAG_NAME, "svg")] == [True, True]
    assert sweep.get_log("browser") == []
    assert sweep.execute_script("return performance.getEntriesByType('resource').length") == 0


def test_on_a_narrow_screen_a_sweeps_tables_and_pictures_scroll_inside(sweep: webdriver.Chrome) -> None:
    _emulate(sweep, "screen", "light", 400)
    wider = "return [...document.querySelectorAll('.scroll')].map(one => one.scrollWidth > one.clientWidth)"
    assert sweep.execute_script(wider)[:3] == [True, True, True]


def test_a_screen_reader_is_told_what_a_sweeps_pictures_are(sweep: webdriver.Chrome) -> None:
    pictures = sweep.find_elements(By.TAG_NAME, "svg")
    assert [(one.aria_role, one.accessible_name) for one in pictures] == [
        ("image", "mae, ppm (less is better) against latency of an inference, p50 ms"),
        ("image", "Speed-up of 3 cells, with intervals"),
    ]


@pytest.mark.parametrize("width", [400, 1600])
def test_labels_of_a_sweeps_pictures_do_not_overlap(width: int, sweep: webdriver.Chrome) -> None:
    _emulate(sweep, "screen", "light", width)
    for svg in sweep.find_elements(By.TAG_NAME, "svg"):
        assert _overlapping([text.rect for text in svg.find_elements(By.TAG_NAME, "text")]) == []
