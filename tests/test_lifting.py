"""Files are lifted to files as arrays are lifted to arrays, whole or not at all."""

import dataclasses
import json

import numpy as np
import pytest

from liftpose import Camera, Lifter
from liftpose.datasets import hexapod, mouse, quadruped
from liftpose.io import open_poses, read_lifted, read_poses, write_calibration, write_poses
from liftpose.io.hints import Hints
from liftpose.lifter.novelty import SAMPLE
from liftpose.lifting import (
    CHUNK,
    as_learned,
    camera_of,
    lift_file,
    lift_files,
    read_for,
    read_renames,
)
from liftpose.lifting import files as lifting_files
from liftpose.lifting.record import RECORD
from liftpose.poses import Poses
from liftpose.postprocess import find_floor, place
from liftpose.postprocess.floors import Ground


@pytest.fixture(scope="module")
def fly():
    return hexapod(frames=300, seed=3)


@pytest.fixture(scope="module")
def lifter(fly):
    deep = Poses.from_experiments(fly.pose_3d, joints=fly.joints, unit="mm", frame="camera")
    return Lifter(fly.skeleton, network="ridge").fit(fly.pose_2d, deep)


def seen(fly, **about):
    return Poses.from_experiments(fly.pose_2d, joints=fly.joints, unit="px", **about)


@pytest.fixture
def file(fly, tmp_path):
    return write_poses(seen(fly, fps=100), tmp_path / "walk.nc")


def test_a_file_is_lifted_as_its_poses_are(lifter, fly, tmp_path):
    points = fly.pose_2d.copy()
    points[10:13] = np.nan
    file = tmp_path / "walk.nc"
    write_poses(Poses.from_experiments(points, joints=fly.joints, fps=100), file)
    done = lift_file(lifter, file, tmp_path / "out.nc")
    found, expected = read_poses(tmp_path / "out.nc"), lifter.lift(points)
    np.testing.assert_array_equal(found.points, expected.position)
    assert (found.joints, found.unit, found.frame, found.fps) == (fly.joints, "mm", "camera", 100)
    assert (done.frames, done.path, done.source) == (300, tmp_path / "out.nc", file)
    assert done.blind == expected.blind >= 3
    gaps = np.isnan(points).any(axis=2).mean(axis=0)
    np.testing.assert_allclose(list(done.missing.values()), gaps)
    assert tuple(done.missing) == fly.joints
    assert str(done.path) in str(done)


def test_the_file_says_what_lifted_it(lifter, file, tmp_path):
    import xarray

    lift_file(lifter, file, tmp_path / "out.nc")
    with xarray.open_dataset(tmp_path / "out.nc", engine="h5netcdf") as dataset:
        assert dataset.attrs["lifter"] == lifter.digest
        assert "liftpose_version" in dataset.attrs
        assert dataset.root_relative.dims == dataset.position.dims


def test_frames_beyond_one_chunk_stay_where_they_are(lifter, fly, tmp_path):
    copies = CHUNK // 300 + 2
    many = np.tile(fly.pose_2d, (copies, 1, 1))
    many[:, 0, 0] += np.arange(len(many)) / len(many)
    path = write_poses(Poses.from_experiments(many, joints=fly.joints), tmp_path / "many.nc")
    told = []
    done = lift_file(lifter, path, tmp_path / "out.nc", on_progress=lambda *now: told.append(now))
    assert done.frames == len(many) > CHUNK
    expected = lifter.lift(many).position
    np.testing.assert_allclose(read_poses(tmp_path / "out.nc").points, expected, atol=1e-5)
    assert told == [(CHUNK, len(many)), (len(many), len(many))]


