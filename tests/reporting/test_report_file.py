"""Reports on runs and on files: what they say is what the files say."""

import json
import math
import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest

import liftpose
from liftpose import load, reporting
from liftpose.io import read_lifted, read_poses, write_poses
from liftpose.metrics import joint_errors
from liftpose.plot.track import decode_chunk
from liftpose.poses import Lifted
from liftpose.postprocess import load_test_results
from liftpose.reporting import report_file
from liftpose.reporting.of_run import gather_run
from liftpose.reporting.shown import kept_rows
from tests.lifter.test_published import make_folder
from tests.reporting.runs import FRAMES, NAMES


class Page(HTMLParser):
    """Facts, tables, scripts and heads of a page, as a browser would find them."""

    def __init__(self, html):
        super().__init__()
        self.facts, self.tables, self.scripts = {}, {}, {}
        self.heads, self.text, self.tags = [], [], []
        self.prose, self._tag = [], None
        self._table = self._script = None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        said = dict(attributes)
        self.tags.append((tag, said))
        self._tag = tag
        if "data-fact" in said:
            self.facts[said["data-fact"]] = float(said.get("data-value", "nan"))
        if tag == "table":
            self._table = self.tables.setdefault(said["id"], [])
        if tag == "tr" and self._table is not None:
            self._table.append([])
        if tag in ("td", "th") and self._table is not None:
            self._table[-1].append([said.get("data-value"), ""])
        if tag == "script":
            self._script = said.get("id", "own")
        if re.fullmatch("h[1-6]", tag):
            self.heads.append(int(tag[1]))

    def handle_endtag(self, tag):
        if tag == "table":
            self._table = None
        if tag == "script":
            self._script = None

    def handle_data(self, data):
        if self._script is not None:
            self.scripts[self._script] = self.scripts.get(self._script, "") + data
            return
        self.text.append(data)
        self.prose.append((self._tag, data))
        if self._table and self._table[-1]:
            self._table[-1][-1][1] += data

    def column(self, table, head):
        """Numbers of a column, by the text of the first."""
        rows = self.tables[table]
        place = [text for _, text in rows[0]].index(head)
        return {row[0][1]: float(row[place][0] or "nan") for row in rows[1:]}


@pytest.fixture(scope="module")
def written(run, tmp_path_factory):
    path = tmp_path_factory.mktemp("reports") / "report.html"
    return report_file(run, path), Page(path.read_text(encoding="utf-8"))


def test_the_headline_has_the_numbers_of_the_evaluation(run, written):
    report, page = written
    found = json.loads((run / "evaluation.json").read_text())
    assert page.facts["mpjpe"] == found["mpjpe"]["liftpose"]
    assert page.facts["ridge"] == found["mpjpe"]["ridge"]
    assert page.facts["mean_pose"] == found["mpjpe"]["mean_pose"]
    assert page.facts["coverage"] == found["trust"]["levels"]["0.9"]["ball"]["share"]
    assert page.facts["frames"] == report.frames == len(NAMES) * FRAMES
    kept = json.loads(page.scripts["numbers"])["evaluation"]
    assert kept["mpjpe"] == found["mpjpe"]
    assert kept["trust"] == found["trust"]


def test_the_table_of_joints_is_that_of_the_evaluation(run, written):
    _, page = written
    found = json.loads((run / "evaluation.json").read_text())["mpjpe_per_joint"]
    names = load(run).skeleton_known.joints
    for head, which in (("Error (mm)", "liftpose"), ("Ridge (mm)", "ridge")):
        column = page.column("table-joints", head)
        assert len(column) == len(found)
        for joint, errors in found.items():
            assert column[names[int(joint)]] == pytest.approx(errors[which], rel=1e-5)


def test_recordings_have_their_own_errors(run, written):
    _, page = written
    gt, pred, good = load_test_results(run)
    errors = joint_errors(np.where(good, gt, np.nan), pred)
    column = page.column("table-recordings", "Error (mm)")
    for place, name in enumerate(NAMES):
        own = errors[place * FRAMES : (place + 1) * FRAMES]
        assert column[name] == pytest.approx(np.nanmean(own), rel=1e-5)
    worst = page.column("table-worst", "Mean error (mm)")
    row = int(np.nanargmax(np.nanmean(np.where(good.all(2), errors, np.nan), axis=1)))
    first = next(iter(worst))
    assert first == f"{NAMES[row // FRAMES]}, {row % FRAMES}"
    assert worst[first] == pytest.approx(np.nanmean(errors[row]), rel=1e-5)


