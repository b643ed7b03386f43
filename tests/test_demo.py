"""The demo on small sizes: its numbers against ones worked out here, its files, its commands."""

import json
import shlex

import av
import numpy as np
import pytest
from matplotlib.image import imread
from typer.testing import CliRunner

import liftpose
from liftpose.cli import app
from liftpose.datasets import ANIMALS
from liftpose.demo import staging
from liftpose.demo.running import RECORD
from liftpose.demo.running import run as run_demo
from liftpose.evaluate import read_evaluation
from liftpose.geometry.camera import Camera
from liftpose.plot.scene import looks_from

SMALL = {"trained": 3, "lifted": 2, "frames": 150, "epochs": 2, "film_seconds": 0.4}


@pytest.fixture(scope="module", params=list(ANIMALS))
def done(request, tmp_path_factory):
    """A small demo of each animal, and what it said as it went."""
    told = []
    folder = tmp_path_factory.mktemp("demos") / request.param
    demo = run_demo(request.param, folder, lambda *said: told.append(said), **SMALL)
    return demo, told


def by_hand(demo, kind):
    """Mean error of each target over the new animals, from the files that the demo wrote.

    As the README says: distances of targets, both relative to their roots, where 2D and its root
    were seen surely enough.
    """
    errors = {}
    lifter = liftpose.load(demo.folder / "model.lifter")
    sets, joints = lifter.sets, lifter.skeleton.joints
    for number in (1, 2):
        name = demo.folder / f"new_{demo.animal}_{number}"
        flat, truth = (liftpose.read_poses(f"{name}_{what}.nc") for what in ("2d", "3d"))
        seen = np.isfinite(flat.points).all(axis=2) & (
            flat.confidence >= lifter.options.min_confidence
        )
        if kind == "liftpose":
            relative = lifter.lift(flat).root_relative[:, list(sets.targets)]
        else:
            relative = lifter.relative(flat, linear_only=True)[:, : len(sets.targets)]
        for place, (joint, root) in enumerate(zip(sets.targets, sets.anchors, strict=True)):
            true = truth.points[:, joint] - truth.points[:, root]
            distance = np.linalg.norm(relative[:, place] - true, axis=1)
            errors.setdefault(joints[joint], []).append(distance[seen[:, joint] & seen[:, root]])
    return {joint: np.concatenate(parts).mean() for joint, parts in errors.items()}


@pytest.mark.parametrize("kind", ["liftpose", "ridge"])
def test_the_table_has_the_errors_of_the_files(done, kind):
    demo, _ = done
    expected = by_hand(demo, kind)
    found = {joint: errors[kind] for joint, errors in demo.errors.per_joint.items()}
    assert found == pytest.approx(expected, rel=1e-4)


def test_the_body_length_is_the_median_of_the_largest_distances(done):
    demo, _ = done
    largest = []
    for number in (1, 2):
        truth = liftpose.read_poses(demo.folder / f"new_{demo.animal}_{number}_3d.nc").points
        apart = np.linalg.norm(truth[:, :, None] - truth[:, None], axis=3)
        largest.extend(apart.max(axis=(1, 2)))
    assert demo.errors.body_length == pytest.approx(np.median(largest), rel=1e-5)


def test_it_lifts_better_than_a_guess_and_says_so(done):
    demo, _ = done
    mpjpe = demo.errors.mpjpe
    assert mpjpe["liftpose"] < 0.7 * mpjpe["mean_pose"]
    text = str(demo)
    assert f"{demo.errors.percent(mpjpe['liftpose']):.1f} % of the body length" in text
    for name in ("liftpose", "ridge", "mean_pose"):
        assert f"{mpjpe[name]:.2g} mm off" in text or f"mean pose {mpjpe[name]:.2g} mm." in text
    assert text.index("% of the body") < text.index("report.html") < text.index("Next:")
    for file in (*demo.first, *demo.files):
        assert str(file.path) in text


def test_the_animals_that_are_lifted_are_not_those_that_are_learned(done):
    demo, _ = done
    learned = liftpose.read_poses(demo.folder / "training_3d.nc")
    new = [
        liftpose.read_poses(demo.folder / f"new_{demo.animal}_{number}_3d.nc") for number in (1, 2)
    ]
    assert len(learned.keys) == 3
    skeleton = liftpose.load(demo.folder).skeleton
    bones = np.array(skeleton.bones)

    def lengths(points):
        ends = points[:, bones]
        return np.median(np.linalg.norm(ends[:, :, 0] - ends[:, :, 1], axis=2), axis=0)

    bodies = [lengths(learned.only(key).points) for key in learned.keys]
    bodies += [lengths(poses.points) for poses in new]
    for number, body in enumerate(bodies):
        for other in bodies[number + 1 :]:
            assert np.abs(body / other - 1).max() > 0.01