def test_hypotheses_of_a_file_are_those_of_its_poses(lifter, fly, tmp_path, monkeypatch):
    points = np.concatenate([fly.pose_2d[:100]] * 3)
    file = write_poses(Poses.from_experiments(points, joints=fly.joints), tmp_path / "walk.nc")
    monkeypatch.setattr("liftpose.lifting.files.CHUNK", 70)
    lift_file(lifter, file, tmp_path / "out.nc", hypotheses=4)
    drawn = read_lifted(tmp_path / "out.nc").hypotheses
    assert drawn.shape == (4, 300, len(fly.joints), 3)
    expected = lifter.lift(points, hypotheses=4).hypotheses
    np.testing.assert_allclose(drawn, expected, atol=1e-5 * np.nanmax(np.abs(expected)))
    lift_file(lifter, file, tmp_path / "none.nc")
    assert read_lifted(tmp_path / "none.nc").hypotheses is None


def test_every_track_of_sleap_is_lifted(lifter, fly, tmp_path):
    sio = pytest.importorskip("sleap_io", reason="needs the extra io")
    skeleton = sio.Skeleton(list(fly.joints))
    tracks, film = [sio.Track("m 2"), sio.Track("m 1")], sio.Video("cam.mp4", open_backend=False)
    walks = {"m 2": fly.pose_2d[:20], "m 1": fly.pose_2d[100:120]}
    sure = np.ones(len(fly.joints))

    def instance(number, track):
        points = walks[track.name][number]
        return sio.PredictedInstance.from_numpy(points, skeleton, sure, 1.0, track)

    frames = [
        sio.LabeledFrame(film, number, [instance(number, track) for track in seen])
        for number, seen in enumerate([tracks] * 7 + [tracks[:1]] + [tracks] * 12)
    ]
    path = tmp_path / "two.slp"
    sio.Labels(frames, [film], [skeleton], tracks).save(str(path), verbose=False)
    lift_file(lifter, path, tmp_path / "out.nc")
    found = read_poses(tmp_path / "out.nc")
    assert found.individuals == ("m 2", "m 1")
    assert found.unit == "mm"
    walks["m 1"] = walks["m 1"].copy()
    walks["m 1"][7] = np.nan
    for name, points in walks.items():
        np.testing.assert_array_equal(found.only(name).points, lifter.lift(points).position)


def test_several_individuals_stay_apart(lifter, fly, tmp_path):
    both = Poses.from_experiments(
        {"a": fly.pose_2d, "b": fly.pose_2d[::-1]}, joints=fly.joints, individuals=["a", "b"]
    )
    path = write_poses(both, tmp_path / "two.nc")
    lift_file(lifter, path, tmp_path / "out.nc")
    found = read_poses(tmp_path / "out.nc")
    assert found.individuals == ("a", "b")
    expected = lifter.lift(fly.pose_2d[::-1]).position
    np.testing.assert_array_equal(found.only("b").points, expected)


def test_unsure_joints_count_as_missing(lifter, fly, tmp_path):
    sure = np.ones(fly.pose_2d.shape[:2])
    sure[:150, 7] = 0.05
    path = write_poses(seen(fly, confidence=sure), tmp_path / "walk.nc")
    done = lift_file(lifter, path, tmp_path / "out.nc")
    gaps = np.isnan(fly.pose_2d).any(axis=2)
    gaps[:150, 7] = True
    assert done.missing[fly.joints[7]] == gaps[:, 7].mean()


def test_joints_are_matched_by_name(lifter, fly, tmp_path):
    order = np.random.default_rng(0).permutation(len(fly.joints))
    names = [fly.joints[joint] for joint in order]
    names[3], wanted = "paw", names[3]
    shuffled = Poses.from_experiments(fly.pose_2d[:, order], joints=names)
    path = write_poses(shuffled, tmp_path / "walk.nc")
    with pytest.raises(ValueError, match=f"(?s){wanted}.*paw"):
        lift_file(lifter, path, tmp_path / "out.nc")
    assert not (tmp_path / "out.nc").exists()
    lift_file(lifter, path, tmp_path / "out.nc", rename={"paw": wanted})
    expected = lifter.lift(fly.pose_2d).position
    np.testing.assert_array_equal(read_poses(tmp_path / "out.nc").points, expected)
    lift_file(lifter, path, tmp_path / "in_order.nc", by_order=True)
    with pytest.warns(UserWarning, match="joints in another order"):
        expected = lifter.lift(fly.pose_2d[:, order]).position
    np.testing.assert_array_equal(read_poses(tmp_path / "in_order.nc").points, expected)


