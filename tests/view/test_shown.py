"""What is shown is what the files hold, turned upright and brought to one place."""

import io
from threading import Event, Thread, Timer

import numpy as np
import pytest
from PIL import Image

from liftpose import Camera, write_calibration
from liftpose.datasets import mouse
from liftpose.io import write_poses
from liftpose.plot.chunks import decode_chunk
from liftpose.plot.encoding import as_rate, encode
from liftpose.poses import Lifted, Poses
from liftpose.postprocess import place
from liftpose.skeleton import Skeleton
from liftpose.view import Asked, open_shown, shown

FRAMES = 90


@pytest.fixture(scope="module")
def animal():
    return mouse(frames=FRAMES, seed=3, animal=1)


@pytest.fixture(scope="module")
def centred(animal):
    """As a lifter gives poses: the first root is at the origin."""
    root = animal.roots[0]
    position = (animal.poses_3d - animal.poses_3d[:, [root]]).astype(np.float32)
    position[4, 2] = np.nan
    draw = np.random.default_rng(0)
    return Lifted(
        position,
        position,
        ("first", "second"),
        (60, FRAMES - 60),
        joints=animal.joints,
        fps=60.0,
        unit="mm",
        frame="world",
        spread=draw.random(position.shape).astype(np.float32) + 0.1,
        novelty=draw.random(FRAMES).astype(np.float32) * 100,
        provenance={"skeleton": animal.skeleton.as_json},
    )


@pytest.fixture
def files(tmp_path, animal, centred):
    truth = Poses.from_experiments(
        animal.poses_3d[:, ::-1], joints=animal.joints[::-1], unit="mm", frame="world"
    )
    flat = Poses.from_experiments(animal.pose_2d, joints=animal.joints, unit="px")
    write_calibration({"top": animal.cameras[0]}, tmp_path / "rig.toml")
    return {
        "lifted": write_poses(centred, tmp_path / "lifted.h5"),
        "truth": write_poses(truth, tmp_path / "truth.nc"),
        "poses_2d": write_poses(flat, tmp_path / "flat.nc"),
        "calibration": tmp_path / "rig.toml",
    }


def film(path, shades, size=(64, 48)):
    width, height = size
    pictures = [np.full((height, width, 4), shade, np.uint8) for shade in shades]
    encode(path, as_rate(60), pictures)
    return path


def test_layers_are_the_files_rows(files, animal, centred):
    asked = Asked(truth=files["truth"], poses_2d=files["poses_2d"])
    with open_shown(files["lifted"], asked) as found:
        assert found.order == ("pose", "truth", "spread", "image")
        layers = found.layers(3, 70)
        values = found.values(3, 70)
    np.testing.assert_array_equal(layers["pose"], centred.position[3:70])
    np.testing.assert_array_equal(layers["spread"], centred.spread[3:70])
    np.testing.assert_allclose(layers["image"], animal.pose_2d[3:70], rtol=1e-6)
    # Joints of the truth are in another order and in the world; both are put right.
    np.testing.assert_allclose(layers["truth"][0], centred.position[3], atol=1e-3)
    np.testing.assert_allclose(values["error"], 0, atol=1e-3)
    np.testing.assert_array_equal(values["novelty"], centred.novelty[3:70])
    expected = [np.mean([np.linalg.norm(joint) for joint in pose]) for pose in centred.spread[3:70]]
    np.testing.assert_allclose(values["spread"], expected, rtol=1e-5)


def test_truth_of_placed_poses_stays_where_it_is(tmp_path, files, animal):
    shifted = Poses.from_experiments(animal.poses_3d + [3.0, 4.0, 0.0], joints=animal.joints)
    path = write_poses(shifted, tmp_path / "shifted.nc")
    with open_shown(path, Asked(truth=files["truth"])) as found:
        np.testing.assert_allclose(found.values(0, 5)["error"], 5, rtol=1e-4)


def test_poses_of_a_camera_are_turned_upright(tmp_path):
    draw = np.random.default_rng(2)
    position = draw.normal(size=(5, 2, 3)).astype(np.float32)
    spread = draw.random((5, 2, 3)).astype(np.float32)
    lifted = Lifted(position, position, ("",), (5,), frame="camera", spread=spread)
    with open_shown(write_poses(lifted, tmp_path / "c.nc")) as found:
        layers = found.layers(0, 5)
    x, y, z = np.moveaxis(position, 2, 0)
    np.testing.assert_array_equal(layers["pose"], np.stack([x, z, -y], axis=2))
    assert (layers["spread"] > 0).all()
    np.testing.assert_array_equal(layers["spread"][..., 2], spread[..., 1])


