"""The time line that is found block by block is that of all rows at once."""

from itertools import pairwise
from threading import Event, Timer

import numpy as np
import pytest

from liftpose.view import overview
from liftpose.view.overview import BINS, MARKS, Overview


def slowly(values, count):
    """Lowest and highest of each stretch, one value after another."""
    starts = [number * len(values) // count for number in range(count)] + [len(values)]
    bands = []
    for start, stop in pairwise(starts):
        known = [value for value in values[start:stop] if np.isfinite(value)]
        bands.append((min(known), max(known)) if known else (None, None))
    return bands


@pytest.mark.parametrize("frames", [1, 6, BINS, BINS + 1, 4321])
@pytest.mark.parametrize("block", [7, 1000, 8192])
def test_bands_are_those_of_all_rows(monkeypatch, frames, block):
    monkeypatch.setattr(overview, "BLOCK", block)
    values = np.round(np.random.default_rng(1).normal(size=frames), 2)
    values[frames // 3 : frames // 2] = np.nan
    found = Overview(frames, {"error": ("Error", "mm")}, lambda a, b: {"error": values[a:b]})
    found.find()
    state = found.state()
    assert state["done"] == state["frames"] == frames
    line = state["lines"][0]
    count = min(frames, BINS)
    expected = slowly(values, count)
    assert line["low"] == [low for low, _ in expected]
    assert line["high"] == [high for _, high in expected]


def test_marks_are_the_worst_frames_that_lie_apart():
    values = np.zeros(5000)
    values[[1000, 1001, 1002, 3000, 40]] = [9, 8, 7, 5, 3]
    found = Overview(5000, {"error": ("Error", "mm")}, lambda a, b: {"error": values[a:b]})
    found.find()
    marks = found.state()["marks"]
    assert {40, 1000, 3000} <= {mark["frame"] for mark in marks}
    assert not {1001, 1002} & {mark["frame"] for mark in marks}
    assert {"frame": 1000, "text": "Error 9 mm"} in marks
    assert [mark["frame"] for mark in marks] == sorted(mark["frame"] for mark in marks)
    assert len(marks) <= MARKS


def test_errors_judge_frames_before_novelty_does():
    lines = {"novelty": ("Novelty", "percentile"), "error": ("Error", "")}
    rows = {"novelty": np.arange(9.0), "error": np.arange(9.0)[::-1]}
    found = Overview(9, lines, lambda a, b: {name: row[a:b] for name, row in rows.items()})
    found.find()
    assert found.state()["marks"][0] == {"frame": 0, "text": "Error 8"}


def test_it_grows_in_its_thread_and_can_be_stopped(monkeypatch):
    monkeypatch.setattr(overview, "BLOCK", 10)
    reached, stopped = Event(), Event()

    def values(start, stop):
        if start == 50:
            reached.set()
            stopped.wait()
        return {"error": np.arange(float(start), float(stop))}

    found = Overview(1000, {"error": ("Error", "mm")}, values)
    found.start()
    reached.wait()
    assert found.state()["done"] == 50
    Timer(0.05, stopped.set).start()
    found.stop()
    state = found.state()
    assert state["done"] == 60
    assert state["lines"][0]["high"][59] == 59
    assert state["lines"][0]["high"][60] is None


def test_a_file_that_cannot_be_read_on_is_said():
    def values(start, stop):
        raise ValueError("walk.nc is damaged")

    found = Overview(100, {"error": ("Error", "mm")}, values)
    found.start()
    found.stop()
    assert found.state()["failure"] == "walk.nc is damaged"


def test_a_file_with_nothing_to_show_in_time_is_done_at_once():
    found = Overview(100, {}, lambda a, b: {})
    found.find()
    assert found.state() == {"done": 100, "frames": 100, "failure": None, "lines": [], "marks": []}
