"""Films of files, decoded and measured: what was tracked lies on what the video shows."""

import json
import subprocess
import sys

import numpy as np
import pytest

from liftpose import Skeleton
from liftpose.filming import FilmOptions, film_file
from liftpose.geometry.camera import Camera
from liftpose.io import write_calibration, write_poses
from liftpose.plot.footage import Footage
from liftpose.poses import Lifted, Poses
from tests.plot.videos import SIZE, centre_of, film_square, number_in

JOINTS = ("rear", "front", "above", "tip")
RED, BLUE, TRUTH = (255, 0, 0), (0, 0, 255), (189, 189, 189)
BODY = Skeleton(
    JOINTS,
    bones=[(0, 1), (2, 3)],
    limbs=[0, 0, 1, 1],
    colors=[RED, BLUE],
    roots=[2],
    target_sets=[[0, 1, 3]],
    unit="mm",
)
CAMERA = Camera([[200, 0, 80], [0, 200, 48], [0, 0, 1]], size=SIZE, name="side")
FRAMES = 16
SMALL = (720, 360)


def recording(first=0, corner=(0, 0), frames=FRAMES):
    """2D whose first two joints are left and right of the square's centre, and its 3D."""
    centre = centre_of(np.arange(frames) + first) - corner
    flat = centre[:, None] + [[-10.0, 0], [10, 0], [6, -20], [6, -30]]
    depth = np.array([300.0, 300, 320, 310]) * np.ones((frames, 1))
    rays = (flat + corner - [80, 48]) / 200
    return flat, np.concatenate([rays * depth[..., None], depth[..., None]], axis=2)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    BODY.write("body.toml")
    write_calibration({"side": CAMERA}, "rig.toml")
    return tmp_path


def write(first=0, corner=(0, 0), frames=FRAMES, relative=True, still=False, **about):
    flat, deep = recording(first, corner, frames)
    deep = np.tile(deep[:1], (frames, 1, 1)) if still else deep
    told = {"joints": JOINTS, "fps": 25.0}
    write_poses(Poses.from_experiments({"walk": flat}, **told), "flat.nc", overwrite=True)
    position = (deep - deep[:, 2:3] if relative else deep).astype(np.float32)
    told |= {
        "unit": "mm",
        "frame": "camera",
        "provenance": {"skeleton": json.dumps(BODY.as_dict())},
    }
    lifted = Lifted(position, position, ("walk",), (frames,), **told | about)
    write_poses(lifted, "lifted.nc", overwrite=True)
    return lifted


def pictures(path="film.mp4"):
    with Footage(path) as film:
        return [picture.astype(int) for picture in film.pictures(range(film.frames))]


def of_color(picture, color, within=90):
    return np.abs(picture - color).max(axis=2) < within