def test_a_file_without_names_is_taken_by_order_only_on_request(lifter, fly, tmp_path):
    np.save(tmp_path / "walk.npy", fly.pose_2d)
    with pytest.raises(ValueError, match="no joint names"):
        lift_file(lifter, tmp_path / "walk.npy", tmp_path / "out.nc")
    lift_file(lifter, tmp_path / "walk.npy", tmp_path / "out.nc", by_order=True)
    expected = lifter.lift(fly.pose_2d).position
    np.testing.assert_array_equal(read_poses(tmp_path / "out.nc").points, expected)


def test_a_lifter_without_names_takes_files_without_names(fly, tmp_path):
    nameless = Lifter(roots=fly.roots, target_sets=fly.target_sets, network="ridge")
    nameless.fit(fly.pose_2d, fly.pose_3d)
    np.save(tmp_path / "walk.npy", fly.pose_2d)
    lift_file(nameless, tmp_path / "walk.npy", tmp_path / "out.nc")
    assert read_poses(tmp_path / "out.nc").frames == 300
    with pytest.raises(ValueError, match="'0'"):
        as_learned(nameless, seen(fly))


def test_frames_per_second_are_taken_where_the_file_does_not_say(lifter, fly, tmp_path):
    path = write_poses(seen(fly), tmp_path / "walk.nc")
    lift_file(lifter, path, tmp_path / "out.nc", fps=25)
    assert read_poses(tmp_path / "out.nc").fps == 25


def test_a_file_that_is_there_is_replaced_only_when_asked(lifter, file, tmp_path):
    target = tmp_path / "out.nc"
    target.write_text("mine")
    with pytest.raises(FileExistsError, match="--overwrite"):
        lift_file(lifter, file, target)
    assert target.read_text() == "mine"
    lift_file(lifter, file, target, overwrite=True)
    assert read_poses(target).frames == 300


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_what_is_interrupted_leaves_nothing(lifter, file, tmp_path, error):
    def stop(*_):
        raise error

    before = sorted(tmp_path.iterdir())
    with pytest.raises(error):
        lift_file(lifter, file, tmp_path / "out.nc", on_progress=stop)
    assert sorted(tmp_path.iterdir()) == before


def test_several_files_go_to_a_folder(lifter, fly, file, tmp_path):
    other = write_poses(seen(fly).part(0, 100), tmp_path / "other.nc")
    told = []
    done = list(
        lift_files(
            lifter,
            [file, other],
            tmp_path / "new" / "lifted",
            on_progress=lambda *n: told.append(n),
        )
    )
    assert [entry.frames for entry in done] == [300, 100]
    assert [entry.path.name for entry in done] == ["walk.nc", "other.nc"]
    assert read_poses(tmp_path / "new" / "lifted" / "other.nc").frames == 100
    sizes = file.stat().st_size, other.stat().st_size
    assert told[0] == told[1] == (sizes[0], sum(sizes), "walk.nc")
    assert told[-1] == (sum(sizes), sum(sizes), "other.nc")


@pytest.fixture
def walks(fly, tmp_path):
    """Three files of 2D, the second of them cut short."""
    folder = tmp_path / "walks"
    folder.mkdir()
    files = [
        write_poses(seen(fly).part(50 * number, 50 * number + 100), folder / f"{name}.nc")
        for number, name in enumerate("abc")
    ]
    files[1].write_bytes(files[1].read_bytes()[:500])
    return files


def kinds(outcomes):
    return [type(entry).__name__ for entry in outcomes]


def test_one_that_fails_does_not_stop_the_rest(lifter, fly, walks, tmp_path):
    out = tmp_path / "lifted"
    done = lift_files(lifter, walks, out)
    assert kinds(done) == ["LiftSummary", "Failed", "LiftSummary"]
    assert "b.nc" in done[1].reason_with_file
    assert "\n" not in done[1].reason
    assert sorted(path.name for path in out.iterdir() if path.suffix == ".nc") == ["a.nc", "c.nc"]
    expected = lifter.lift(fly.pose_2d[100:200]).position
    np.testing.assert_array_equal(read_poses(out / "c.nc").points, expected)


