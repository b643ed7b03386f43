"""Tables of angles are read as they were written."""

import numpy as np
import pytest

from liftpose.postprocess import JointAngles
from liftpose.postprocess.angles import holds_angles


@pytest.mark.parametrize("spread", [True, False])
@pytest.mark.parametrize("fps", [None, 119.88])
@pytest.mark.parametrize("keys", [("",), ("walk", "turn", ("fly", 3))])
def test_what_is_written_is_read(tmp_path, spread, fps, keys):
    rng = np.random.default_rng(1)
    lengths = (12,) if len(keys) == 1 else (5, 4, 3)
    values = rng.uniform(0, 180, (12, 2)).round(4)
    values[3:5, 1] = np.nan
    sure = np.where(np.isnan(values), np.nan, 2.5) if spread else None
    names = ("hip-knee-toe", "left-hand-side-hip-knee")
    angles = JointAngles(names, values, sure, keys, lengths, fps)
    table = angles.to_csv(tmp_path / "angles.csv")
    assert holds_angles(table)
    again = JointAngles.from_csv(table)
    assert (again.names, again.lengths) == (names, lengths)
    assert again.keys == tuple(map(str, keys))
    np.testing.assert_array_equal(again.values, values)
    if spread:
        np.testing.assert_array_equal(again.spread, sure)
    else:
        assert again.spread is None
    assert again.fps == (None if fps is None else pytest.approx(fps, rel=1e-4))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("frame,nose_x,nose_y\n0,1,2\n", "no table of angles"),
        ("nose-x-1\n1\n", "no table of angles"),
        ("frame,time\n0,0\n", "no table of angles"),
        ("frame,a-b-c\n", "without a frame"),
        ("frame,a-b-c\n0,90\n1\n", "line 3: expected 2 cells, got 1"),
        ("frame,a-b-c\n0,right\n", "something else than numbers"),
    ],
)
def test_what_is_no_table_of_angles_is_refused(tmp_path, text, words):
    path = tmp_path / "table.csv"
    path.write_text(text)
    assert holds_angles(path) == ("no table" not in words)
    with pytest.raises(ValueError, match=words):
        JointAngles.from_csv(path)


def test_folders_and_files_of_bytes_are_no_tables(tmp_path):
    assert not holds_angles(tmp_path)
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")
    assert not holds_angles(tmp_path / "a.csv")
