"""The record: what a fit may see, what is kept, the measures, and the bars."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import recordings, report
from benchmarks.record import (
    accuracy,
    bars,
    costs,
    figures,
    fitting,
    floor,
    main,
    measures,
    plain,
    scaling,
    sources,
    tables,
)
from benchmarks.record.accuracy import Row, Scored
from benchmarks.record.cases import CASES, NOISE, Case
from benchmarks.record.methods import EFFORTS, METHODS, Method, chosen
from benchmarks.recordings import Recording
from liftpose import Camera, Lifter

PACKAGE = Path(fitting.__file__).parents[2] / "src" / "liftpose"
LIVE = sources.Code("live", PACKAGE.parent)
RIDGE = next(method for method in METHODS if method.name == "ridge")

# Says what lay in its folder before it was fitted and before it lifted, and lifts to zero.
SPY = """
import base64, io, json, os, pathlib, sys
import numpy as np
folder = pathlib.Path(sys.argv[1])

def lying():
    data = b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    around = json.dumps([sys.argv, dict(os.environ)]).encode()
    return base64.b64encode(data + around).decode()

before = lying()
print("fitted", flush=True)
asked = json.loads(sys.stdin.readline())
then = lying()
with np.load(folder / "lift.npz") as stored:
    frames = sum(len(stored[key]) for key in stored.files)
    joints = stored[stored.files[0]].shape[1]
