"""Every format is tried on files that its tracker wrote, where there are any."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from liftpose.io import formats, open_poses, read_poses, registry
from tests.io.real_files import FILES, FOLDER

PROJECT = Path(__file__).parents[2]


def here(path: str) -> Path:
    if not FOLDER.exists():
        pytest.skip("the trackers' files are not here (LIFTPOSE_DATA names the folder)")
    return FOLDER / path


@pytest.mark.parametrize("real", FILES, ids=lambda real: f"{real.path}-{real.dims}D")
def test_a_file_of_a_tracker_is_read(real):
    path = here(real.path)
    poses = read_poses(path, **real.hints)
    assert poses.dims == real.dims
    assert len(poses.keys) == real.individuals
    assert poses.lengths == (real.frames,) * real.individuals
    assert poses.joint_count == real.joints
    assert np.isfinite(poses.points).any()
    with open_poses(path, **real.hints) as file:
        assert file.about.format == real.format
        parts = [part.points for part in file.chunks(100) if real.individuals == 1]
    if parts:
        np.testing.assert_array_equal(np.concatenate(parts), poses.points)


@pytest.mark.parametrize("path", sorted({real.path for real in FILES}))
def test_only_one_format_takes_it_for_its_own(path):
    file = here(path)
    head = b"" if file.is_dir() else file.read_bytes()[: registry.HEAD]
    formats()
    found = [
        entry.name
        for entry in registry._readers.values()
        if entry.folders == file.is_dir() and entry.recognises(file, head)
    ]
    assert found == [next(real.format for real in FILES if real.path == path)]


def test_what_was_tried_on_no_file_of_a_tracker_is_said_so():
    page = _page()
    tried = {(real.format, real.dims) for real in FILES}
    for entry in formats():
        if entry.name in page.OURS:
            continue
        assert {(entry.name, dims) for dims in entry.reads} - tried == {
            (entry.name, dims) for dims in entry.unproven
        }


def test_the_table_in_the_documents_is_that_of_the_registry():
    page = _page()
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.page(text) == text, "run python docs/make_formats.py"


def _page():
    spec = importlib.util.spec_from_file_location("formats_page", PROJECT / "docs/make_formats.py")
    page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page)
    return page
