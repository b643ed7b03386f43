"""Libraries that become one: recordings with their own cameras, in one unit."""

from dataclasses import replace

import numpy as np
import pytest

from liftpose import Poses
from liftpose.datasets import mouse
from liftpose.io.filmed import FilmedLibrary, read_library, write_library
from liftpose.library import merge_libraries, merge_library_files, train_from_filmed
from liftpose.skeleton import Skeleton


def made(seed=1, key="walk", unit="mm", cameras=("front", "right"), frames=30, joints=None):
    """A library of exact projections."""
    animal = mouse(frames=frames, seed=seed, animal=seed)
    factor = {"mm": 1.0, "cm": 0.1, None: 1.0}[unit]
    rig = {
        camera.name: replace(camera, t=factor * camera.t)
        for camera in animal.cameras
        if camera.name in cameras
    }
    rig = {name: rig[name] for name in cameras}
    points = factor * animal.poses_3d
    pixels = np.stack([camera.project(points) for camera in rig.values()])
    skeleton = animal.skeleton
    if joints is not None:
        skeleton = Skeleton(joints, roots=[0], target_sets=[list(range(1, len(joints)))])
    poses = Poses.from_experiments(
        {key: points}, joints=skeleton.joints, unit=unit, frame="world", fps=100
    )
    shape = pixels.shape[:3]
    return FilmedLibrary(
        poses,
        skeleton,
        tuple(rig),
        {key: rig},
        pixels.astype(np.float32),
        np.full(shape, 0.9, np.float32),
        np.zeros(shape, np.float32),
        np.ones(shape, bool),
        np.tile(np.arange(frames, dtype=np.int32), (len(rig), 1)),
        {key: {"singles": dict.fromkeys(rig, factor * 2.0), "body_length": factor * 60}},
    )


def shown(library):
    """How far the 3D is from the 2D, in every camera of every recording."""
    far = []
    for number, key in enumerate(library.poses.keys):
        rows = library.poses.experiment == number
        for name, camera in library.cameras[key].items():
            pixels = library.pixels[library.names.index(name), rows]
            far.append(np.abs(pixels - camera.project(library.poses.points[rows])).max())
    return max(far)


def test_recordings_keep_their_cameras_and_come_into_one_unit():
    first, other = made(1, "monday"), made(2, "tuesday", "cm", ("right", "top"))
    found = merge_libraries({"a": first, "b": other})
    assert found.poses.keys == ("monday", "tuesday")
    assert found.poses.unit == "mm"
    assert found.names == ("front", "right", "top")
    assert list(found.cameras["tuesday"]) == ["right", "top"]
    assert shown(found) < 1e-3
    np.testing.assert_allclose(found.poses.only("tuesday").points, 10 * other.poses.points)
    assert np.isnan(found.pixels[0, 30:]).all()
    assert not found.used[0, 30:].any()
    assert (found.frames[0, 30:] == -1).all()
    # Errors are lengths, too; only one camera was in both.
    assert found.singles == {"right": pytest.approx(2.0)}
    assert found.about["tuesday"]["body_length"] == pytest.approx(60)
    flat, deep, cameras = found.seen_by("top")
    assert flat.keys == deep.keys == tuple(cameras) == ("tuesday",)


def test_recordings_of_one_name_are_called_after_their_libraries():
    found = merge_libraries({"monday": made(1), "tuesday": made(2), "late": made(3, "night")})
    assert found.poses.keys == ("monday walk", "tuesday walk", "night")
    assert set(found.cameras) == set(found.about) == set(found.poses.keys)


def test_the_same_recording_is_not_merged_twice():
    with pytest.raises(ValueError, match="the recording 'again' of b is 'walk' of a"):
        merge_libraries({"a": made(1), "b": made(1, "again")})


def test_joints_are_matched_by_name_or_renamed_and_others_are_refused():
    first = made(1, "a")
    names = list(first.skeleton.joints)
    turned = made(2, "b", joints=["snout", *names[:0:-1]])
    # The tables of the other are in its own order.
    with pytest.raises(ValueError, match="b lacks 'nose' and has 'snout' besides.*--rename"):
        merge_libraries({"a": first, "b": turned})
    found = merge_libraries({"a": first, "b": turned}, {"snout": "nose"})
    assert found.skeleton == first.skeleton
    order = [names.index(joint) for joint in ["nose", *names[:0:-1]]]
    back = np.argsort(order)
    np.testing.assert_array_equal(found.poses.only("b").points, turned.poses.points[:, back])
    np.testing.assert_array_equal(found.pixels[:, 30:], turned.pixels[:, :, back])
    assert shown(found) < 1e-3


def test_a_unit_that_only_one_has_is_refused():
    with pytest.raises(ValueError, match="b is in no unit that is known, and the first .* in mm"):
        merge_libraries({"a": made(1, "a"), "b": made(2, "b", None)})


def test_files_become_one_from_which_a_lifter_learns(tmp_path):
    monday = write_library(made(1, frames=60), tmp_path / "monday.library")
    tuesday = write_library(made(2, frames=50), tmp_path / "tuesday.library")
    path, _ = merge_library_files([monday, tuesday], tmp_path / "fly.library")
    found = read_library(path)
    assert found.poses.keys == ("monday walk", "tuesday walk")
    assert found.poses.lengths == (60, 50)
    assert shown(found) < 1e-3
    trained = train_from_filmed(found, "front", network="ridge")
    assert trained.frames == 110
    assert trained.lifter.camera.name == "front"
    # Calibrated anew on Tuesday: each recording has its own camera.
    anew = dict(found.cameras["tuesday walk"])
    anew["front"] = replace(anew["front"], K=anew["front"].K * [[1.01], [1.01], [1.0]])
    moved = replace(found, cameras={**found.cameras, "tuesday walk": anew})
    trained = train_from_filmed(moved, "front", network="ridge")
    assert trained.lifter.camera == {key: moved.cameras[key]["front"] for key in found.poses.keys}
    before = sorted(tmp_path.iterdir())
    for given, words in (
        ([monday], "two libraries or more; got 1"),
        ([monday, monday], "named twice"),
        ([monday, tmp_path / "none.library"], "none.library"),
    ):
        with pytest.raises((ValueError, OSError), match=words):
            merge_library_files(given, tmp_path / "new.library")
    with pytest.raises(FileExistsError, match="fly.library"):
        merge_library_files([monday, tuesday], path)
    assert sorted(tmp_path.iterdir()) == before