def test_bars_of_single_joints_hold_as_often_as_a_slow_count_says(run, written):
    _, page = written
    of = gather_run(run)
    column = page.column("table-joints", "90 % bars hold (%)")
    joint = of.targets[3]
    radius = of.lifted.radius(0.9)[:, joint]
    inside = [
        np.linalg.norm(true - found) <= reach
        for true, found, reach in zip(of.true[:, 3], of.found[:, 3], radius, strict=True)
        if np.isfinite(true).all()
    ]
    assert column[of.skeleton.joints[joint]] == pytest.approx(100 * np.mean(inside))


def test_the_player_gets_the_poses_of_the_results(run, written):
    _, page = written
    said = json.loads(page.scripts["track"])
    gt, pred, _ = load_test_results(run)
    order = [(layer["name"], layer["dims"]) for layer in said["layers"]]
    assert [name for name, _ in order] == ["pose", "truth", "spread", "image", "reprojected"]
    import base64

    data = base64.b64decode(page.scripts["track-0"])
    layers = decode_chunk(data, order, len(said["joints"]))
    size = np.nanmax(pred) - np.nanmin(pred)
    np.testing.assert_allclose(layers["pose"], pred, atol=1e-4 * size)
    np.testing.assert_allclose(layers["truth"], gt, atol=1e-4 * size)
    # Seen by the same camera, a pose that is right is where its 2D is.
    off = np.linalg.norm(layers["reprojected"] - layers["image"], axis=2)
    assert np.nanmedian(off) < 15
    assert [one["name"] for one in said["recordings"]] == list(NAMES)
    assert said["fps"] == 100
    assert len(said["marks"]) == len(page.tables["table-worst"]) - 1
    # Ellipsoids are as large as the error bars that are spoken of.
    assert said["bar"] == pytest.approx(load(run).uncertainty.bars.of_interval(0.9))
    assert said["bar_label"] == "90% of each coordinate"


def test_names_of_joints_are_words_but_in_tables(written):
    _, page = written
    names = [row[0][1] for row in page.tables["table-joints"][1:]]
    assert "left_front_claw" in names
    drawn = json.loads(page.scripts["figures"])
    assert drawn["error-per-joint"]["layout"]["xaxis"]["ticktext"][0] == names[0].replace("_", " ")
    prose = [text for tag, text in page.prose if tag in ("p", "li", "figcaption")]
    for figure in drawn.values():
        prose += [str(trace.get("text", "")) for trace in figure["data"]]
        prose += [trace.get("name", "") for trace in figure["data"]]
    prose += [mark["text"] for mark in json.loads(page.scripts["track"])["marks"]]
    told = " ".join(prose)
    assert any(name.replace("_", " ") in told for name in names)
    assert not [name for name in names if name in told]


def test_names_from_files_are_text_and_nothing_else(written):
    _, page = written
    scripts = [said for tag, said in page.tags if tag == "script"]
    # Those with an id hold data; one, without, is the page's own.
    assert sum("id" not in said for said in scripts) == 1
    assert NAMES[1] in page.tables["table-recordings"][2][0][1]
    assert not [said for _, said in page.tags for name in said if name.startswith("on")]


def test_the_page_names_no_other_place(written):
    report, page = written
    for _, said in page.tags:
        for name in ("src", "href", "srcset", "action", "data"):
            assert said.get(name, "#").startswith(("#", "data:"))
    assert "@import" not in report.path.read_text(encoding="utf-8").split("</style>")[0]


def test_heads_are_in_order_and_everything_is_labelled(written):
    _, page = written
    assert page.heads[0] == 1
    assert page.heads.count(1) == 1
    assert all(
        after - before <= 1 for before, after in zip(page.heads, page.heads[1:], strict=False)
    )
    ids = [said["id"] for _, said in page.tags if "id" in said]
    assert len(ids) == len(set(ids))
    for _, said in page.tags:
        for name in ("aria-labelledby", "data-copies"):
            assert said.get(name) is None or said[name] in ids


