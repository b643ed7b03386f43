"""The report in a real browser: it moves, sorts, fits a phone, and asks nobody for anything."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from docs import draw_report
from liftpose.postprocess import load_test_results
from liftpose.reporting import report_file
from tests.reporting.runs import FRAMES, NAMES, make_run


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A page, and the folder of the run that it is about."""
    folder = tmp_path_factory.mktemp("report")
    make_run(folder / "out")
    return report_file(folder / "out", folder / "report.html").path, folder / "out"


@pytest.fixture
def opened(browser, report):
    browser.open(report[0])
    browser.wait("await report.ready;")
    yield browser
    assert browser.errors() == []
    assert browser.requests() == []


def test_the_poses_in_the_scene_are_those_of_the_results(opened, report):
    truth, pose, _ = load_test_results(report[1])
    size = np.nanmax(pose) - np.nanmin(pose)
    for frame in (0, 1, FRAMES, 2 * FRAMES - 1):
        opened.wait("await report.player.seek(args[0]);", frame)
        for layer, values in (("pose", pose), ("truth", truth)):
            found = opened.run(
                "return Array.from(report.player.positions(arguments[0]),"
                " (v) => Number.isNaN(v) ? null : v);",
                layer,
            )
            there = np.array(found, dtype=float).reshape(-1, 3)
            np.testing.assert_allclose(there, values[frame], atol=3e-4 * size)


def test_it_plays_scrubs_and_toggles(opened):
    opened.wait(
        "report.player.play(); await new Promise((done) => {"
        " report.player.on('frame', (n) => { if (report.player.frame > 5) done(); }); });"
        " report.player.pause();"
    )
    assert opened.run("return report.player.frame;") > 5
    opened.wait("await report.player.seek(40);")
    assert opened.run("return report.player.frame;") == 40
    there = "return report.player.positions('truth') !== null;"
    assert opened.run(there)
    opened.run("report.player.toggle('truth', false);")
    assert opened.until(False, there) is False


def test_rows_of_tables_jump_to_their_frames(opened):
    wanted = opened.wait(
        "const button = document.querySelector('#table-recordings tbody tr:nth-child(2) .jump');"
        "button.click(); await new Promise((done) => setTimeout(done, 300));"
        "return Number(button.dataset.frame);"
    )
    assert wanted == FRAMES
    assert opened.run("return report.player.frame;") == wanted


def test_tables_sort_both_ways_and_copy(opened):
    opened.run(
        "window.head = document.querySelector('#table-joints thead th:nth-child(2) button');"
        "head.click();"
    )
    column = (
        "return [...document.querySelectorAll('#table-joints tbody tr td:nth-child(2)')]"
        ".map((cell) => Number(cell.dataset.value));"
    )
    falling = opened.run(column)
    assert falling == sorted(falling, reverse=True)
    assert opened.run("return head.parentNode.getAttribute('aria-sort');") == "descending"
    opened.run("head.click();")
    assert opened.run(column) == falling[::-1]
    copied = opened.wait(
        "let said = null; navigator.clipboard.writeText = async (text) => { said = text; };"
        "document.querySelector('[data-copies=table-joints]').click();"
        "await new Promise((done) => setTimeout(done, 100)); return said;"
    )
    rows = [line.split("\t") for line in copied.strip().split("\n")]
    assert len(rows) == len(falling) + 1
    assert rows[0][0] == "Joint"
    assert [float(row[1]) for row in rows[1:]] == falling[::-1]


def test_every_figure_is_drawn_and_a_click_seeks(opened):
    opened.wait(
        "for (const host of document.querySelectorAll('.plot')) {"
        " host.scrollIntoView();"
        " for (let i = 0; i < 100 && !host.querySelector('.main-svg'); i++)"
        "  await new Promise((done) => setTimeout(done, 50)); }"
    )
    names = opened.run(
        "return [...document.querySelectorAll('.plot')].filter((host) =>"
        " host.querySelector('.main-svg')).map((host) => host.dataset.figure);"
    )
    assert names == opened.run("return Object.keys(report.figures);")
    assert {"error-per-joint", "error-over-time", "calibration", "reliability"} <= set(names)
    frame = opened.wait(
        "const host = document.querySelector('[data-figure=error-over-time]');"
        "host.emit('plotly_click', { points: [{ customdata: 33 }] });"
        "await new Promise((done) => setTimeout(done, 300)); return report.player.frame;"
    )
    assert frame == 33


