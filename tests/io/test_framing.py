"""Crops and scales of all cameras, and of each by its name."""

import numpy as np
import pytest

from liftpose import Camera
from liftpose.io.calibration import crops, framed, scales


def rig() -> dict[str, Camera]:
    K = [[900, 0, 320], [0, 900, 240], [0, 0, 1]]
    return {
        name: Camera(K, t=[0, 0, 100], size=(640, 480), name=name)
        for name in ("left", "top", "a:b")
    }


def test_nothing_said_changes_nothing() -> None:
    assert framed(rig()) == rig()
    assert crops(None) == scales(None) == crops([]) == {}


def test_what_is_said_of_one_comes_before_what_is_said_of_all() -> None:
    cameras = rig()
    found = framed(
        cameras,
        crops(["0,0,100,80", "top:-10,20.5,30,40", "a:b:1,2,3,4"]),
        scales(["0.5", "left:2"]),
    )
    expected = {
        "left": cameras["left"].crop(0, 0, 100, 80).resize(scale=2.0),
        "top": cameras["top"].crop(-10, 20.5, 30, 40).resize(scale=0.5),
        "a:b": cameras["a:b"].crop(1, 2, 3, 4).resize(scale=0.5),
    }
    assert found == expected
    assert framed(cameras, {"top": (1, 2, 3, 4)}) == cameras | {
        "top": cameras["top"].crop(1, 2, 3, 4)
    }
    assert framed(cameras, scale=0.5) == {n: c.resize(scale=0.5) for n, c in cameras.items()}


def test_the_part_is_taken_before_it_is_resized() -> None:
    camera = framed(rig(), (100, 50, 200, 200), 0.5)["left"]
    whole = rig()["left"].project(np.asarray([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(
        camera.project(np.asarray([1.0, 2.0, 3.0])), (whole - [100, 50] + 0.5) * 0.5 - 0.5
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: crops("1,2,3"), "--crop 1,2,3: expected x,y,width,height.*or NAME: and that"),
        (lambda: crops("left:1,2,3,x"), "--crop left:1,2,3,x: expected"),
        (lambda: crops(":1,2,3,4"), "expected the name of a camera before the colon"),
        (lambda: crops(["1,2,3,4", "0,2,3,4"]), "--crop 0,2,3,4: it is said twice of all cameras"),
        (lambda: crops(["a:1,2,3,4", "a:0,2,3,4"]), "it is said twice of camera 'a'"),
        (lambda: scales("half"), "--scale half: expected a number such as 0.5"),
        (lambda: scales("left:"), "--scale left:: expected a number"),
        (
            lambda: framed(rig(), scale={"lfet": 2}),
            "scale: .*'lfet'. Did you mean 'left'",
        ),
        (lambda: framed(rig(), (1, 2, 3)), "'left': a crop is x, y, width and height; got"),
        (lambda: framed(rig(), {"top": (900, 0, 9, 9)}), "'top': a crop of 9 x 9 px at .*outside"),
        (lambda: framed(rig(), scale={"top": 0.0}), "'top': scale must be positive"),
    ],
)
def test_what_makes_no_sense_is_refused(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_cameras_that_are_not_asked_for_may_be_spoken_of() -> None:
    cameras = rig()
    said = {"left": (9000, 0, 9, 9), "top": (1, 2, 3, 4)}
    found = framed({"top": cameras["top"]}, said, known=cameras)
    assert found == {"top": cameras["top"].crop(1, 2, 3, 4)}