np.savez(folder / "lifted.npz", root_relative=np.zeros((frames, joints, 3), np.float32))
cost = {"cpu_seconds": 0.0, "wall_seconds": 0.0}
(folder / "fit.json").write_text(json.dumps({**cost, "before": before, "then": then}))
(folder / "lift.json").write_text(json.dumps(cost))
"""


def tiny(frames: int = 260, seed: int = 0) -> Case:
    """Two sets of targets that move about, seen by a far camera with a little noise."""
    rng = np.random.default_rng(seed)
    poses = rng.normal(size=(frames, 5, 3)) * [1, 1, 0.2] + np.arange(5)[:, None]
    camera = Camera(K=[[900, 0, 0], [0, 900, 0], [0, 0, 1]], t=[0, 0, 50])
    points = np.asarray(camera.project(poses)) + rng.normal(0, 0.5, (frames, 5, 2))
    cut = frames - 60
    recording = Recording(
        "tiny",
        "mm",
        {"a": points[:100], "b": points[100:cut]},
        {"a": poses[:100], "b": poses[100:cut]},
        {"c": points[cut : cut + 20], "d": points[cut + 20 :]},
        {"c": poses[cut : cut + 20], "d": poses[cut + 20 :]},
        [0, 3],
        [[1, 2], [4]],
        ("hip", "knee", "foot", "neck", "nose"),
        np.array([[0, 1], [1, 2], [3, 4], [0, 3]]),
    )
    return Case(recording, camera, "tiny", "by trial", real=False)


@pytest.fixture
def how(tmp_path):
    return fitting.How(LIVE, kept=tmp_path / "kept")


@pytest.fixture
def spied(tmp_path, how):
    script = tmp_path / "spy.py"
    script.write_text(SPY)
    return replace(how, worker=script)


def kept(how: fitting.How) -> list[Path]:
    return sorted(path.parent for path in how.kept.rglob("fit.json"))


def test_what_fits_sees_no_test_data_and_what_lifts_no_test_3d(spied, monkeypatch):
    import base64

    monkeypatch.setitem(CASES, "tiny", tiny)
    methods = [method for method in METHODS if method.kind == "ours"]
    (row,) = accuracy.measured(["tiny"], methods, replace(spied, seeds=1), str)
    assert not row.failed
    one, runs = tiny().recording, kept(spied)
    assert len(runs) == len(methods) + 1  # and that of the floor
    for run in runs:
        seen = json.loads((run / "fit.json").read_text())
        before, then = (base64.b64decode(seen[key]) for key in ("before", "then"))
        for learned in (*one.train_2d.values(), *one.train_3d.values()):
            assert np.ascontiguousarray(learned).tobytes() in before
        for points in one.test_2d.values():
            assert np.ascontiguousarray(points).tobytes() not in before
            assert np.ascontiguousarray(points).tobytes() in then
        for poses in one.test_3d.values():
            for some in (poses, poses.astype(np.float32)):
                assert np.ascontiguousarray(some).tobytes() not in then
        assert b"LIFTPOSE_DATA" not in then


def test_other_truth_of_the_test_changes_no_prediction_and_needs_no_run(how):
    case = tiny()
    training = fitting.Training.of(case, given=False)
    first = fitting.fit_and_lift(training, case.recording.test_2d, RIDGE, 0, how)
    shuffled = {name: poses[::-1] for name, poses in case.recording.test_3d.items()}
    other = replace(case, recording=replace(case.recording, test_3d=shuffled))
    again = fitting.Training.of(other, given=False)
    second = fitting.fit_and_lift(again, other.recording.test_2d, RIDGE, 0, how)
    assert len(kept(how)) == 1
    for name, poses in first.prediction.items():
        np.testing.assert_array_equal(poses, second.prediction[name])


def test_a_run_lifts_what_a_lifter_lifts(how):
    case = tiny()
    one = case.recording
    outcome = fitting.fit_and_lift(
        fitting.Training.of(case, given=True), one.test_2d, replace(RIDGE, given=True), 0, how
    )
    lifter = Lifter(case.skeleton, network="ridge", job=1)
    lifter.fit(one.train_2d, one.train_3d, camera=case.camera)
    lifted = lifter.lift(one.test_2d)
    assert list(outcome.prediction) == ["c", "d"]
    for name in one.test_2d:
        np.testing.assert_allclose(
            outcome.prediction[name], lifted.only(name).root_relative, rtol=1e-5, atol=1e-5
        )
    assert outcome.fit["cpu_seconds"] > 0
    assert outcome.fit["megabytes"] >= outcome.fit["megabytes_before"] > 10
    assert outcome.lift["speeds"][0]["frames"] == 10_000
    assert 0 < outcome.lift["latency"]["p50"] <= outcome.lift["latency"]["p99"]


def test_results_are_kept_by_data_settings_and_code(spied):
    case = tiny()
    points = case.recording.test_2d
    training = fitting.Training.of(case, given=False)

    def runs(how=spied, training=training, method=RIDGE, seed=0, points=points):
        fitting.fit_and_lift(training, points, method, seed, how)
        return len(kept(spied))

    assert runs() == 1
    assert runs() == 1
    first = kept(spied)[0].stat().st_mtime_ns
    assert runs(replace(spied, fresh=True)) == 1
    assert kept(spied)[0].stat().st_mtime_ns > first
    assert runs(seed=1) == 2
    assert runs(method=replace(RIDGE, settings={})) == 3
    assert runs(training=fitting.Training.of(case, given=True)) == 4
    assert runs(points={"c": points["c"]}) == 5
    moved = {**case.recording.train_3d, "b": case.recording.train_3d["b"] + 1e-9}
    assert runs(training=replace(training, train_3d=moved)) == 6
    later = replace(spied, code=replace(LIVE, version="later"))
    assert runs(replace(later, earlier=("ridge",))) == 6
    assert runs(later) == 7


def test_a_failed_run_is_said_by_name_and_leaves_the_others(how, monkeypatch):
    monkeypatch.setitem(CASES, "tiny", tiny)
    bad = Method("bad", "bad", "ours", {"no_such_option": 1})
    told: list[str] = []
    (row,) = accuracy.measured(["tiny"], [METHODS[0], RIDGE, bad], how, told.append)
    assert set(row.scored) == {"mean", "ridge"}
    (name,) = row.failed
    assert name == "bad, seed 0"
    assert "no_such_option" in row.failed[name]
    assert "FAILED: bad, seed 0" in told[0]
    assert row.median("ridge") < row.median("mean")
    assert 0 < row.floor < row.median("ridge")


def test_constants_can_be_changed_for_an_ablation_but_not_invented(how):
    case = tiny()
    training = fitting.Training.of(case, given=False)
    changed = replace(RIDGE, changes={"liftpose.lifter.members.ridge:PENALTIES": [1e4]})
    lifted = [
        fitting.fit_and_lift(training, case.recording.test_2d, method, 0, how).prediction["c"]
        for method in (RIDGE, changed)
    ]
    # So strong a penalty leaves little but the mean pose.
    assert lifted[1][:, 1].std(0).max() < 0.01 * lifted[0][:, 1].std(0).max()
    invented = replace(RIDGE, changes={"liftpose.lifter.members.ridge:NO_SUCH": 1})
    with pytest.raises(fitting.RunError, match="no 'NO_SUCH' in"):
        fitting.fit_and_lift(training, case.recording.test_2d, invented, 0, how)


def test_the_code_that_is_measured_stays_as_it_was(tmp_path):
    package = tmp_path / "liftpose"
    package.mkdir()
    (package / "a.py").write_text("x = 1\n")
    (package / "__pycache__").mkdir()
    first = sources.current(package, tmp_path / "kept")
    (package / "__pycache__" / "a.pyc").write_text("compiled")
    assert sources.current(package, tmp_path / "kept") == first
    (package / "a.py").write_text("x = 2\n")
    second = sources.current(package, tmp_path / "kept")
    assert second.version != first.version
    assert (first.folder / "liftpose" / "a.py").read_text() == "x = 1\n"
    (package / "a.py").rename(package / "b.py")
    assert sources.current(package, tmp_path / "kept").version != second.version


def test_the_nearest_frame_is_that_of_a_search_through_all():
    case = tiny()
    one = case.recording
    training = fitting.Training.of(case, given=False)
    lifted = plain.nearest(training, one.test_2d, 0)
    learned_2d, learned_3d = (
        np.concatenate(list(d.values())) for d in (one.train_2d, one.train_3d)
    )

    def anchored(poses):
        pairs = [(1, 0), (2, 0), (4, 3), (3, 0)]
        return np.stack([poses[:, joint] - poses[:, root] for joint, root in pairs], 1)

    scale = anchored(learned_2d).std(0)
    apart = (anchored(one.test_2d["d"])[:, None] - anchored(learned_2d)[None]) / scale
    found = np.square(apart).sum((2, 3)).argmin(1)
    for joint, root in ((1, 0), (2, 0), (4, 3)):
        expected = learned_3d[found, joint] - learned_3d[found, root]
        np.testing.assert_allclose(lifted["d"][:, joint], expected)
    assert np.isnan(lifted["d"][:, [0, 3]]).all()


def test_the_mean_pose_is_the_mean_of_what_was_seen():
    case = tiny()
    case.recording.train_3d["a"][:50, 1] = np.nan
    training = fitting.Training.of(case, given=False)
    mean = plain.mean_pose(training, case.recording.test_2d, 0)["c"]
    learned = np.concatenate(list(case.recording.train_3d.values()))
    np.testing.assert_allclose(mean[7, 1], (learned[50:, 1] - learned[50:, 0]).mean(0))
    np.testing.assert_allclose(mean[3, 4], (learned[:, 4] - learned[:, 3]).mean(0))


def relative_truth(case):
    sets = case.recording.roots, case.recording.target_sets
    return {n: plain.relative_to_roots(p, *sets) for n, p in case.recording.test_3d.items()}


def test_measures_of_a_perfect_and_of_a_shifted_prediction():
    case = tiny()
    truth = relative_truth(case)
    perfect = measures.measure(case, truth)
    assert perfect.mpjpe == perfect.velocity == perfect.missing == 0
    assert (perfect.pa_mpjpe, perfect.bone) == pytest.approx((0, 0), abs=1e-9)
    assert perfect.pck == 1
    length = measures.body_length(case)
    poses = np.concatenate(list(case.recording.test_3d.values()))
    apart = np.linalg.norm(poses[:, :, None] - poses[:, None], axis=3).max((1, 2))
    assert length == pytest.approx(np.median(apart))
    # One of three targets is just beyond what counts as found, always in the same direction.
    off = 1.01 * measures.PCK_SHARE * length
    shifted = {name: poses + np.eye(5)[2][:, None] * [off, 0, 0] for name, poses in truth.items()}
    found = measures.measure(case, shifted)
    assert found.mpjpe == pytest.approx(off / 3)
    assert found.pck == pytest.approx(2 / 3)
    assert found.velocity == pytest.approx(0, abs=1e-12)
    assert found.per_joint == pytest.approx({"knee": 0, "foot": off, "nose": 0})
    assert found.bone > 0


def test_measures_say_what_is_missing_and_refuse_other_frames():
    case = tiny()
    truth = relative_truth(case)
    truth["c"][:10, 1] = np.nan
    assert measures.measure(case, truth).missing == pytest.approx(10 / (60 * 3))
    with pytest.raises(
        ValueError, match=r"tiny, 'd': expected \(40, 5, 3\) poses, got \(39, 5, 3\)"
    ):
        measures.measure(case, {"c": truth["c"], "d": truth["d"][1:]})
    with pytest.raises(ValueError, match="'c': expected .* got none"):
        measures.measure(case, {"d": truth["d"]})


def test_the_floor_is_the_maps_answer_to_the_noise_alone(how):
    case = tiny(1200)
    one = case.recording
    exact = floor.without_noise(case)
    clean = replace(case, recording=replace(one, test_2d=exact))
    assert floor.noise_floor(clean, how) == pytest.approx(0, abs=1e-6)
    found = floor.noise_floor(case, how)
    # The same by the map itself, which least squares finds in what it made of other points.
    lifter = Lifter(roots=one.roots, target_sets=one.target_sets, network="ridge", job=1)
    lifter.fit(one.train_2d, one.train_3d)
    some = np.random.default_rng(1).normal(0, 20, (200, 5, 2))

    def anchored(points):
        return (points[:, [1, 2, 4, 3]] - points[:, [0, 0, 3, 0]]).reshape(len(points), -1)

    lifted = lifter.lift(some, judge=False).root_relative[:, [1, 2, 4]].reshape(200, -1)
    known = np.column_stack([anchored(some), np.ones(200)])
    weights = np.linalg.lstsq(known, lifted, rcond=None)[0][:-1]
    noise = np.concatenate([anchored(one.test_2d[name] - exact[name]) for name in one.test_2d])
    lengths = np.linalg.norm((noise @ weights).reshape(-1, 3, 3), axis=2)
    assert found == pytest.approx(lengths.mean(), rel=1e-3)


@pytest.mark.parametrize(
    ("name", "file"),
    [("sim_hexapod", None), ("dog", "dog_mocap.npz"), ("arm", "mouse_arm3_trials.npz")],
)
def test_the_noise_of_a_simulated_camera_is_found_again(name, file):
    if file and not (recordings.data_folder() / "zoo" / file).is_file():
        pytest.skip(f"{file} is not here (LIFTPOSE_DATA names the folder)")
    case = CASES[name]()
    exact = floor.without_noise(case)
    noise = np.concatenate([case.recording.test_2d[key] - exact[key] for key in exact])
    assert np.nanstd(noise) == pytest.approx(NOISE, rel=0.02)


@pytest.mark.skipif(
    not (recordings.data_folder() / "zoo" / "fly_df3d_groom_6cam.npz").is_file(),
    reason="the flies are not here (LIFTPOSE_DATA names the folder)",
)
@pytest.mark.parametrize("camera", [0, 5])
def test_a_fly_tested_on_is_projected_by_the_camera_that_filmed_it(camera):
    case = CASES[f"fly_walk_to_groom{camera}"]()
    exact = floor.without_noise(case)["groom"]
    apart = np.linalg.norm(exact - case.recording.test_2d["groom"], axis=2)
    assert np.median(apart) < 5  # pixels: those of the detections, as on the other fly


def scored(seed=0, mpjpe=1.0, cpu=1.0):
    errors = measures.Measures(mpjpe, mpjpe / 2, mpjpe, 0.5, 0.1, 0.2, 0.0, {"knee": mpjpe})
    return Scored(seed, errors, cpu, cpu, 300.0, 5e4, 100.0, 200.0)


def row(name, group=None, ridge=2.0, floor=0.1, barred=True, **errors):
    found = {"ridge": [scored(0, ridge)]}
    for method, values in errors.items():
        each = values if isinstance(values, list) else [values]
        name_ = method.replace("_", "-")
        found[name_] = [scored(seed, ridge * value) for seed, value in enumerate(each)]
    return Row(name, group or name, "last 20 %", "mm", barred, 700, 180, 15, 3.0, floor, found)


def test_a_recording_counts_once_however_many_cameras_saw_it():
    rows = [
        row("fly0", "fly", best=0.5),
        row("fly1", "fly", best=[0.9, 0.5, 0.5]),
        row("fly2", "fly", best=0.5),
        row("dog", ridge=0.03, floor=0.001, best=0.8),
        row("noisy", floor=1.81, best=1.04),
        row("few", barred=False, best=3.0),
    ]
    assert bars.over_recordings(rows, "best") == pytest.approx({"fly": 0.5, "dog": 0.8})
    found = {(bar.what, bar.effort): bar for bar in bars.checked(rows, costs.Costs())}
    mean = found["geometric mean, × ridge, skeleton and camera given", "best"]
    assert mean.value == pytest.approx(math.sqrt(0.5 * 0.8))
    assert mean.holds
    assert mean.note == "2 recordings"
    worst = found["worst, × ridge, skeleton and camera given", "best"]
    assert (worst.value, worst.note, worst.holds) == (pytest.approx(1.04), "noisy", True)
    rows[0].failed["best, seed 2"] = "out of memory"
    again = {(bar.what, bar.effort): bar for bar in bars.checked(rows, costs.Costs())}
    assert again[mean.what, "best"].note == "2 recordings, 1 failed"
    missing = found["geometric mean, × ridge, skeleton and camera given", "default"]
    assert math.isnan(missing.value)
    assert missing.holds is None


def test_bars_that_are_missed_are_missed():
    rows = [row("dog", best=0.76, best_without=1.11, peer_best=1.51, peer_last=1.7)]
    speeds = [{"frames": costs.TOLD, "cpu_seconds": 9.0, "wall_seconds": 5.01}]
    lifting = costs.Costs({("best", 2): {"speeds": speeds}})
    found = {bar.what: bar for bar in bars.checked(rows, lifting) if bar.effort == "best"}
    assert {what: bar.holds for what, bar in found.items() if bar.bar and bar.value > 0} == {
        "geometric mean, × ridge, skeleton and camera given": False,
        "worst, × ridge, skeleton and camera given": True,
        "geometric mean, × ridge, without skeleton and camera": False,
        "worst, × ridge, without skeleton and camera": False,
        "geometric mean, × 0.22's best epoch": False,
        "geometric mean, × 0.22's last epoch": True,
        "poses/s lifted, J = 30, two threads": False,
    }
    text = "\n".join(tables.bars(bars.checked(rows, lifting)))
    assert "0.760 (1 recordings); ≤ 0.75: **missed**" in text
    assert "20,000; ≥ 20,000: **missed**" in text


def test_the_tables_have_a_row_a_case_and_say_what_failed():
    rows = [row("fly0", "fly", best=[0.6, 0.5, 0.7], mean=3.0), row("dog", ridge=0.0328)]
    rows[1].failed["best, seed 0"] = "out of memory"
    lines = list(tables.accuracy(rows, METHODS))
    assert lines[0].count("|") == 6  # case, ridge, floor, mean pose, best
    assert "**0.600** (0.500–0.700)" in lines[2]
    assert "0.0328 mm" in lines[3]
    assert lines[3].endswith("| – | failed |")
    assert "≈" in "".join(tables.accuracy([row("noisy", floor=1.9)], METHODS))
    fly, dog = list(tables.other_measures(rows, [RIDGE, *chosen(["best"])]))[-2:]
    assert fly.startswith("| fly, mm | 2.00 · 2.00 · 1.20 | 1.00 · 1.00 · 0.600 |")
    assert dog.startswith("| dog, mm | 0.0328 ·")


def test_numbers_have_three_digits():
    assert [tables.number(value) for value in (0.0912345, 0.9996, 12.345, 1234.5, 0.0)] == [
        "0.0912",
        "1.000",
        "12.3",
        "1230",
        "0",
    ]


def test_methods_are_chosen_by_name_and_effort():
    assert [one.name for one in chosen(["fast", "nearest"])] == ["nearest", "ridge", "fast"]
    few = [one.name for one in chosen(None, ["default"])]
    assert "default-without" in few
    assert not any(name.startswith(("fast", "best")) for name in few)
    assert {one.effort for one in METHODS if one.kind == "ours"} == {None, *EFFORTS}
    with pytest.raises(ValueError, match="no method 'fastest'"):
        chosen(["fastest"])
    with pytest.raises(ValueError, match="no effort 'none'"):
        chosen(None, ["none"])


@pytest.mark.parametrize(
    "asked", [["--only", "cat"], ["--methods", "magic"], ["--write", "--only", "dog"]]
)
def test_what_makes_no_sense_is_refused_before_anything_runs(asked, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(asked)
    assert "error" in capsys.readouterr().err


def test_the_picture_puts_every_dot_at_its_ratio():
    rows = [row("dog", best=0.5, default=[0.7, 0.8, 0.75]), row("arm", best=0.9, default=0.95)]
    figure = figures.errors(rows, {"best": "best", "default": "default"})
    dots = {
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        for line in figure.axes[0].lines
        if line.get_marker() == "o" and len(line.get_xdata()) == 1
    }
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    places = dict(zip(names, figure.axes[0].get_yticks(), strict=True))
    means = [math.sqrt(0.5 * 0.9), math.sqrt(0.75 * 0.95)]
    expected = [(0.5, "dog"), (0.75, "dog"), (0.9, "mouse arm"), (0.95, "mouse arm")]
    expected += [(mean, "geometric mean") for mean in means]
    placed = [(x, places[name] + figures.LANE) for x, name in expected]
    np.testing.assert_allclose(sorted(dots), sorted(placed))


def test_pictures_are_written(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "ERRORS", tmp_path / "errors.png")
    monkeypatch.setattr(figures, "SECONDS", tmp_path / "seconds.png")
    rows = [row("dog", best=0.5, default=0.7, peer_best=1.5), row("arm", best=0.9, default=1.0)]
    assert [path.read_bytes()[:4] for path in figures.draw(rows, METHODS)] == [b"\x89PNG"] * 2


def test_a_library_is_of_animals_that_are_not_tested_on():
    case = CASES["sim_hexapod"]()
    poses_2d, poses_3d = scaling.library(1000, case)
    assert {len(poses) for poses in poses_3d.values()} == {500}
    assert len(poses_2d) == 2
    learned = np.concatenate(list(poses_3d.values()))
    bones = case.recording.bones

    def lengths(poses):
        return np.median(np.linalg.norm(np.diff(poses[:, bones], axis=2)[:, :, 0], axis=2), 0)

    for tested in case.recording.test_3d.values():
        for known in np.split(learned, 2):
            assert abs(lengths(known) / lengths(tested) - 1).max() > 0.01
    noise = poses_2d["animal 0"] - np.asarray(case.camera.project(poses_3d["animal 0"]))
    assert noise.std() == pytest.approx(NOISE, rel=0.05)
    with pytest.raises(ValueError, match="700 frames"):
        scaling.library(700, case)


def test_animals_that_come_back_are_of_another_size(monkeypatch):
    monkeypatch.setattr(scaling, "UNIQUE", 500)
    poses = scaling.library(1000, CASES["sim_hexapod"]())[1]
    known = abs(poses["animal 0"]) > 0.01
    ratio = poses["animal 1"][known] / poses["animal 0"][known]
    assert np.ptp(ratio) < 1e-3
    assert 0.001 < abs(np.median(ratio) - 1) <= scaling.LARGER


def test_the_page_has_its_marks():
    page = report.PAGE.read_text()
    for name in ("record", "record-scaling", "record-ablation"):
        assert f"<!-- {name} -->\n" in page
        assert f"<!-- /{name} -->" in page