def test_the_numbers_that_are_read_are_those_of_the_file(opened, report):
    found = json.loads((report[1] / "evaluation.json").read_text())
    shown = opened.run("return document.querySelector('[data-fact=mpjpe]').innerText;")
    number = float(re.match(r"[\d.]+", shown)[0])
    assert number == pytest.approx(found["mpjpe"]["liftpose"], rel=5e-3)
    assert NAMES[1] in opened.run("return document.body.innerText;")


def test_words_are_there_before_any_script(browser, report):
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.driver.get("about:blank")
        browser.driver.get(report[0].as_uri())
        text = browser.driver.find_element("css selector", ".answer").text
        assert text.startswith("Joints are")
        still = browser.driver.find_element("css selector", "#still svg")
        assert still.size["height"] > 100
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("wide", [1000, 1280])
def test_tables_fit_a_window(opened, wide):
    opened.size(wide, 900)
    shown = opened.run(
        "return [...document.querySelectorAll('.scroll')]"
        ".map((one) => [one.scrollWidth, one.clientWidth]);"
    )
    assert len(shown) >= 4
    assert all(needed <= there for needed, there in shown)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_needs_no_scrolling_sideways(opened, theme):
    opened.media(prefers_color_scheme=theme)
    opened.size(390, 844, phone=True)
    opened.wait("await new Promise((done) => setTimeout(done, 300));")
    wide = opened.run("return [document.documentElement.scrollWidth, innerWidth];")
    assert wide[0] <= wide[1] == 390
    ground = opened.run("return getComputedStyle(document.body).backgroundColor;")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 26)"}[theme]


def test_print_is_light_and_without_controls(opened):
    opened.media(print_=True, prefers_color_scheme="dark")
    seen = opened.run(
        "const shown = (one) => getComputedStyle(document.querySelector(one)).display !== 'none';"
        "return ['#player', 'nav', 'button.copy', '#still', '.answer', 'table'].map(shown);"
    )
    assert seen == [False, False, False, True, True, True]
    assert opened.run("return getComputedStyle(document.body).color;") == "rgb(0, 0, 0)"


def test_it_is_reached_by_keyboard_alone(opened):
    first = opened.run(
        "return [...document.querySelectorAll('a, button, [tabindex]')]"
        ".filter((one) => one.tabIndex >= 0)[0].className;"
    )
    assert first == "skip"
    unnamed = opened.run(
        "return [...document.querySelectorAll('button, [role=region], [role=group], [role=img]')]"
        ".filter((one) => !(one.innerText || one.title || one.getAttribute('aria-label') ||"
        " one.getAttribute('aria-labelledby') || one.textContent).trim()).map((o) => o.outerHTML);"
    )
    assert unnamed == []


def test_the_documents_picture_of_a_report_is_made_by_the_code(
    browser, report, tmp_path, monkeypatch
):
    monkeypatch.setattr(draw_report, "PICTURE", tmp_path / "report.png")
    monkeypatch.setattr(draw_report, "FRAME", 50)
    assert draw_report.main([str(report[1])]) == 0
    with Image.open(tmp_path / "report.png") as opened:
        assert opened.size == (draw_report.WIDTH, draw_report.HEIGHT)
        drawn = np.asarray(opened.convert("RGB"), float)
    # The scene has colours; words have none.
    colourful = (np.ptp(drawn, axis=2) > 60).mean(axis=1)
    assert colourful[: len(drawn) // 4].max() < 0.001
    assert colourful[len(drawn) // 3 :].max() > 0.02
    assert draw_report.main(["two", "folders"]) == 2