def test_methods_say_what_was_done(run, written):
    _, page = written
    text = " ".join(page.text)
    choice, lifter = load(run).choice, load(run)
    assert f"trained on {choice['frames']:,} frames" in text
    assert choice["folds"] in text
    assert f"weight {lifter.weights['kernel']:.2f}" in text
    assert "Gosztolai A" in text
    assert "10.1038/s41592-021-01226-z" in text
    assert lifter.digest in text
    assert "fast (default default)" in text
    assert "residual networks" not in text  # none was trained


def test_a_file_with_truth_has_the_errors_of_the_test(run, tmp_path):
    path = tmp_path / "r.html"
    report = report_file(
        run / "lifted.nc", path, truth=run / "deep.nc", poses_2d=run / "flat.nc", title="A & B"
    )
    page = Page(path.read_text(encoding="utf-8"))
    gt, pred, good = load_test_results(run)
    errors = joint_errors(np.where(good, gt, np.nan), pred)[:FRAMES]
    assert page.facts["mpjpe"] == pytest.approx(np.nanmean(errors), rel=1e-5)
    assert "ridge" not in page.facts
    assert "A & B" in page.text
    assert any("linear map and the mean pose are not known" in text for text in page.text)
    assert report.as_dict()["evaluation"]["mpjpe"]["liftpose"] == page.facts["mpjpe"]
    held = page.column("table-joints", "Not seen (%)")
    hidden = np.isnan(read_poses(run / "flat.nc").sure(0.1).points).any(2).mean(0)
    joints = load(run).skeleton_known.joints
    assert held["left_front_claw"] == pytest.approx(100 * hidden[joints.index("left_front_claw")])


def test_a_file_alone_says_what_it_does_not_know(run, tmp_path):
    path = tmp_path / "r.html"
    report = report_file(run / "lifted.nc", path)
    page = Page(path.read_text(encoding="utf-8"))
    assert report.answer.startswith("How good these poses are is not known")
    assert "mpjpe" not in page.facts
    assert any("--truth" in text for text in page.text)
    assert any("--poses-2d" in text for text in page.text)
    spread = page.column("table-joints", "Spread (mm)")
    own = read_lifted(run / "lifted.nc").spread
    joints = load(run).skeleton_known.joints
    place = joints.index("left_front_claw")
    expected = math.sqrt(float(np.nanmean(np.square(own[:, place].astype(float)).sum(1))))
    assert spread["left_front_claw"] == pytest.approx(expected)


def test_poses_without_skeleton_are_points(tmp_path):
    points = np.random.default_rng(0).normal(size=(5, 3, 3)).astype(np.float32)
    points[2:] = np.nan
    lifted = Lifted(points, points, ("walk",), (5,), joints=("<i>", "b", "c"))
    write_poses(lifted, tmp_path / "p.nc")
    report_file(tmp_path / "p.nc", tmp_path / "p.html")
    page = Page((tmp_path / "p.html").read_text(encoding="utf-8"))
    assert json.loads(page.scripts["track"])["bones"] == []
    with pytest.raises(ValueError, match="roots"):
        report_file(tmp_path / "p.nc", tmp_path / "q.html", truth=tmp_path / "p.nc")


def test_frames_are_chosen_and_long_recordings_thinned(run, tmp_path):
    report = report_file(run, tmp_path / "r.html", frames=(90, 109))
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    said = json.loads(page.scripts["track"])
    assert report.shown == said["frames"] == 20
    assert [(one["first"], one["frames"]) for one in said["recordings"]] == [(0, 10), (10, 10)]
    assert [(one["row"], one["skipped"]) for one in said["recordings"]] == [(90, 90), (100, 0)]
    assert page.facts["frames"] == report.frames == 2 * FRAMES
    assert any("from 90 to 109" in text for text in page.text)
    for figure in json.loads(page.scripts["figures"]).values():
        if figure["seeks"]:
            assert max(figure["data"][0]["customdata"]) == 19
    with pytest.raises(ValueError, match="asked for 90 to 500"):
        report_file(run, tmp_path / "s.html", frames=(90, 500))


def test_more_than_there_is_room_for_is_thinned(run):
    of = gather_run(run)
    shape = (30_000, 30, 3)
    long = of.__class__(
        of.source, of.skeleton, of.targets, ("a", "b"), (20_001, 9_999), np.zeros(shape)
    )
    rows = kept_rows(long, None)
    assert len(rows) * 30 <= 330_000 + 60
    assert {0, 20_001} <= set(rows.tolist())


