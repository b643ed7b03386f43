"""What cannot be filmed is refused, in words that say what would do, and leaves nothing."""

import numpy as np
import pytest

from liftpose.filming import FilmOptions, film_file
from liftpose.io import write_poses
from liftpose.poses import Lifted, Poses
from tests.filming.test_film_file import FRAMES, JOINTS, folder, recording, write  # noqa: F401
from tests.plot.videos import film_square


@pytest.fixture
def files(folder):  # noqa: F811
    lifted = write()
    flat, _ = recording()
    film_square(folder / "raw.mp4", FRAMES)
    film_square(folder / "long.mp4", 40)
    film_square(folder / "twice.mp4", 2 * FRAMES, rate=50)
    film_square(folder / "short.mp4", 12)
    (folder / "text.mp4").write_text("nothing")
    nothing = np.full_like(lifted.position, np.nan)
    write_poses(Poses.from_experiments(nothing, joints=JOINTS), "blind.nc")
    write_poses(Poses.from_experiments(flat[:9], joints=JOINTS), "part.nc")
    write_poses(Poses.from_experiments(flat, joints=("a", "b", "c", "d")), "other.nc")
    told = {"joints": JOINTS, "frame": "world", "unit": "mm"}
    write_poses(Poses.from_experiments(lifted.position, **told), "turned.nc")
    told = {"joints": JOINTS, "frame": "camera", "unit": "cm"}
    write_poses(Poses.from_experiments(lifted.position, **told), "inches.nc")
    depth = np.zeros((3, 2, 1), np.float32)
    write_poses(Lifted(depth, depth, ("",), (3,)), "depth.nc")
    (folder / "there.mp4").write_text("mine")
    return folder


REFUSED = {
    "a longer video": (
        {"video": "long.mp4"},
        r"long\.mp4 has 40 pictures and lifted\.nc 16 frames.*25 pictures a second, the poses 25 "
        r"frames.*--offset 0;.*--offset 24",
    ),
    "every second picture": (
        {"video": "twice.mp4"},
        r"50 pictures a second, the poses 25 frames.*every 2th picture",
    ),
    "a shorter video": (
        {"video": "short.mp4"},
        r"short\.mp4 has 12 pictures and lifted\.nc 16.*--offset 0 --frames 0\.\.11",
    ),
    "an offset too far": (
        {"video": "long.mp4", "offset": 25},
        r"25 from --offset, rows 0 to 15 of lifted\.nc are the pictures 25 to 40.*has 40\. "
        r"Offsets from 0 to 24 fit",
    ),
    "an offset before": ({"video": "raw.mp4", "offset": -1}, r"pictures -1 to 14"),
    "an offset of nothing": ({"offset": 3}, r"offset .* is of a video"),
    "no video": ({"video": "text.mp4"}, r"text\.mp4 is no video"),
    "2D of other frames": ({"poses_2d": "part.nc"}, r"part\.nc has 9 frames and lifted\.nc 16"),
    "2D of other joints": ({"poses_2d": "other.nc"}, r"other\.nc and lifted\.nc have no joint"),
    "3D for 2D": ({"poses_2d": "blind.nc"}, r"blind\.nc holds 3D poses; expected the 2D"),
    "2D for 3D": ({"source": "flat.nc"}, r"flat\.nc holds 2D poses"),
    "2D for truth": ({"truth": "flat.nc"}, r"flat\.nc holds 2D poses; expected true 3D"),
    "truth of another frame": (
        {"truth": "turned.nc"},
        r"turned\.nc has the frame 'world' and lifted\.nc 'camera'",
    ),
    "truth of another unit": ({"truth": "inches.nc"}, r"the unit 'cm' and lifted\.nc 'mm'"),
    "nothing seen": ({"source": "blind.nc"}, r"no joint in any frame; there is nothing to film"),
    "depth only": ({"source": "depth.nc"}, r"depth\.nc: the dimension space is of"),
    "no mp4": ({"out": "film.avi"}, r"ends in \.mp4"),
    "no such frames": ({"last": 99}, r"lifted\.nc has no frame 99; it has 16"),
    "frames backwards": ({"first": 9, "last": 3}, r"frames 9\.\.3 are none"),
    "no spread": ({"spread": True}, r"no spread"),
    "a tiny film": ({"size": (20, 20)}, r"size is 20,20"),
    "a crop of one": ({"crop": (3,)}, r"crop is \(3,\); expected x,y"),
    "slower than never": ({"slower": 0}, r"slower is 0"),
    "a trail backwards": ({"trail": -1}, r"trail is -1"),
    "upside down": ({"view": (0, 100)}, r"elevation from -90 to 90"),
    "no turn": ({"turn": float("nan")}, r"turn is nan"),
    "no share": ({"min_confidence": 3}, r"min_confidence is 3"),
}
SETTINGS = {
    *("first", "last", "spread", "size", "slower", "trail", "view", "turn", "min_confidence")
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_filmed_is_named(files, what):
    change, words = REFUSED[what]
    given = {"source": "lifted.nc", "out": "film.mp4"} | {
        name: value for name, value in change.items() if name not in SETTINGS
    }
    before = sorted(files.iterdir())
    with pytest.raises(ValueError, match=words):
        film_file(
            **given,
            options=FilmOptions(**{n: value for n, value in change.items() if n in SETTINGS}),
        )
    assert sorted(files.iterdir()) == before


def test_files_that_are_not_there_or_in_the_way_are_named(files):
    with pytest.raises(FileNotFoundError, match=r"no file rav\.mp4.*raw\.mp4"):
        film_file("lifted.nc", "film.mp4", video="rav.mp4")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        film_file("lifted.nc", "nowhere/film.mp4")
    with pytest.raises(FileExistsError, match=r"there\.mp4 exists; pass overwrite=True"):
        film_file("lifted.nc", "there.mp4")
    assert (files / "there.mp4").read_text() == "mine"


def test_an_interrupted_film_leaves_the_earlier_one(files):
    def stop(done, whole):
        raise KeyboardInterrupt

    before = sorted(files.iterdir())
    with pytest.raises(KeyboardInterrupt):
        film_file("lifted.nc", "there.mp4", overwrite=True, on_progress=stop)
    assert (files / "there.mp4").read_text() == "mine"
    assert sorted(files.iterdir()) == before


def test_another_rate_is_told_of(files):
    film_square(files / "fast.mp4", FRAMES, rate=100)
    done = film_file("lifted.nc", "film.mp4", video="fast.mp4", poses_2d="flat.nc")
    assert done.warnings == (
        "fast.mp4 has 100 pictures a second and the poses 25 frames; they are matched by their "
        "numbers, and the time is that of the poses (--fps).",
    )
    done = film_file("lifted.nc", "b.mp4", video="fast.mp4", poses_2d="flat.nc", fps=100)
    assert done.warnings == ()


def test_a_camera_that_helps_nothing_is_told_of(files):
    done = film_file("lifted.nc", "film.mp4", calibration="rig.toml")
    assert "is known with the 2D that was lifted (--poses-2d)" in done.warnings[0]