def test_every_file_that_is_named_is_whole(done):
    demo, _ = done
    for file in (*demo.first, *demo.files):
        assert file.path.is_file(), file
        if file.path.suffix == ".png":
            picture = imread(file.path)
            assert picture[..., :3].std() > 0.01, file
        if file.path.suffix == ".nc":
            poses = liftpose.read_poses(file.path)
            assert poses.joints == liftpose.load(demo.folder).skeleton.joints
            assert poses.fps == 100
    with av.open(str(demo.folder / "walk.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 10


def test_the_lifted_poses_are_what_the_lifter_gives(done):
    demo, _ = done
    lifter = liftpose.load(demo.folder / "model.lifter")
    name = demo.folder / f"new_{demo.animal}_2"
    again = lifter.lift(liftpose.read_poses(f"{name}_2d.nc"))
    written = liftpose.read_poses(f"{name}_lifted.nc")
    np.testing.assert_array_equal(written.points, again.position)
    assert (written.unit, written.frame) == ("mm", "world")


def test_the_folder_is_one_of_a_run(done):
    demo, _ = done
    assert read_evaluation(demo.folder) == demo.errors
    liftpose.test(demo.folder)
    assert read_evaluation(demo.folder).mpjpe == demo.errors.mpjpe


def test_progress_is_told_often_and_only_grows(done):
    _, told = done
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)
    assert np.diff(shares).max() < 0.25
    words = " ".join(what for what, _ in told)
    for stage in ("simulating", "linear map", "epoch 2 of 2", "drawing", "picture 10 of 10"):
        assert stage in words


def end():
    """Press Ctrl-C."""
    raise KeyboardInterrupt


def test_the_commands_work_as_they_stand(done, tmp_path, monkeypatch):
    demo, _ = done
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("liftpose.cli.viewing._has_display", lambda: False)
    monkeypatch.setattr("liftpose.cli.viewing._wait", end)
    verbs = []
    for command in demo.commands:
        program, *words = shlex.split(command)
        verbs.append(words[0])
        params = demo.folder / "params.toml"
        if words[:2] == ["train", str(params)]:  # as it was written, but not for as long
            text = params.read_text()
            assert "\nepochs = 30" in text
            params.write_text(text.replace("\nepochs = 30", "\nepochs = 1"))
        result = CliRunner().invoke(app, [*words, "--quiet"])
        assert program == "liftpose"
        assert result.exit_code == 0, (command, result.output)
    assert verbs == ["view", "report", "video", "plot", "lift", "evaluate", "train", "train"]
    assert list(tmp_path.iterdir()) == []
    assert liftpose.read_poses(demo.folder / "lifted.nc").frames == 150
    assert (demo.folder / "trained" / "model.lifter").is_file()
    for written in ("one_animal.html", "film.mp4", "views.png"):
        assert (demo.folder / written).stat().st_size > 5000


def test_the_json_holds_the_same(done):
    demo, _ = done
    content = json.loads((demo.folder / RECORD).read_text())
    assert content["errors"]["mpjpe"] == demo.errors.mpjpe
    assert content["next"] == list(demo.commands)
    assert content["animal"] == demo.animal
    assert set(content["written"]) >= {file.path.name for file in (*demo.first, *demo.files)}


TINY = {"trained": 2, "lifted": 1, "frames": 80, "epochs": 1, "film_seconds": 0.08}


def test_a_second_demo_takes_the_place_of_the_first_and_leaves_other_files(tmp_path):
    folder = tmp_path / "demo"
    run_demo("quadruped", folder, **TINY)
    (folder / "notes.txt").write_text("mine")
    run_demo("mouse", folder, **TINY)
    assert (folder / "notes.txt").read_text() == "mine"
    assert liftpose.load(folder).skeleton.joints == ANIMALS["mouse"](1).joints
    assert not list(folder.glob("*quadruped*"))
    first = (folder / "evaluation.json").read_bytes()
    run_demo("mouse", folder, **TINY)
    assert (folder / "evaluation.json").read_bytes() == first


@pytest.mark.parametrize("name", ["model.lifter", "walk.mp4", "train_log.txt", RECORD])
def test_files_of_others_are_not_replaced(name, tmp_path):
    (tmp_path / name).write_text("mine")
    with pytest.raises(FileExistsError, match=f"{name}.*Name another folder"):
        run_demo("mouse", tmp_path, **TINY)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


@pytest.mark.parametrize("stage", ["simulating", "epoch 1", "drawing", "picture 1"])
def test_what_is_stopped_leaves_nothing(stage, tmp_path):
    def stop(what, share):
        if stage in what:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_demo("mouse", tmp_path / "new" / "demo", stop, **TINY)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(KeyboardInterrupt):
        run_demo("mouse", tmp_path, stop, **TINY)
    left = [path.name for path in tmp_path.iterdir() if path.name != ".liftpose.lock"]
    assert left == ["notes.txt"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"animal": "hexpod"}, "no animal 'hexpod'. Did you mean 'hexapod'"),
        ({"trained": 0}, "trained is 0"),
        ({"lifted": 0}, "lifted is 0"),
        ({"film_seconds": -1}, "film_seconds is -1"),
        ({"frames": 0}, "frames"),
    ],
)
def test_arguments_that_make_no_sense_are_named(arguments, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        run_demo(**{"animal": "mouse", "out_dir": tmp_path / "demo"} | TINY | arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "demo").write_text("mine")
    with pytest.raises(NotADirectoryError, match="demo is a file"):
        run_demo("mouse", tmp_path / "demo", **TINY)


def test_the_command_calls_it(monkeypatch, tmp_path):
    def small(*arguments, **more):
        return run_demo(*arguments, **more, **TINY)

    monkeypatch.setattr("liftpose.demo.run", small)
    words = ["demo", "--animal", "mouse", "-o", str(tmp_path / "demo")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "Next:" in result.stdout
    found = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert found["errors"]["unit"] == "mm"


@pytest.mark.parametrize("azimuth", [-170.0, -90.0, 0.0, 60.0])
@pytest.mark.parametrize("elevation", [0.0, 35.0, 90.0])
def test_where_a_camera_stands_is_found(azimuth, elevation):
    a, e = np.radians([azimuth, elevation])
    outward = np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
    right = np.array([-np.sin(a), np.cos(a), 0.0])
    camera = Camera(K=np.eye(3), R=np.stack([right, np.cross(-outward, right), -outward]))
    assert looks_from(camera) == pytest.approx((azimuth, elevation), abs=1e-5)


def shown(animal="hexapod", frames=60):
    """A recording whose lifted poses are the truth, but that its origin is the first root."""
    recording = ANIMALS[animal](frames, seed=3, animal=3)
    first = recording.roots[0]
    position = recording.poses_3d - recording.poses_3d[:, first : first + 1]
    return recording, position


def test_lifted_poses_are_put_where_the_middle_of_the_true_roots_is():
    recording, position = shown()
    placed = staging.Shown.of(recording, recording.pose_2d, position)
    np.testing.assert_allclose(placed.lifted, recording.poses_3d, atol=1e-9)


def test_joints_are_blind_where_their_root_or_the_first_was_not_seen():
    recording, position = shown()
    seen = np.zeros((60, 30, 2))
    seen[1, 5] = np.nan  # the root of the second leg
    seen[2, 7] = np.nan  # a joint of it
    seen[3, 0] = np.nan  # the first root
    blind = staging.Shown.of(recording, seen, position).blind
    assert not blind[[0, 2]].any()
    assert np.flatnonzero(blind[1]).tolist() == [5, 6, 7, 8, 9]
    assert blind[3].all()


def test_the_stretch_is_lively_and_seen():
    recording, position = shown(frames=100)
    truth = np.zeros_like(recording.poses_3d)
    speed = np.zeros(100)
    speed[20:40] = speed[60:80] = 1.0
    truth += np.cumsum(speed)[:, None, None]
    seen = np.zeros((100, 30, 2))
    seen[25, 0] = np.nan
    made = staging.Shown.of(recording, seen, position)
    made = staging.Shown(made.skeleton, 100, seen, made.lifted, truth, made.blind)
    found = made.stretch(20)
    assert found.stop - found.start == 20
    assert 55 <= found.start <= 65
    assert made.stretch(1000) == slice(0, 100)