def left_half(picture):
    """The video in a film, without what is around it."""
    part = picture[34:330, 14:358]
    dark = part.max(axis=2) < 70
    rows, columns = (np.flatnonzero(dark.mean(axis=axis) > 0.3) for axis in (1, 0))
    return part[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def square_and_bone(picture):
    """Middles of the bright square and of what is red, in the video of a film, in its pixels."""
    part = left_half(picture)
    y, x = np.nonzero(part.min(axis=2) > 190)
    square = np.array([x.min() + x.max(), y.min() + y.max()]) / 2
    y, x = np.nonzero(of_color(part, RED))
    return square, np.array([x.min() + x.max(), y.min() + y.max()]) / 2


def number_shown(picture):
    """Which picture of the video a film shows, where it shows the whole of it."""
    part = left_half(picture)
    y, x = np.nonzero(part.min(axis=2) > 190)
    small = np.zeros((SIZE[1], SIZE[0], 3))
    at = np.array([x.min() + x.max(), y.min() + y.max()]) / 2
    x, y = np.round((at + 0.5) * SIZE[0] / part.shape[1] - 0.5 - 3.5).astype(int)
    small[y : y + 8, x : x + 8] = 255
    return number_in(small)


def made(whole=True, **more):
    settings = {"size": SMALL, "whole": whole} | more.pop("options", {})
    return film_file(
        "lifted.nc", "film.mp4", options=FilmOptions(**settings), overwrite=True, **more
    )


VIDEOS = {
    "steady.mp4": {},
    "varying.mp4": {"times": np.cumsum(np.random.default_rng(0).integers(1, 9, 40))},
    "out_of_turn.avi": {},
}


@pytest.mark.parametrize("name", VIDEOS)
@pytest.mark.parametrize("whole", [True, False])
def test_what_was_tracked_lies_on_the_video_in_every_frame(folder, name, whole):
    write()
    more = VIDEOS[name]
    if "times" in more:
        more = {"times": more["times"][:FRAMES]}
    film_square(folder / name, FRAMES, **more)
    done = made(video=name, poses_2d="flat.nc", whole=whole)
    shown = pictures()
    assert len(shown) == done.pictures == FRAMES
    for row, picture in enumerate(shown):
        square, bone = square_and_bone(picture)
        np.testing.assert_allclose(square, bone, atol=1.5, err_msg=str(row))
    if whole:
        assert [number_shown(picture) for picture in shown] == list(range(FRAMES))


def test_an_offset_and_a_crop_are_followed(folder):
    film_square(folder / "raw.mp4", 40)
    write(first=9, corner=(12, 5))
    for crop in ((12, 5), (12, 5, 140, 80)):
        made(video="raw.mp4", poses_2d="flat.nc", offset=9, crop=crop)
        for row, picture in enumerate(pictures()):
            assert number_shown(picture) == row + 9
            np.testing.assert_allclose(*square_and_bone(picture), atol=1.5)
    made(video="raw.mp4", poses_2d="flat.nc", offset=9, options={"first": 5, "last": 7})
    assert [number_shown(picture) for picture in pictures()] == [14, 15, 16]


def test_files_that_number_their_frames_say_where_they_begin(folder):
    film_square(folder / "raw.mp4", 40)
    told = json.dumps({"first_frame": "7"})
    write(first=7, provenance={"poses_2d": told, "skeleton": json.dumps(BODY.as_dict())})
    made(video="raw.mp4")
    assert [number_shown(picture) for picture in pictures()][:3] == [7, 8, 9]
    made(video="raw.mp4", offset=2)
    assert number_shown(pictures()[0]) == 2


@pytest.mark.parametrize("relative", [True, False])
def test_the_camera_shows_where_it_sees_the_pose(folder, relative):
    film_square(folder / "raw.mp4", FRAMES)
    write(relative=relative)
    beside = {"poses_2d": "flat.nc"} if relative else {}
    done = made(video="raw.mp4", calibration="rig.toml", **beside)
    assert "3D as the camera sees it" in done.text
    for picture in pictures():
        np.testing.assert_allclose(*square_and_bone(picture), atol=1.5)


def test_the_camera_of_a_cropped_video_is_that_of_the_whole(folder):
    film_square(folder / "raw.mp4", FRAMES)
    write(corner=(12, 5))
    made(video="raw.mp4", poses_2d="flat.nc", crop=(12, 5), calibration="rig.toml")
    for picture in pictures():
        np.testing.assert_allclose(*square_and_bone(picture), atol=1.5)


def test_poses_that_were_placed_know_their_camera(folder):
    film_square(folder / "raw.mp4", FRAMES)
    told = {"placed_by": json.dumps([CAMERA.as_dict()]), "skeleton": json.dumps(BODY.as_dict())}
    write(relative=False, provenance=told)
    assert "3D as the camera sees it" in made(video="raw.mp4").text
    for picture in pictures()[::5]:
        np.testing.assert_allclose(*square_and_bone(picture), atol=1.5)


def test_the_2d_that_the_lifted_poses_name_is_taken(folder):
    film_square(folder / "raw.mp4", FRAMES)
    write(source_file="elsewhere/flat.nc")
    done = made(video="raw.mp4")
    assert "2D of flat.nc" in done.text
    np.testing.assert_allclose(*square_and_bone(pictures()[3]), atol=1.5)
    flat, _ = recording()
    write_poses(Poses.from_experiments(flat[:5], joints=JOINTS), "flat.nc", overwrite=True)
    done = made(video="raw.mp4")
    assert "2D that lifted.nc names is left out: flat.nc has 5 frames" in done.warnings[0]
    (folder / "flat.nc").unlink()
    done = made(video="raw.mp4")
    assert done.warnings == (
        "nothing is drawn on the video: name the 2D that was lifted (--poses-2d).",
    )


def test_2d_of_other_joints_is_matched_by_name(folder):
    flat, _ = recording()
    write()
    film_square(folder / "raw.mp4", FRAMES)
    more = np.concatenate([flat[:, [1]], flat[:, [1]] * 0, flat[:, [0]]], axis=1)
    names = ("front", "whisker", "rear")
    write_poses(Poses.from_experiments(more, joints=names), "other.nc")
    made(video="raw.mp4", poses_2d="other.nc")
    picture = pictures()[4]
    np.testing.assert_allclose(*square_and_bone(picture), atol=1.5)
    assert not of_color(left_half(picture), BLUE).any()


def test_space_alone_is_shown_where_there_is_no_image(folder):
    write()
    film_file("lifted.nc", "film.mp4")
    (first, *_), count = pictures(), len(pictures())
    assert (first.shape, count) == ((720, 720, 3), FRAMES)
    assert of_color(first, RED).sum() > 100
    assert of_color(first, BLUE).sum() > 100


def test_2d_without_a_video_is_shown_on_paper(folder):
    write()
    made(poses_2d="flat.nc")
    part = pictures()[3][34:330, 14:358]
    assert of_color(part, RED).sum() > 50
    assert (part.min(axis=2) > 220).mean() > 0.9


def test_the_truth_is_grey_behind_poses_that_are_put_beside_it(folder):
    lifted = write()
    truth = lifted.position + [500, 20, 80]
    truth[:, 3] += [12, 0, 0]
    told = {"joints": JOINTS, "unit": "mm", "frame": "camera"}
    write_poses(Poses.from_experiments(truth, **told), "truth.nc")
    plain = (made(), pictures()[3])[1]
    beside = (made(truth="truth.nc"), pictures()[3])[1]
    assert of_color(beside[:330], TRUTH, 12).sum() > of_color(plain[:330], TRUTH, 12).sum() + 50
    assert of_color(beside, BLUE).sum() > 30


def test_spread_trails_and_doubt_are_seen(folder):
    sure = np.ones((FRAMES, 4), np.float32)
    sure[:, 3] = 0.01
    write(spread=np.full((FRAMES, 4, 3), 3, np.float32), confidence=sure)
    plain, spread, doubted = (
        (made(options={"view": (-90, 10), **options}), pictures()[14])[1]
        for options in (
            {"min_confidence": 0.0},
            {"min_confidence": 0.0, "spread": True},
            {"min_confidence": 0.5},
        )
    )
    pale = (255, 230, 230)
    assert of_color(spread, pale, 15).sum() > of_color(plain, pale, 15).sum() + 500
    assert of_color(doubted, BLUE).sum() < 0.5 * of_color(plain, BLUE).sum()
    moving = write(relative=False)
    assert moving.position.shape == (FRAMES, 4, 3)
    still, trailing = (
        (made(options={"view": (-90, 10), "trail": trail}), pictures()[14])[1] for trail in (0, 12)
    )
    assert np.abs(still - trailing).max(axis=2).astype(bool).sum() > 300


def test_a_film_lasts_as_long_as_the_recording_or_as_many_times_longer(folder):
    write(fps=100.0)
    told = []
    film_file("lifted.nc", "a.mp4", on_progress=lambda *done: told.append(done))
    assert told == [(number, 4) for number in range(1, 5)]
    options = FilmOptions(first=4, last=11, slower=8)
    done = film_file("lifted.nc", "b.mp4", options=options)
    with Footage("b.mp4") as film:
        assert (film.frames, film.fps) == (16, 25)
    assert (done.frames, done.pictures) == ((4, 11), 16)
    assert done.as_dict()["pictures"] == 16


def test_a_preview_is_short_and_small(folder):
    write(frames=100)
    film_square(folder / "raw.mp4", 100)
    done = film_file(
        "lifted.nc",
        "film.mp4",
        video="raw.mp4",
        poses_2d="flat.nc",
        options=FilmOptions(preview=True),
    )
    with Footage("film.mp4") as film:
        assert (film.frames, film.fps, film.size) == (45, 15, (720, 360))
    assert done.frames == (0, 73)


def test_the_view_turns_unless_it_is_fixed(folder):
    write(frames=30, still=True)
    still, turning = (
        (made(options={"view": (0, 20), "turn": turn, "size": (300, 300)}), pictures())[1]
        for turn in (None, 90)
    )

    def changed(shown):
        return (np.abs(shown[0][40:250] - shown[-1][40:250]).max(axis=2) > 60).sum()

    assert changed(still) == 0
    assert changed(turning) > 100


def test_one_of_several_individuals_is_filmed(folder):
    lifted = write()
    both = np.concatenate([lifted.position[:10], 5 * lifted.position[:6]])
    told = {"joints": JOINTS, "fps": 25.0, "individuals": ("ann", "bob"), "unit": "mm"}
    told["provenance"] = lifted.provenance
    write_poses(Lifted(both, both, ("ann", "bob"), (10, 6), **told), "two.nc")
    assert film_file("two.nc", "a.mp4").pictures == 10
    assert film_file("two.nc", "b.mp4", individual="bob").pictures == 6
    with pytest.raises(ValueError, match="two.nc has no individual 'bib'.*Did you mean 'bob'"):
        film_file("two.nc", "c.mp4", individual="bib")
    assert not (folder / "c.mp4").exists()


def test_a_thousand_joints_and_one_frame_and_no_skeleton(folder):
    many = np.random.default_rng(0).normal(size=(1, 1000, 3))
    write_poses(Poses.from_experiments(many), "many.nc")
    done = film_file("many.nc", "film.mp4")
    assert (done.pictures, done.frames) == (1, (0, 0))
    assert "joints only, since no bones are known (--skeleton)" in done.text
    (picture,) = pictures()
    assert of_color(picture, (0, 114, 178), 60).sum() > 1000


def test_what_is_not_known_is_absent(folder):
    lifted = write()
    gone = lifted.position.copy()
    gone[:12, :2] = np.nan
    gone[5] = np.nan
    write_poses(
        Lifted(gone, gone, ("walk",), (FRAMES,), joints=JOINTS, provenance=lifted.provenance),
        "lifted.nc",
        overwrite=True,
    )
    made()
    shown = pictures()
    assert not any(of_color(picture[:300], RED).any() for picture in shown[:12])
    assert not of_color(shown[5][:300], BLUE).any()
    assert of_color(shown[14], RED).sum() > 20
    assert of_color(shown[4], BLUE).sum() > 20


def test_what_is_slow_to_load_is_not_loaded_for_a_preview(folder):
    write()
    film_square("raw.mp4", FRAMES)
    code = (
        "import sys; from liftpose.filming import FilmOptions, film_file\n"
        "made = film_file('lifted.nc', 'film.mp4', video='raw.mp4', poses_2d='flat.nc',\n"
        "    options=FilmOptions(preview=True, size=(160, 80)))\n"
        "slow = {'torch', 'matplotlib.pyplot', 'scipy', 'xarray', 'pandas'}\n"
        "print(made.pictures, *sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(pictures()))]
