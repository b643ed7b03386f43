"""The page of a report: one file, small enough for a mail, of which every word is text."""

import re
from dataclasses import replace

import numpy as np
import pytest

from liftpose.datasets import hexapod
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
from liftpose.plot.track import Track
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


def test_the_still_says_which_frame_of_the_file_it_is():
    track = small(frames=3)
    shown = replace(track, recordings=(("walk", 0, 3),), every=5, begins=(100,), rows=900)
    html = page(Findings("a", "a", (), (), shown, {}))
    assert "A typical frame, 105 of 900, in walk; grey: the truth." in html
    assert 'aria-label="The pose in frame 105"' in html


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


def test_ten_thousand_frames_of_thirty_joints_fit_a_mail():
    fly = hexapod(frames=1000, seed=1)
    # Packing looks back over fewer than a hundred frames: the same thousand again are no help.
    truth, image = (np.tile(one, (10, 1, 1)) for one in (fly.poses_3d, fly.pose_2d))
    rng = np.random.default_rng(0)
    wrong = 0.1 * np.sin(np.linspace(0, 2000, len(truth)))[:, None, None]
    pose = truth + wrong * rng.normal(size=truth.shape[1:]) + rng.normal(0, 0.02, truth.shape)
    spread = 0.1 + np.abs(wrong) * rng.uniform(0.5, 1, truth.shape[1:])
    spread = spread * rng.normal(1, 0.05, truth.shape)
    shown = fly.cameras[0].project(pose)
    layers = {"pose": pose, "truth": truth, "spread": spread, "image": image, "reprojected": shown}
    errors = np.linalg.norm(truth - pose, axis=2)
    drawn = (
        figures.error_per_joint(errors, fly.joints, [Mark("#000000", False)] * 30, "mm", 3.0),
        figures.error_over_time(errors.mean(1), [("", 0, 10_000)], "mm"),
    )
    lines = {"error": ("error", "mm", errors.mean(1)), "spread": ("spread", "mm", errors.mean(1))}
    track = Track(layers, fly.joints, Limbs.of(fly.skeleton), unit="mm", fps=100, lines=lines)
    html = page(Findings("a", "a", (), (), track, {"where": Section((), drawn)}))
    size = len(html.encode())
    print(f"a page of {track.frames:,} frames of {len(fly.joints)} joints: {size / 1e6:.2f} MB")
    assert size < 8e6
