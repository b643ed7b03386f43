"""OpenMonkeyStudio, in files that are written here as its page describes them."""

import numpy as np
import pytest

from examples.stand_ins import looking_at, write_labels, write_open_monkey
from liftpose.datasets import open_monkey
from liftpose.datasets.published.monkey import BONES, LENGTHS, MACAQUE
from liftpose.geometry.bones import bone_lengths

RNG = np.random.default_rng(1)
NAMES = (18064162, 18260132, 18260134)
CAMERAS = {
    name: looking_at(place, 787.0, (1280, 1024), str(name), (-0.3, 0.08))
    for name, place in zip(NAMES, [(3, 0.5, 1), (-1, 3, 0.4), (0.7, -3, 1.5)], strict=True)
}
FRAMES = np.asarray([3120, 3140, 3200, 3500])
POINTS = RNG.uniform(-0.8, 0.8, (4, 13, 3))
# Number of the frame, camera, and what was cut out: left, top, width, height.
PICTURES = [
    *[(frame, NAMES[0], 700 + frame % 7, 300, 380, 382) for frame in FRAMES],
    (3200, NAMES[1], 20, 30, 300, 200),
    (9999, NAMES[1], 20, 30, 300, 200),
]


@pytest.fixture
def folder(tmp_path):
    write_open_monkey(tmp_path, "7", CAMERAS, FRAMES, POINTS, PICTURES)
    return tmp_path


def test_cameras_show_the_3d_where_those_that_filmed_it_do(folder):
    found = open_monkey(folder)
    first, second = ("7", str(NAMES[0])), ("7", str(NAMES[1]))
    assert found.keys == (first, second)
    np.testing.assert_allclose(found.poses_3d.only(first).points, POINTS)
    np.testing.assert_allclose(found.poses_3d.only(second).points, POINTS[[2]])
    for key, name, frames in ((first, NAMES[0], POINTS), (second, NAMES[1], POINTS[[2]])):
        truth = CAMERAS[name]
        # What the file's own camera shows, not what was made of it.
        np.testing.assert_allclose(
            found.poses_2d.only(key).points, truth.project(frames), atol=1e-4
        )
        camera = found.cameras[key]
        np.testing.assert_allclose(camera.R, truth.R, atol=1e-8)
        np.testing.assert_allclose(camera.t, truth.t, atol=1e-8)
        np.testing.assert_allclose(camera.K, truth.K)
        np.testing.assert_allclose(camera.dist[:2], [-0.3, 0.08])
    np.testing.assert_array_equal(found.numbers[first], FRAMES)
    np.testing.assert_array_equal(found.numbers[second], [3200])
    assert found.train == found.keys
    assert found.poses_3d.frame == "world"


def test_two_coefficients_bend_a_ray_as_the_authors_say(folder):
    camera = open_monkey(folder).cameras["7", str(NAMES[0])]
    x, y = 0.3, -0.4
    bent = 1 - 0.3 * (x * x + y * y) + 0.08 * (x * x + y * y) ** 2
    shown = camera.project(camera.camera_to_world(np.asarray([[x, y, 1.0]])))[0]
    np.testing.assert_allclose(shown, [640 + 787 * x * bent, 512 + 787 * y * bent], atol=1e-5)


def test_rows_of_any_order_are_matched_by_the_number_of_their_frame(tmp_path):
    order = [2, 0, 3, 1]
    write_open_monkey(tmp_path, "7", CAMERAS, FRAMES[order], POINTS[order], PICTURES)
    found = open_monkey(tmp_path)
    np.testing.assert_allclose(found.poses_3d.only(found.keys[0]).points, POINTS)


def test_every_camera_of_the_batch_can_be_shown_every_frame(folder):
    found = open_monkey(folder, every_camera=True)
    assert found.poses_2d.lengths == (4, 4)
    np.testing.assert_allclose(
        found.poses_2d.points[4:], CAMERAS[NAMES[1]].project(POINTS), atol=1e-4
    )


def test_of_batch_9_the_frames_that_were_tested_on(tmp_path):
    frames = np.asarray([100, 7380, 7381, 8099, 8100, 12400])
    pictures = [(frame, NAMES[0], 0, 0, 10, 10) for frame in frames]
    points = RNG.uniform(-0.5, 0.5, (6, 13, 3))
    write_open_monkey(tmp_path, "9", CAMERAS, frames, points, pictures)
    write_open_monkey(tmp_path, "9a", CAMERAS, frames, points, pictures)
    found = open_monkey(tmp_path, every_camera=True)
    (key,) = found.test
    np.testing.assert_array_equal(found.numbers[key], [7381, 8099, 12400])
    np.testing.assert_allclose(found.poses_3d.only(key).points, points[[2, 3, 5]])
    assert found.train == (("9a", str(NAMES[0])),)
    assert found.poses_3d.only(found.train[0]).frames == 6
    assert open_monkey(tmp_path, ["9"]).keys == (key,)