def test_a_single_file_that_fails_is_an_error(lifter, walks, tmp_path):
    with pytest.raises(ValueError, match=r"b\.nc"):
        lift_files(lifter, walks[1:2], tmp_path / "out.nc")
    assert not (tmp_path / "out.nc").exists()


def test_a_batch_goes_on_where_it_was_and_says_what_it_skips(lifter, fly, walks, tmp_path):
    out = tmp_path / "lifted"
    lift_files(lifter, walks, out)
    before = {name: (out / name).stat().st_mtime_ns for name in ("a.nc", "c.nc")}
    write_poses(seen(fly).part(0, 40), walks[1], overwrite=True)
    again = lift_files(lifter, walks, out)
    assert kinds(again) == ["Skipped", "LiftSummary", "Skipped"]
    assert {name: (out / name).stat().st_mtime_ns for name in before} == before
    assert kinds(lift_files(lifter, walks, out, overwrite=True)) == ["LiftSummary"] * 3


def test_a_file_that_is_gone_fails_by_itself(lifter, walks, tmp_path):
    out = tmp_path / "lifted"
    lift_files(lifter, walks, out)
    walks[0].unlink()
    again = lift_files(lifter, walks, out)
    assert kinds(again) == ["Failed", "Failed", "Skipped"]
    assert "there is no file" in again[0].reason


def test_ctrl_c_leaves_whole_files_only_and_the_batch_goes_on(lifter, fly, walks, tmp_path):
    write_poses(seen(fly).part(0, 40), walks[1], overwrite=True)
    out = tmp_path / "lifted"

    def stop(done, whole, name):
        if name == "b.nc":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lift_files(lifter, walks, out, on_progress=stop)
    assert sorted(path.name for path in out.iterdir()) == [RECORD, "a.nc"]
    assert kinds(lift_files(lifter, walks, out)) == ["Skipped", "LiftSummary", "LiftSummary"]


def test_what_stands_there_of_something_else_is_not_skipped(lifter, fly, with_camera, tmp_path):
    (tmp_path / "in").mkdir()
    file, out = tmp_path / "in" / "walk.nc", tmp_path / "lifted"
    write_poses(seen(fly), file)

    def lift(model=lifter, **asked):
        return kinds(lift_files(model, [file], out, folder=True, **asked))

    assert lift() == ["LiftSummary"]
    for asked, words in (
        ({"by_order": True}, "with other options"),
        ({"hypotheses": 2}, "with other options"),
        ({"hints": Hints(min_confidence=0.5)}, "with other options"),
        ({"model": with_camera}, "by another lifter"),
    ):
        with pytest.raises(FileExistsError, match=rf"walk\.nc .*{words}; use --overwrite"):
            lift(**asked)
    assert lift() == ["Skipped"]
    write_poses(seen(fly).part(0, 90), file, overwrite=True)
    with pytest.raises(FileExistsError, match="has changed since"):
        lift()
    assert lift(overwrite=True) == ["LiftSummary"]
    (out / "walk.nc").write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="changed since it was lifted"):
        lift()
    (out / RECORD).write_text("{}")
    with pytest.raises(FileExistsError, match="not known what it was lifted from"):
        lift()
    assert (out / "walk.nc").read_bytes() == b"mine"


def test_files_are_written_in_the_format_that_is_asked_for(lifter, walks, tmp_path):
    done = lift_files(lifter, walks[::2], tmp_path / "lifted", to="npz")
    assert [entry.path.name for entry in done] == ["a.npz", "c.npz"]
    found = read_lifted(done[0].path)
    assert found.spread is not None
    with pytest.raises(ValueError, match=r"--to docx is no format that can be written"):
        lift_files(lifter, walks, tmp_path / "other", to="docx")
    assert not (tmp_path / "other").exists()