def test_poses_at_the_origin_are_reprojected_from_where_their_2d_puts_them(files, animal, centred):
    asked = Asked(poses_2d=files["poses_2d"], calibration=files["calibration"])
    with open_shown(files["lifted"], asked) as found:
        assert found.order[-1] == "reprojected"
        some = found.layers(40, 80)["reprojected"]
    placed = place(centred, animal.pose_2d, animal.cameras[0]).position
    whole = animal.cameras[0].project(placed.astype(np.float64))
    np.testing.assert_allclose(some, whole[40:80], atol=1e-3)
    assert np.nanmedian(np.abs(some - animal.pose_2d[40:80])) < 2


def test_poses_in_the_world_are_reprojected_as_they_are(tmp_path, files, animal):
    world = Poses.from_experiments(animal.poses_3d, joints=animal.joints, frame="world")
    asked = Asked(calibration=files["calibration"])
    with open_shown(write_poses(world, tmp_path / "world.nc"), asked) as found:
        seen = found.layers(0, 9)["reprojected"]
    np.testing.assert_allclose(seen, animal.cameras[0].project(animal.poses_3d[:9]), atol=1e-2)


def test_chunks_are_the_layers_to_half_a_step(files, monkeypatch):
    monkeypatch.setattr(shown, "CHUNK", 32)
    with open_shown(files["lifted"], Asked(truth=files["truth"])) as found:
        said = found.header()
        assert (said["chunk"], found.chunk_count) == (32, 3)
        order = [(layer["name"], layer["dims"]) for layer in said["layers"]]
        read = [decode_chunk(found.chunk(i), order, len(said["joints"])) for i in range(3)]
        for name, _ in order:
            whole = found.layers(0, FRAMES)[name]
            coarse = 4000 if name == "spread" else 60_000
            np.testing.assert_allclose(
                np.concatenate([chunk[name] for chunk in read]),
                whole,
                atol=np.nanmax(np.ptp(np.nan_to_num(whole), axis=(0, 1))) / coarse,
            )
        for beyond in (-1, 3):
            with pytest.raises(IndexError, match="no chunk"):
                found.chunk(beyond)


def test_the_time_line_waits_for_a_chunk_that_is_looked_at(files, monkeypatch):
    with open_shown(files["lifted"]) as found:
        begun, go_on, order = Event(), Event(), []
        layers = found.layers

        def slow(start, stop):
            begun.set()
            go_on.wait()
            order.append("chunk")
            return layers(start, stop)

        monkeypatch.setattr(found, "layers", slow)
        threads = [Thread(target=found.chunk, args=(0,))]
        threads[0].start()
        begun.wait()
        threads.append(Thread(target=lambda: (found.values(0, 9), order.append("values"))))
        threads[1].start()
        Timer(0.1, go_on.set).start()
        for thread in threads:
            thread.join()
    assert order == ["chunk", "values"]


def test_the_header_tells_what_the_page_shows(files, animal, centred):
    with open_shown(files["lifted"], Asked(poses_2d=files["poses_2d"])) as found:
        said = found.header()
    assert said["frames"] == said["rows"] == FRAMES
    assert said["title"] == "lifted.h5"
    assert said["joints"] == list(animal.joints)
    assert len(said["bones"]) == len(animal.bones)
    assert (said["unit"], said["fps"], said["video"]) == ("mm", 60, None)
    assert said["recordings"] == [
        {"name": "first", "first": 0, "frames": 60, "row": 0},
        {"name": "second", "first": 60, "frames": 30, "row": 60},
    ]
    assert [line["name"] for line in said["lines"]] == ["spread", "novelty"]
    # The box is that of nearly all of the animal.
    low, high = np.nanmin(centred.position, (0, 1)), np.nanmax(centred.position, (0, 1))
    assert (np.array(said["box"]["low"]) >= low).all()
    assert (np.array(said["box"]["high"]) <= high).all()
    assert (np.array(said["box"]["high"]) - said["box"]["low"] > 0.7 * (high - low)).all()


def test_a_skeleton_that_is_named_gives_joints_and_bones(tmp_path, files, animal):
    some = Skeleton(animal.joints[3:0:-1], bones=[(0, 1)])
    path = some.write(tmp_path / "some.toml")
    with open_shown(files["lifted"], Asked(skeleton=path, truth=files["truth"])) as found:
        said = found.header()
        pose, truth = (found.layers(10, 12)[name] for name in ("pose", "truth"))
    assert said["joints"] == list(some.joints)
    assert said["bones"] == [[0, 1]]
    assert pose.shape == truth.shape == (2, 3, 3)


