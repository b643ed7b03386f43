"""The page of a report: one file, small enough for a mail, of which every word is text."""

import base64
import re

import numpy as np
import pytest

from liftpose.plot.limbs import Limbs
from liftpose.plot.report import (
    Advice,
    Column,
    Fact,
    Findings,
    Mark,
    Row,
    Section,
    Table,
    figures,
    page,
)
from liftpose.plot.report.still import still, typical
from liftpose.plot.track import Track, decode_chunk
from liftpose.skeleton import Skeleton

NAN = float("nan")
WICKED = "</script><script>alert('1')</script>\"&{{title}}"


def small(name="nose", frames=3):
    limbs = Limbs.resolve(2, [(0, 1)], None, None)
    pose = np.arange(frames * 6.0).reshape(frames, 2, 3)
    return Track({"pose": pose, "truth": pose + 1}, (name, "tail"), limbs, unit="mm", title=name)


def wicked():
    table = Table(
        "t",
        WICKED,
        WICKED,
        (Column(WICKED), Column(WICKED, 2)),
        (Row((WICKED, NAN)), Row(("a", 1.0))),
    )
    shown = figures.novelty_over_time(np.ones(3), [(WICKED, 0, 3)])
    return Findings(
        WICKED,
        WICKED,
        (Fact("f", WICKED, WICKED, 1.5, WICKED),),
        (Advice(WICKED, WICKED),),
        small(WICKED),
        {"where": Section((WICKED,), (shown,), (table,))},
        ((WICKED, ((WICKED, WICKED),)),),
        WICKED,
        WICKED,
        {WICKED: WICKED},
        (WICKED,),
    )


def test_whatever_a_file_says_is_text():
    html = page(wicked())
    assert "<script>alert" not in html
    # What opens a script: data, libraries, and the page's own.
    calm = page(Findings("a", "a", (), (), small(), {}))
    assert html.count("<script") == calm.count("<script")
    assert "{{title}}" in html  # what looks like a place to fill is text, too


def test_numbers_that_are_not_known_are_dashes_and_sort_last():
    html = page(wicked())
    assert "<td>–</td>" in html
    assert '<td data-value="1.0">1.00</td>' in html


def test_rows_need_a_cell_for_each_column():
    with pytest.raises(ValueError, match="'t' has 1 cells; expected 2"):
        Table("t", "", "", (Column("a"), Column("b")), (Row(("x",)),))


def test_sides_are_told_apart_without_colours():
    rows = (Row(("l",), Mark("#0072b2", True), 7), Row(("r",), Mark("#0072b2", False)))
    table = Table("t", "", "", (Column("a"),), rows)
    html = page(Findings("a", "a", (), (), small(), {"where": Section((), (), (table,))}))
    assert 'data-side="left"' in html
    assert "background:transparent" in html
    assert 'data-frame="7"' in html


def test_the_still_shows_what_is_seen():
    skeleton = Skeleton(["a_l", "a_r", "c"], bones=[(0, 1), (1, 2)])
    pose = np.array([[[0, 0, 0], [1, 0, 0], [np.nan] * 3]], float)
    track = Track({"pose": pose, "truth": pose}, skeleton.joints, Limbs.of(skeleton), unit="mm")
    drawn = still(track, 0)
    assert drawn.count("<circle") == 2
    assert drawn.count('class="left"') == 1
    assert drawn.count("<line") == 3  # a bone, its truth, and the bar
    assert "mm</text>" in drawn
    assert "nan" not in drawn


def test_the_bar_of_the_still_is_to_scale():
    limbs = Limbs.resolve(2, [(0, 1)], None, None)
    pose = np.array([[[0, 0, 0], [0, 0, 7.0]]])
    drawn = still(Track({"pose": pose}, ("a", "b"), limbs, unit="cm"), 0)
    line = [float(v) for v in re.findall(r'[xy][12]="([\d.]+)"', drawn)]
    bone, bar = line[:4], line[4:]
    length = float(re.search(r">([\d.]+) cm<", drawn)[1])
    # Seen from 20 degrees above, what stands upright is that much shorter.
    scale = abs(bone[3] - bone[1]) / (7 * np.cos(np.radians(20)))
    assert bar[2] - bar[0] == pytest.approx(length * scale, rel=0.01)


def test_poses_that_are_nowhere_seen_are_an_empty_still():
    limbs = Limbs.resolve(1, [], None, None)
    track = Track({"pose": np.full((4, 1, 3), np.nan)}, ("a",), limbs)
    assert typical(track) in range(4)
    assert "<circle" not in still(track, 0)


def test_what_is_only_looked_at_is_kept_less_exactly_than_poses():
    rng = np.random.default_rng(0)
    pose = rng.normal(size=(50, 2, 3))
    pose[3, 1] = np.nan
    image = 300 + 90 * np.nan_to_num(pose[..., :2])
    layers = {"pose": pose, "spread": np.abs(pose), "image": image}
    limbs = Limbs.resolve(2, [], None, None)
    html = page(Findings("a", "a", (), (), Track(layers, ("a", "b"), limbs), {}))
    packed = re.search('id="track-0">([^<]*)<', html)[1]
    order = [("pose", 3), ("spread", 3), ("image", 2)]
    kept = decode_chunk(base64.b64decode(packed), order, 2)
    np.testing.assert_allclose(kept["pose"], pose, atol=np.nanmax(np.abs(pose)) / 2**15)
    for name, steps in (("image", 2114), ("spread", 151)):
        reach = np.nanmax(layers[name], (0, 1)) - np.nanmin(layers[name], (0, 1))
        np.testing.assert_allclose(kept[name] / reach, layers[name] / reach, atol=0.51 / steps)
        changes = np.diff(kept[name], axis=1) / reach * steps
        changes = changes[np.isfinite(changes)]
        np.testing.assert_allclose(changes, np.round(changes), atol=0.05)


def test_ten_thousand_frames_of_thirty_joints_fit_a_mail():
    frames, joints = 10_000, 30
    rng = np.random.default_rng(0)
    along = np.linspace(0, 400, frames)[:, None, None]
    truth = np.sin(along * rng.uniform(0.5, 2, (joints, 3)) + rng.uniform(0, 6, (joints, 3)))
    truth += rng.normal(0, 0.005, truth.shape)
    pose = truth + rng.normal(0, 0.02, truth.shape)
    layers = {
        "pose": pose,
        "truth": truth,
        "spread": 0.05 + 0.01 * np.abs(np.sin(along)) * rng.uniform(1, 2, pose.shape),
        "image": 300 + 100 * truth[..., :2] + rng.normal(0, 1, (frames, joints, 2)),
        "reprojected": 300 + 100 * pose[..., :2],
    }
    limbs = Limbs.resolve(joints, [(j, j + 1) for j in range(joints - 1)], None, None)
    errors = np.linalg.norm(layers["truth"] - pose, axis=2)
    shown = (
        figures.error_per_joint(errors, [f"joint {j}" for j in range(joints)],
                                [Mark("#000000", False)] * joints, "mm", 2.0),
        figures.error_over_time(errors.mean(1), [("", 0, frames)], "mm"),
    )  # fmt: skip
    lines = {"error": ("error", "mm", errors.mean(1))}
    names = tuple(f"joint {j}" for j in range(joints))
    track = Track(layers, names, limbs, unit="mm", fps=100, lines=lines)
    size = len(page(Findings("a", "a", (), (), track, {"where": Section((), shown)})).encode())
    print(f"a page of 10,000 frames of 30 joints: {size / 1e6:.2f} MB")
    assert size < 8e6