def test_only_the_individuals_that_are_wanted_are_lifted(lifter, fly, tmp_path):
    both = Poses.from_experiments(
        {"a": fly.pose_2d, "b": fly.pose_2d[::-1]}, joints=fly.joints, individuals=["a", "b"]
    )
    path = write_poses(both, tmp_path / "two.nc")
    lift_file(lifter, path, tmp_path / "out.nc", hints=Hints(individuals=("b",)))
    found = read_poses(tmp_path / "out.nc")
    np.testing.assert_array_equal(found.points, lifter.lift(fly.pose_2d[::-1]).position)


def test_swaps_are_reported(lifter, fly, tmp_path, monkeypatch):
    one, other = fly.pose_2d, fly.pose_2d[::-1] + 500
    tracks = {"a": np.r_[one[:120], other[120:]], "b": np.r_[other[:120], one[120:]]}
    both = Poses.from_experiments(tracks, joints=fly.joints, individuals=["a", "b"])
    path = write_poses(both, tmp_path / "two.nc")
    monkeypatch.setattr("liftpose.lifting.files.CHUNK", 70)
    done = lift_file(lifter, path, tmp_path / "out.nc")
    assert [swap.frame for swap in done.swaps] == [120]
    assert done.as_dict()["swaps"][0]["individuals"] == ["a", "b"]
    (text,) = [words for words in done.warnings if "swap" in words]
    assert "two.nc: 'a' and 'b' seem to swap identities at frame 120." in text


def test_the_provenance_of_the_2d_and_of_the_lift_go_into_the_file(lifter, fly, tmp_path):
    told = Poses.from_experiments(
        fly.pose_2d, joints=fly.joints, provenance={"tracked_with": "net 3"}
    )
    path = write_poses(told, tmp_path / "walk.nc")
    lift_file(lifter, path, tmp_path / "out.nc", by_order=True, hypotheses=1)
    found = read_lifted(tmp_path / "out.nc").provenance
    assert json.loads(found["poses_2d"]) == {"tracked_with": "net 3"}
    assert (found["lifter"], "liftpose_version" in found) == (lifter.digest, True)
    assert json.loads(found["lift"])["by_order"] is True
    assert json.loads(found["lift"])["hypotheses"] == 1


def test_renames_are_read_from_pairs_and_a_table(tmp_path):
    table = tmp_path / "names.toml"
    table.write_text('"front paw" = "hand"\n')
    assert read_renames(["a=b"], table) == {"front paw": "hand", "a": "b"}
    with pytest.raises(ValueError, match="expected old=new"):
        read_renames(["paw"])
    with pytest.raises(ValueError, match="both 'b' and 'c'"):
        read_renames(["a=b", "a=c"])
    table.write_text("paw = 3\n")
    with pytest.raises(ValueError, match="paw is no name"):
        read_renames([], table)
    table.write_text("paw\n")
    with pytest.raises(ValueError, match="no TOML"):
        read_renames([], table)


def test_a_table_of_names_may_be_of_the_other_file_too(lifter, fly, file):
    poses = read_for(lifter, file, {"only in the other": "nose"})
    assert poses.joints == fly.joints


def test_netcdf_is_opened_in_pieces(file):
    with open_poses(file) as poses:
        assert [chunk.frames for chunk in poses.chunks(128)] == [128, 128, 44]


@pytest.fixture(scope="module")
def with_camera(fly):
    """A lifter that learned with a camera."""
    deep = Poses.from_experiments(fly.poses_3d, joints=fly.joints, unit="mm", frame="world")
    return Lifter(fly.skeleton, network="ridge").fit(fly.pose_2d, deep, camera=fly.cameras[0])


def test_a_cropped_and_resized_video_is_lifted_as_the_whole_one(with_camera, fly, tmp_path):
    camera, scale = fly.cameras[0], 0.5
    path = write_calibration({"front": camera, "side": fly.cameras[1]}, tmp_path / "c.toml")
    moved = (fly.pose_2d - [20, 10] + 0.5) * scale - 0.5
    file = write_poses(Poses.from_experiments(moved, joints=fly.joints), tmp_path / "small.nc")
    width, height = camera.size
    crop = f"20,10,{width - 40},{height - 20}"
    expected = with_camera.lift(fly.pose_2d)
    for number, filmed in enumerate(
        (
            camera_of(with_camera, path, "front", crop, scale),
            camera_of(with_camera, crop=crop, scale=scale),
            camera_of(
                with_camera, path, "front", ["side:0,0,9,9", f"front:{crop}"], ["7", "front:0.5"]
            ),
        )
    ):
        lift_file(with_camera, file, tmp_path / f"{number}.nc", camera=filmed)
        found = read_poses(tmp_path / f"{number}.nc")
        np.testing.assert_allclose(found.points, expected.position, atol=1e-3)
    assert filmed.size == (round((width - 40) * scale), round((height - 20) * scale))