@pytest.mark.parametrize(("frames", "joints"), [(1, 1), (1, 1000), (40, 1000)])
def test_a_frame_and_a_thousand_joints_without_a_skeleton(tmp_path, frames, joints):
    points = np.random.default_rng(0).normal(size=(frames, joints, 3)).astype(np.float32)
    points[0, 0] = np.nan
    path = write_poses(Poses.from_experiments(points), tmp_path / "points.nc")
    with open_shown(path) as found:
        said = found.header()
        assert said["bones"] == []
        assert said["chunk"] * joints <= 2048 * 64
        read = decode_chunk(found.chunk(0), [("pose", 3)], joints)["pose"]
    assert np.isnan(read[0, 0]).all()
    np.testing.assert_allclose(read[0, 1:], points[0, 1:], atol=1e-3)


def test_poses_that_are_all_absent_are_shown_as_absent(tmp_path):
    path = write_poses(Poses.from_experiments(np.full((9, 2, 3), np.nan)), tmp_path / "none.nc")
    with open_shown(path) as found:
        assert found.header()["box"] == {"low": [0, 0, 0], "high": [0, 0, 0]}
        assert np.isnan(decode_chunk(found.chunk(0), [("pose", 3)], 2)["pose"]).all()


def test_pictures_are_those_of_the_video_from_the_offset_on(tmp_path, files):
    shades = list(range(20, 240, 20))
    video = film(tmp_path / "walk.mp4", shades)
    with open_shown(files["lifted"], Asked(video=video, offset=4)) as found:
        assert found.header()["image_size"] == [64, 48]
        assert found.header()["video"] == {"first": 0, "frames": 7}
        for row in (3, 0, 6, 0):
            picture = np.asarray(Image.open(io.BytesIO(found.picture(row))))
            assert picture.shape == (48, 64, 3)
            assert abs(int(picture[20, 20, 0]) - shades[row + 4]) < 8
        for row in (7, FRAMES, -1):
            with pytest.raises(IndexError):
                found.picture(row)
        assert "has 11 pictures and the poses have 90 frames" in found.notes()[0]


def test_a_video_of_another_length_is_offered_an_offset(tmp_path, centred):
    short = centred.part(0, 8)
    path = write_poses(short, tmp_path / "short.nc")
    video = film(tmp_path / "walk.mp4", range(0, 110, 10))
    with open_shown(path, Asked(video=video, offset=5, fps=30)) as found:
        length, rate = found.notes()
    assert "--offset 3 would fit" in length
    assert "60 pictures a second and the poses have 30" in rate


def test_a_long_file_that_is_read_whole_is_said(tmp_path, monkeypatch, centred):
    monkeypatch.setattr(shown, "LARGE", 50)
    with open_shown(write_poses(centred, tmp_path / "walk.csv")) as found:
        assert "walk.csv was read as a whole" in found.notes()[0]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"truth": "short.nc"}, r"short\.nc has 20 frames and .*lifted\.h5 has 90"),
        ({"truth": "flat.nc"}, r"flat\.nc holds 2D poses"),
        ({"poses_2d": "truth.nc"}, r"truth\.nc holds 3D poses"),
        ({"calibration": "rig.toml"}, "stand at the origin.*--poses-2d"),
        ({"camera": "top"}, "of no calibration"),
        ({"calibration": "rig.toml", "camera": "side"}, "no camera 'side'"),
        ({"truth": "nobody.nc"}, "no '"),
    ],
)
def test_what_does_not_fit_is_explained(tmp_path, files, centred, asked, words):
    write_poses(centred.part(0, 20), tmp_path / "short.nc")
    nobody = Poses.from_experiments(np.zeros((FRAMES, 2, 3)), joints=["ear", "toe"])
    write_poses(nobody, tmp_path / "nobody.nc")
    found = {name: value if name == "camera" else tmp_path / value for name, value in asked.items()}
    with pytest.raises(ValueError, match=words), open_shown(files["lifted"], Asked(**found)):
        pass


def test_a_camera_and_poses_of_no_known_frame(tmp_path):
    path = write_poses(Poses.from_experiments(np.ones((3, 2, 3))), tmp_path / "walk.nc")
    write_calibration({"a": Camera(np.eye(3))}, tmp_path / "rig.toml")
    asked = Asked(calibration=tmp_path / "rig.toml")
    with pytest.raises(ValueError, match="frame"), open_shown(path, asked):
        pass


def test_the_folder_of_a_run_is_for_the_report(tmp_path):
    (tmp_path / "options.json").write_text("{}")
    with pytest.raises(ValueError, match="liftpose report"), open_shown(tmp_path):
        pass


def test_a_file_without_frames(tmp_path):
    path = tmp_path / "walk.nc"
    dataset = Poses.from_experiments(np.zeros((3, 2, 3))).to_dataset().isel(time=slice(0, 0))
    dataset.to_netcdf(path, engine="h5netcdf")
    with pytest.raises(ValueError, match=r"walk\.nc"), open_shown(path):
        pass
