import json

import numpy as np
import pytest
from matplotlib.colors import to_hex

from liftpose.plot.chunks import decode_chunk
from liftpose.plot.limbs import Limbs
from liftpose.plot.track import Track, chunks, header, thinned
from liftpose.skeleton import Skeleton

BODY = Skeleton(["hip_l", "hip_r", "tail"], bones=[(0, 1), (1, 2)], pairs=[(0, 1)], limbs=[0, 1, 1])


def track(frames=50, **other) -> Track:
    rng = np.random.default_rng(0)
    pose = rng.random((frames, 3, 3))
    return Track(
        **({"layers": {"pose": pose}, "joints": BODY.joints, "limbs": Limbs.of(BODY)} | other)
    )


def test_a_header_is_json_and_says_what_is_there():
    said = header(
        track(
            unit="mm",
            fps=25,
            recordings=(("a", 0, 20), ("b", 20, 30)),
            marks=((7, "late"), (3, "early")),
            title="walk",
        )
    )
    again = json.loads(json.dumps(said, allow_nan=False))
    assert again == said
    assert again["left"] == [1, 0, 0]
    assert again["colors"] == [to_hex(color) for color in Limbs.of(BODY).colors]
    assert again["bones"] == [[0, 1], [1, 2]]
    assert [each["frame"] for each in again["marks"]] == [3, 7]
    assert again["recordings"][1] == {
        "name": "b",
        "first": 20,
        "frames": 30,
        "row": 20,
        "skipped": 0,
    }


def test_a_line_keeps_its_highest_and_lowest_value_in_few_numbers():
    values = np.zeros(400_000)
    values[123_456], values[300_000], values[10] = 5, -2, np.nan
    layers = {"pose": np.broadcast_to(np.float32(0), (400_000, 3, 3))}
    (line,) = header(track(layers=layers, lines={"error": ("error", "mm", values)}))["lines"]
    assert len(line["low"]) == len(line["high"]) == 1500
    assert max(line["high"]) == 5
    assert min(line["low"]) == -2
    bin_of = 123_456 * 1500 // 400_000
    assert line["high"].index(5) == bin_of


def test_frames_of_which_nothing_is_known_are_gaps_of_a_line():
    values = np.array([1.0, np.nan, np.inf, 2.0])
    layers = {"pose": np.zeros((4, 3, 3))}
    (line,) = header(track(layers=layers, lines={"error": ("error", "", values)}))["lines"]
    assert line["high"] == [1.0, None, None, 2.0]


def test_the_box_holds_nearly_all_joints_but_no_stray_ones():
    pose = np.random.default_rng(1).uniform(-1, 1, (3000, 3, 3))
    pose[5, 1], pose[6] = 1e6, np.nan
    said = header(track(layers={"pose": pose}))
    assert np.allclose(said["box"]["low"], -1, atol=0.05)
    assert np.allclose(said["box"]["high"], 1, atol=0.05)
    assert -1 < said["ground"] < 0
    assert 1 < said["size"] < 4


def test_poses_of_which_nothing_is_known_have_a_header():
    said = header(track(layers={"pose": np.full((4, 3, 3), np.nan)}))
    json.dumps(said, allow_nan=False)
    assert said["size"] == 1


def test_the_image_is_measured():
    image = np.full((10, 3, 2), np.nan)
    image[:, 0], image[:, 1] = (100, 50), (140, 60)
    pose = np.zeros((10, 3, 3))
    said = header(track(layers={"pose": pose, "image": image}))
    assert said["image_box"] == {"low": [100, 50], "high": [140, 60]}
    assert said["image_reach"] == 40


def test_chunks_hold_every_row_once():
    of = track(frames=23)
    parts = [decode_chunk(data, [("pose", 3)], 3)["pose"] for data in chunks(of, chunk=10)]
    assert [len(part) for part in parts] == [10, 10, 3]
    assert np.allclose(np.concatenate(parts), of.layers["pose"], atol=1e-4)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"layers": {}}, "needs the layer 'pose'"),
        ({"layers": {"pose": np.zeros((4, 2, 3))}}, r"'pose' has shape \(4, 2, 3\)"),
        ({"layers": {"pose": np.zeros((4, 3, 3)), "mask": np.zeros((4, 3))}}, "no layer 'mask'"),
        ({"lines": {"error": ("", "", np.zeros(3))}}, "line 'error'"),
        ({"marks": ((50, "there"),)}, "'there' marks frame 50"),
        ({"recordings": (("a", 0, 20), ("b", 25, 25))}, "'b' begins at row 25; expected 20"),
        ({"recordings": (("a", 0, 20),)}, "recordings have 20 rows"),
        ({"begins": (0, 5)}, "begins has 2 rows; expected one for each of the 1 recordings"),
        ({"fps": 0}, "fps needs a number above 0"),
        ({"limbs": Limbs.resolve(2, [], None, None)}, "limbs are of 2 joints"),
    ],
)
def test_what_does_not_fit_is_named(wrong, words):
    with pytest.raises(ValueError, match=words):
        track(**wrong)


def test_a_thinned_track_shows_the_same_moments():
    frames = 100
    pose = np.arange(frames * 9.0).reshape(frames, 3, 3)
    values = np.arange(100.0)
    of = track(
        layers={"pose": pose},
        fps=50,
        recordings=(("a", 0, 31), ("b", 31, 69)),
        lines={"error": ("error", "mm", values)},
        marks=((90, "bad"), (31, "first of b")),
    )
    less = thinned(of, 25)
    assert less.fps == 12.5
    assert less.recordings == (("a", 0, 8), ("b", 8, 18))
    kept = less.lines["error"][2]
    assert (less.layers["pose"][:, 0, 0] == 9 * kept).all()
    assert kept[8] == 31
    (bad, _), (first, _) = less.marks
    assert 0 <= 90 - kept[bad] < 4
    assert kept[first] == 31
    assert thinned(of, 100) is of
    said = header(thinned(less, 13))
    assert (said["every"], said["rows"]) == (8, 100)
    assert [each["row"] for each in said["recordings"]] == [0, 31]


def test_frames_of_a_thinned_track_know_where_they_come_from():
    of = track(90, recordings=(("a", 0, 33), ("b", 33, 57)))
    less = thinned(of, 30)
    for frame in range(less.frames):
        name, row = less.place(frame)
        np.testing.assert_array_equal(less.layers["pose"][frame], of.layers["pose"][row])
        assert name == ("a" if row < 33 else "b")
    with pytest.raises(IndexError, match="no frame 30"):
        less.place(less.frames)