def test_2d_far_outside_of_the_image_offers_crop_and_scale(with_camera, fly, tmp_path):
    file = write_poses(
        Poses.from_experiments(fly.pose_2d * 4, joints=fly.joints), tmp_path / "large.nc"
    )
    for camera in (None, fly.cameras[0]):
        with pytest.raises(ValueError, match=r"large.nc lie far outside.*--crop .*--scale"):
            lift_file(with_camera, file, tmp_path / "out.nc", camera=camera)
    assert not (tmp_path / "out.nc").exists()


def test_pixels_that_the_lens_does_not_reach_are_said_once_with_file_and_camera(
    with_camera, fly, tmp_path, monkeypatch
):
    # r (1 - 0.5 r²) is 0.54 at most.
    bent = dataclasses.replace(fly.cameras[0], dist=[-0.5, 0, 0, 0], size=None, name="front")
    pixels = bent.project(fly.poses_3d)
    pixels[[3, 200], 2] = bent.K[:2, 2] + [0.6 * bent.K[0, 0], 0]
    file = write_poses(Poses.from_experiments(pixels, joints=fly.joints), tmp_path / "walk.nc")
    monkeypatch.setattr("liftpose.lifting.files.CHUNK", 128)
    words = "walk.nc: the distortion of the camera 'front' cannot be inverted at 2 pixels"
    with pytest.warns(UserWarning, match=words) as warned:
        lift_file(with_camera, file, tmp_path / "out.nc", camera=bent)
    assert len(warned) == 1


def test_a_camera_is_named_rightly_or_refused(lifter, with_camera, fly, tmp_path):
    path = write_calibration({"front": fly.cameras[0], "side": fly.cameras[1]}, tmp_path / "c.toml")
    assert camera_of(lifter) is None
    assert camera_of(lifter, path, "side").name == "side"
    assert isinstance(camera_of(with_camera, scale=2.0), Camera)
    for arguments, words in (
        ((lifter, None, "side"), "--camera side is a camera of a calibration"),
        ((lifter, None, None, "0,0,9,9"), "change a camera, and the lifter has not one"),
        ((lifter, path, None), "say which one"),
        ((lifter, path, "sid"), "Did you mean 'side'"),
        ((lifter, path, "side", "1,2,3"), "--crop 1,2,3: expected x,y,width,height"),
        ((lifter, path, "side", "1,2,3,x"), "--crop 1,2,3,x: expected"),
        ((lifter, path, "side", None, -1.0), "scale must be positive"),
        ((lifter, path, "side", "frnot:0,0,9,9"), "crop: .* no camera 'frnot'. Did .*'front'"),
        ((with_camera, None, None, None, "other:2"), "scale: .* no camera 'other'"),
    ):
        with pytest.raises(ValueError, match=words):
            camera_of(*arguments)


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    """A mouse that was filmed by a calibrated camera, a lifter of it, and its size."""
    folder = tmp_path_factory.mktemp("filmed")
    animal = mouse(frames=400, seed=1, animal=1)
    camera = animal.cameras[0]
    flat = Poses.from_experiments(camera.project(animal.poses_3d), joints=animal.joints)
    deep = Poses.from_experiments(animal.poses_3d, joints=animal.joints, frame="world")
    lifter = Lifter(animal.skeleton, network="ridge").fit(flat, deep, camera=camera)
    return animal, lifter, write_poses(flat, folder / "walk.nc")


