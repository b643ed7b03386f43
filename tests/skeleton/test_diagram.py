"""The small drawing of a skeleton says what the skeleton says."""

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.colors import to_hex

from liftpose import Skeleton
from liftpose.datasets import quadruped
from liftpose.plot.limbs import Limbs
from liftpose.skeleton.diagram import MOST, as_svg

SVG = "{http://www.w3.org/2000/svg}"
RAT = quadruped(frames=1, seed=1).skeleton


def drawn(skeleton):
    return ElementTree.fromstring(as_svg(skeleton))


def test_bones_run_between_their_joints_in_the_colour_of_the_limb():
    root = drawn(RAT)
    place = {
        int(dot.find(f"{SVG}title").text.split()[0]): (float(dot.get("cx")), float(dot.get("cy")))
        for dot in root.iter(f"{SVG}circle")
    }
    coloured = [line for line in root.iter(f"{SVG}line") if line.get("stroke", "").startswith("#")]
    assert len(place) == RAT.joint_count
    assert len(coloured) == len(RAT.bones)
    for line, (a, b) in zip(coloured, RAT.bones, strict=True):
        ends = [float(line.get(key)) for key in ("x1", "y1", "x2", "y2")]
        np.testing.assert_allclose(ends, [*place[a], *place[b]])
        assert line.get("stroke") == "#{:02x}{:02x}{:02x}".format(*RAT.colors[RAT.limbs[a]])


@pytest.mark.parametrize(
    "skeleton",
    [
        replace(RAT, colors=None),
        replace(RAT, colors=None, limbs=None),
        Skeleton(list("abc"), bones=[(0, 1), (1, 2)], limbs=[0, 0, 1]),
        Skeleton(list("abc"), bones=[(0, 1), (1, 2)]),
    ],
    ids=["no colours", "no limbs", "no sides", "one limb"],
)
def test_colours_are_those_of_figures_where_the_skeleton_gives_none(skeleton):
    limbs = Limbs.of(skeleton)
    expected = [to_hex(limbs.color_of(a)) for a, _ in skeleton.bones]
    root = drawn(skeleton)
    coloured = [line.get("stroke") for line in root.iter(f"{SVG}line")]
    assert [color for color in coloured if color.startswith("#")] == expected
    for color in {expected[0], expected[-1]} if skeleton.limbs else ():
        assert f'stroke="{color}"' in skeleton._repr_html_().split("<table>")[1]


def test_left_joints_alone_are_hollow():
    hollow = {
        dot.find(f"{SVG}title").text.split()[1]
        for dot in drawn(RAT).iter(f"{SVG}circle")
        if "fill" not in dot.attrib
    }
    assert hollow == {name for name in RAT.joints if name.startswith("left")}


def test_everything_lies_within_the_picture():
    root = drawn(RAT)
    width, height = (float(root.get(side)) for side in ("width", "height"))
    for text in root.iter(f"{SVG}text"):
        assert 5 <= float(text.get("x")) <= width - 5
        assert 5 <= float(text.get("y")) <= height - 5


def test_numbers_stand_clear_of_each_other_and_of_the_joints():
    root = drawn(RAT)
    texts = np.array([[float(t.get("x")), float(t.get("y"))] for t in root.iter(f"{SVG}text")])
    dots = np.array([[float(c.get("cx")), float(c.get("cy"))] for c in root.iter(f"{SVG}circle")])
    apart = np.linalg.norm(texts[:, None] - texts[None], axis=2) + 1e9 * np.eye(len(texts))
    assert apart.min() > 9
    assert np.linalg.norm(texts[:, None] - dots[None], axis=2).min() > 8


def test_screen_readers_are_told_what_it_is():
    root = drawn(RAT)
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "Diagram of the skeleton"
    assert "Left joints are hollow" in root.find(f"{SVG}desc").text
    one_sided = drawn(Skeleton(["a", "b"], bones=[(0, 1)]))
    assert "hollow" not in one_sided.find(f"{SVG}desc").text


def test_names_are_text_whatever_they_hold():
    root = drawn(Skeleton(["<script>x</script>", '"&amp;'], bones=[(0, 1)]))
    titles = [dot.find(f"{SVG}title").text for dot in root.iter(f"{SVG}circle")]
    assert titles == ["0 <script>x</script>", '1 "&amp;']


@pytest.mark.parametrize(
    "skeleton",
    [
        Skeleton(["a", "b"]),
        Skeleton([str(n) for n in range(MOST + 1)], bones=[(n, n + 1) for n in range(MOST)]),
    ],
    ids=["no bones", "too many joints"],
)
def test_where_a_drawing_would_tell_nothing_there_is_the_table_alone(skeleton):
    assert as_svg(skeleton) == ""
    assert "<svg" not in skeleton._repr_html_()
    assert "<table>" in skeleton._repr_html_()