def test_a_page_that_is_too_large_shows_fewer_frames(run, tmp_path, monkeypatch):
    whole = report_file(run, tmp_path / "whole.html")
    monkeypatch.setattr(reporting, "LARGEST", whole.size - 1000)
    less = report_file(run, tmp_path / "less.html")
    assert less.shown == whole.shown / 2
    assert less.size < whole.size - 1000
    page = Page(less.path.read_text(encoding="utf-8"))
    assert any("one frame in 2" in text for text in page.text)
    assert json.loads(page.scripts["track"])["fps"] == 50


def test_a_test_on_other_data_is_told(run, tmp_path):
    other = tmp_path / "out"
    shutil.copytree(run, other)
    tests = read_poses(run / "flat.nc"), read_poses(run / "deep.nc")
    liftpose.test(other, *(poses.part(0, 40) for poses in tests))
    report_file(other, tmp_path / "r.html")
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert any("other data" in text for text in page.text)
    found = json.loads((other / "evaluation.json").read_text())
    assert page.facts["mpjpe"] == found["mpjpe"]["liftpose"]
    assert page.facts["frames"] == 40


@pytest.mark.parametrize("out_dim", [1, 3])
def test_runs_of_0_22_are_reported_on_as_far_as_they_go(tmp_path, out_dim):
    folder = make_folder(tmp_path / "run", out_dim)
    liftpose.test(folder.path)
    report_file(folder.path, tmp_path / "r.html")
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    found = json.loads((folder.path / "evaluation.json").read_text())
    assert page.facts["mpjpe"] == found["mpjpe"]["liftpose"]
    assert set(page.facts) == {"mpjpe", "frames"}
    assert any("trained by liftpose 0.22" in text for text in page.text)
    column = page.column("table-joints", "Error")
    for joint, errors in found["mpjpe_per_joint"].items():
        known = math.nan if errors["liftpose"] is None else errors["liftpose"]
        assert column[joint] == pytest.approx(known, rel=1e-4, nan_ok=True)


def test_depth_alone_is_reported_on(tmp_path):
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(400, 5))
    pose = (hidden @ rng.normal(size=(5, 18))).reshape(-1, 6, 3)
    flat, deep = {"a": pose[:300, :, :2], "b": pose[300:, :, :2]}, pose[..., 2:]
    liftpose.train(
        {"a": 40 * flat["a"]},
        {"b": 40 * flat["b"]},
        {"a": deep[:300]},
        {"b": deep[300:]},
        [0],
        [1, 2, 3, 4, 5],
        tmp_path / "out",
        training_kwargs={"effort": "fast"},
    )
    liftpose.test(tmp_path / "out")
    report_file(tmp_path / "out", tmp_path / "r.html")
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    found = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert page.facts["mpjpe"] == found["mpjpe"]["liftpose"]
    column = page.column("table-joints", "Ridge")
    assert column["3"] == pytest.approx(found["mpjpe_per_joint"]["3"]["ridge"], rel=1e-5)


def test_what_cannot_be_reported_on_is_told(run, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        report_file(tmp_path / "nowhere", tmp_path / "r.html")
    with pytest.raises(ValueError, match="no folder of a run"):
        report_file(tmp_path, tmp_path / "r.html")
    untested = tmp_path / "untested"
    shutil.copytree(run, untested)
    (untested / "evaluation.json").unlink()
    with pytest.raises(ValueError, match="liftpose evaluate"):
        report_file(untested, tmp_path / "r.html")
    with pytest.raises(ValueError, match="--truth goes with a file"):
        report_file(run, tmp_path / "r.html", truth=run / "deep.nc")
    with pytest.raises(ValueError, match="2D"):
        report_file(run / "flat.nc", tmp_path / "r.html")
    (tmp_path / "there.html").write_text("mine")
    with pytest.raises(FileExistsError):
        report_file(run, tmp_path / "there.html")
    assert (tmp_path / "there.html").read_text() == "mine"
    short = read_poses(run / "deep.nc").part(0, 50)
    write_poses(short, tmp_path / "short.nc")
    with pytest.raises(ValueError, match="50 frames and .* has 100"):
        report_file(run / "lifted.nc", tmp_path / "r.html", truth=tmp_path / "short.nc")
    assert not (tmp_path / "r.html").exists()