def test_poses_are_put_at_their_place(filmed, tmp_path):
    animal, lifter, path = filmed
    done = lift_file(lifter, path, tmp_path / "out.nc", placed=True)
    assert done.unplaced == 0
    found = read_poses(tmp_path / "out.nc").points
    distance = np.linalg.norm(
        animal.poses_3d[:, animal.roots[0]] - animal.cameras[0].position, axis=1
    )
    off = np.linalg.norm(found - animal.poses_3d, axis=2).mean(axis=1)
    assert np.median(off / distance) < 0.03
    here = lift_file(lifter, path, tmp_path / "root.nc")
    assert here.unplaced is None
    assert (read_poses(tmp_path / "root.nc").points[:, animal.roots[0]] == 0).all()


def test_a_known_length_sets_the_size_of_the_whole_file(filmed, tmp_path):
    animal, lifter, path = filmed
    lift_file(lifter, path, tmp_path / "out.nc", length="nose-tail_base=12cm")
    points = read_poses(tmp_path / "out.nc").points
    nose, tail = (animal.joints.index(name) for name in ("nose", "tail_base"))
    apart = np.linalg.norm(points[:, nose] - points[:, tail], axis=1)
    assert np.median(apart) == pytest.approx(120, rel=1e-4)  # the lifter's unit stays: mm
    assert read_poses(tmp_path / "out.nc").unit == "mm"


def test_placing_needs_a_camera(lifter, fly, tmp_path):
    path = write_poses(seen(fly), tmp_path / "walk.nc")
    with pytest.raises(ValueError, match="--calibration"):
        lift_file(lifter, path, tmp_path / "out.nc", placed=True)
    assert not (tmp_path / "out.nc").exists()


FEET = ("left_front_paw", "right_front_paw", "left_hind_paw", "right_hind_paw")


@pytest.fixture(scope="module")
def standing(tmp_path_factory):
    """A rat that learned a camera, and an animal 15 % larger, on the same floor, before it."""
    folder = tmp_path_factory.mktemp("standing")
    animal = quadruped(frames=700, seed=1)
    camera, known, large = animal.cameras[0], animal.poses_3d[:400], 1.15 * animal.poses_3d[400:]
    lifter = Lifter(animal.skeleton, network="ridge")
    lifter.fit(camera.project(known), known, camera=camera)
    seen = Poses.from_experiments(camera.project(large), joints=animal.joints)
    floor = find_floor(Poses.from_experiments(known, joints=animal.joints, unit="mm"), FEET)
    return animal, lifter, large, floor, write_poses(seen, folder / "large.nc")


def far_off(path, animal, truth):
    """Median distance of the root from where it is, as a share of the camera's distance."""
    root, camera = animal.roots[0], animal.cameras[0].position
    off = np.linalg.norm(read_poses(path).points[:, root] - truth[:, root], axis=1)
    return float(np.nanmedian(off / np.linalg.norm(truth[:, root] - camera, axis=1)))


@pytest.mark.parametrize("named", ["poses", "plane"])
def test_a_floor_gives_a_file_its_size_and_place(standing, tmp_path, monkeypatch, named):
    animal, lifter, large, floor, path = standing
    monkeypatch.setattr("liftpose.lifting.files.CHUNK", 128)
    lift_file(lifter, path, tmp_path / "without.nc", placed=True)
    assert far_off(tmp_path / "without.nc", animal, large) > 0.02
    under = floor if named == "poses" else Ground("z", 0.0, False, FEET)
    done = lift_file(lifter, path, tmp_path / "out.nc", placed=True, floor=under)
    assert far_off(tmp_path / "out.nc", animal, large) < 0.01
    assert (done.unplaced, done.off_floor) == (0, 0)
    flat = read_poses(path)
    expected = place(lifter.lift(flat), flat, animal.cameras[0], floor=floor)
    found = read_poses(tmp_path / "out.nc")
    np.testing.assert_allclose(found.points, expected.position, rtol=1e-4, atol=0.05)