def test_labels_are_pixels_of_the_whole_image(folder):
    clicked = RNG.uniform(10, 180, (3, 13, 2))
    names = [
        f"batch7_000003140_{NAMES[0]}.jpg",
        f"batch7_000003200_{NAMES[1]}.jpg",
        f"batch0_000003140_{NAMES[0]}.jpg",
    ]
    # The second picture was stored at half the size that it was cut out at.
    sizes = [(382, 380), (100, 150), (382, 380)]
    write_labels(folder, names, sizes, clicked)
    found = open_monkey(folder, labelled=True)
    first, second = (found.poses_2d.only(key).points for key in found.keys)
    corner = [700 + 3140 % 7, 300]
    np.testing.assert_allclose(first[1], clicked[0] + corner)
    assert np.isnan(first[[0, 2, 3]]).all()
    np.testing.assert_allclose(second[0], 2 * clicked[1] + [20, 30])
    with pytest.raises(ValueError, match="labelled and every_camera"):
        open_monkey(folder, labelled=True, every_camera=True)


def test_bones_can_be_those_of_one_animal(folder):
    found = open_monkey(folder, same_bones=True)
    points = found.poses_3d.points
    np.testing.assert_allclose(bone_lengths(points, BONES), np.broadcast_to(LENGTHS, (5, 12)))
    np.testing.assert_allclose(points[:4, 7], POINTS[:, 7])
    for near, far in BONES:
        now, then = points[:4, far] - points[:4, near], POINTS[:, far] - POINTS[:, near]
        cosine = (now * then).sum(1) / np.linalg.norm(now, axis=1) / np.linalg.norm(then, axis=1)
        np.testing.assert_allclose(cosine, 1)
    plain = open_monkey(folder)
    np.testing.assert_array_equal(found.poses_2d.points, plain.poses_2d.points)


def test_joints_are_named_in_the_order_of_the_page():
    page = "Nose-Head-Neck-RShoulder-RHand-LShoulder-LHand-Hip-RKnee-RFoot-LKnee-LFoot-Tail"
    assert "-".join(MACAQUE.joints) == page
    assert [MACAQUE.joints[root] for root in MACAQUE.roots] == ["Neck"]


@pytest.mark.parametrize(
    ("file", "change", "words"),
    [
        ("intrinsic.txt", lambda text: text + "0 5\n", "16 lines; expected 0 and then 5"),
        ("camera.txt", lambda text: text.replace(str(NAMES[1]), "left"), "expected '0' and a cam"),
        ("camera.txt", lambda text: text.replace("e+00", "e+0x", 1), "expected 3 numbers"),
        ("intrinsic.txt", lambda text: text.replace("18", "77"), "none of the cameras of"),
        ("camera.txt", lambda text: text.split("0 18064162")[0], "has 3 lines"),
    ],
)
def test_damaged_texts_are_errors_that_name_the_file(folder, file, change, words):
    path = folder / "Batch7" / file
    path.write_text(change(path.read_text()))
    with pytest.raises(ValueError, match=rf"(camera|intrinsic)\.txt: .*{words}"):
        open_monkey(folder)


def test_what_is_missing_is_said(folder):
    with pytest.raises(FileNotFoundError, match=r"Data\.mat is missing; it holds 'Batch7'"):
        open_monkey(folder, labelled=True)
    with pytest.raises(FileNotFoundError, match=r"Batch8: intrinsic\.txt is missing; that folder"):
        open_monkey(folder, ["8"])
    for name in ("crop_para.mat", "coords_3D.mat", "camera.txt"):
        (folder / "Batch7" / name).unlink()
        with pytest.raises(FileNotFoundError, match=rf"Batch7: {name} is missing; it holds"):
            open_monkey(folder)
    empty = folder / "Images"
    empty.mkdir()
    with pytest.raises(FileNotFoundError, match="no folder Batch7 or the like"):
        open_monkey(empty)


def test_coordinates_of_another_layout_are_errors(tmp_path):
    write_open_monkey(tmp_path, "7", CAMERAS, FRAMES, POINTS, PICTURES)
    from scipy.io import savemat

    path = tmp_path / "Batch7" / "coords_3D.mat"
    frames = np.repeat(FRAMES, 13)
    for coords, words in (
        (np.zeros((51, 4)), "51 rows; expected 13 for each"),
        (np.zeros((52, 3)), r"shape \(52, 3\)"),
        (np.c_[np.roll(frames, 1), np.zeros((52, 3))], "rows 0 to 12 are not of one frame"),
        (np.zeros((52, 4)), "frame 0 twice"),
    ):
        savemat(path, {"coords": coords})
        with pytest.raises(ValueError, match=rf"coords_3D\.mat: .*{words}"):
            open_monkey(tmp_path)
    savemat(path, {"points": coords})
    with pytest.raises(ValueError, match="no variable 'coords'; there are 'points'"):
        open_monkey(tmp_path)
