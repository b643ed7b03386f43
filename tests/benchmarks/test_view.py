"""The benchmark of view: it starts the command, asks for what a page does, and ends it."""

from benchmarks import view
from liftpose.io import open_poses


def test_it_measures_a_short_recording_without_a_browser(tmp_path, monkeypatch):
    monkeypatch.setattr(view, "PIECE", 300)
    path = view.make_file(tmp_path, 600)
    with open_poses(path) as poses:
        assert poses.about.frames == 600
    row = view.measure(path, 600, None)
    assert row.frames == 600
    assert 0 < row.address < row.first
    assert min(row.far, row.whole, row.megabytes) > 0
    assert 10 < row.peak < 2000