def test_a_plane_and_a_length_go_together(standing, tmp_path):
    animal, lifter, large, _, path = standing
    ground, length = Ground("z", 0.0, False, FEET), "nose-tail_base=10m"
    lift_file(lifter, path, tmp_path / "plain.nc", placed=True, floor=ground)
    done = lift_file(lifter, path, tmp_path / "long.nc", placed=True, floor=ground, length=length)
    # So large an animal is far above the floor: no factor of up to two puts it there.
    assert (done.unplaced, done.off_floor, done.frames) == (300, 300, 300)
    assert done.blind == 0
    assert "300 without a place (300 off the floor)" in str(done)
    assert done.as_dict()["off_floor_frames"] == 300
    assert far_off(tmp_path / "plain.nc", animal, large) < 0.01


def test_a_floor_is_for_poses_that_are_placed_and_of_their_unit(standing, tmp_path):
    _, lifter, _, floor, path = standing
    with pytest.raises(ValueError, match="--place"):
        lift_file(lifter, path, tmp_path / "out.nc", floor=floor)
    other = dataclasses.replace(floor, unit="m")
    with pytest.raises(ValueError, match="the floor is in m and the poses are in mm"):
        lift_file(lifter, path, tmp_path / "out.nc", placed=True, floor=other)
    assert not (tmp_path / "out.nc").exists()


def test_a_floor_under_nothing_that_was_seen(standing, tmp_path):
    animal, lifter, _, _, path = standing
    unseen = np.full_like(read_poses(path).points, np.nan)
    file = write_poses(Poses.from_experiments(unseen, joints=animal.joints), tmp_path / "blind.nc")
    ground = Ground("z", 0.0, False, FEET)
    with pytest.warns(UserWarning, match=r"blind.nc: none of 300 frames could be lifted"):
        done = lift_file(lifter, file, tmp_path / "out.nc", placed=True, floor=ground)
    assert (done.blind, done.unplaced, done.off_floor) == (300, 300, 0)
    assert np.isnan(read_poses(tmp_path / "out.nc").points).all()


def test_files_are_put_on_one_floor(standing, tmp_path):
    animal, lifter, large, floor, path = standing
    done = lift_files(lifter, [path], tmp_path / "out.nc", placed=True, floor=floor)
    assert done[0].off_floor == 0
    assert far_off(tmp_path / "out.nc", animal, large) < 0.01


def test_a_file_is_judged_as_a_whole_and_its_verdicts_are_kept(lifter, fly, tmp_path):
    mirrored = {"good": fly.pose_2d, "bad": fly.pose_2d[:, ::-1]}
    path = write_poses(Poses.from_experiments(mirrored, joints=fly.joints), tmp_path / "two.nc")
    summary = lift_file(lifter, path, tmp_path / "out.nc")
    assert {key: one.name for key, one in summary.verdicts.items()} == {
        "good": "like the training data",
        "bad": "joints in another order",
    }
    (said,) = summary.warnings
    assert "two.nc, experiment 'bad': joints in another order" in said
    kept = read_lifted(tmp_path / "out.nc")
    assert kept.verdicts == summary.verdicts
    assert kept.novelty.shape == (2 * len(fly.pose_2d),)
    assert [one["experiment"] for one in summary.as_dict()["verdicts"]] == ["good", "bad"]


def test_a_long_file_is_judged_on_some_of_its_frames(lifter, fly, tmp_path, monkeypatch):
    monkeypatch.setattr(lifting_files, "CHUNK", 64)
    many = np.concatenate([fly.pose_2d] * 4)
    many += np.random.default_rng(0).normal(size=many.shape) / 4
    path = write_poses(Poses.from_experiments(many, joints=fly.joints), tmp_path / "long.nc")
    looked = []
    judged = Lifter.verdicts
    monkeypatch.setattr(
        Lifter,
        "verdicts",
        lambda self, some, *args: looked.append(some) or judged(self, some, *args),
    )
    (verdict,) = lift_file(lifter, path, tmp_path / "out.nc").verdicts.values()
    assert verdict.name == "like the training data"
    (some,) = looked
    assert SAMPLE <= some.frames <= 2 * SAMPLE < len(many)
    step = len(many) // some.frames
    np.testing.assert_array_equal(
        some.points, many[::step][: some.frames].astype(some.points.dtype)
    )
