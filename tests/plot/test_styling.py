"""The style holds for a while, and vector files can be edited."""

import re
from io import BytesIO
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from liftpose.datasets import quadruped
from liftpose.plot import OKABE_ITO, plot_pose_spread, plot_skeleton, plot_views, style

ANIMAL = quadruped(frames=2, seed=1)
POSE = ANIMAL.poses_3d[0]
SPREAD = np.full(POSE.shape, 2.0)
SVG = "{http://www.w3.org/2000/svg}"


def saved(figure, kind):
    held = BytesIO()
    figure.savefig(held, format=kind)
    return held.getvalue()


def views():
    figure = Figure(figsize=(6, 2.4))
    plot_views(
        figure.add_subplot(), POSE, ANIMAL.skeleton, truth=POSE + 1, spread=SPREAD, ground=0.0
    )
    return figure


def diagram():
    figure = Figure(figsize=(6, 4))
    plot_skeleton(figure.add_subplot(), ANIMAL.skeleton)
    return figure


def spread():
    figure = Figure(figsize=(4, 4))
    plot_pose_spread(
        figure.add_subplot(projection="3d"), POSE, SPREAD, ANIMAL.skeleton, truth=POSE + 1
    )
    return figure


def test_settings_are_what_they_were_afterwards():
    before = dict(mpl.rcParams)
    with style():
        assert mpl.rcParams["pdf.fonttype"] == 42
    assert dict(mpl.rcParams) == before
    with pytest.raises(KeyError), style():
        raise KeyError
    assert dict(mpl.rcParams) == before


def test_the_cycle_is_the_palette():
    with style():
        colors = mpl.rcParams["axes.prop_cycle"].by_key()["color"]
    np.testing.assert_allclose([to_rgb(color) for color in colors], np.array(OKABE_ITO) / 255)


def test_it_decorates():
    @style()
    def face():
        return mpl.rcParams["text.color"]

    assert to_rgb(face()) == to_rgb("#1b1e23")
    assert to_rgb(mpl.rcParams["text.color"]) != to_rgb("#1b1e23")


@pytest.mark.parametrize("draw", [views, diagram, spread])
def test_an_svg_has_its_words_as_text_and_nothing_that_is_cut_or_made_of_pixels(draw):
    with style():
        figure = draw()
        tree = ElementTree.fromstring(saved(figure, "svg"))
    words = {text.get_text() for text in figure.axes[0].texts}
    assert words <= {"".join(node.itertext()).strip() for node in tree.iter(f"{SVG}text")}
    assert not [*tree.iter(f"{SVG}clipPath"), *tree.iter(f"{SVG}image")]


def test_an_ellipsoid_is_one_curve():
    with style():
        figure = spread()
        tree = ElementTree.fromstring(saved(figure, "svg"))
    faint = [
        node.get("d")
        for node in tree.iter(f"{SVG}path")
        if "fill-opacity: 0.16" in (node.get("style") or "")
    ]
    assert len(faint) == len(POSE)
    assert {re.sub(r"[^A-Z]", "", way.upper()) for way in faint} == {"M" + "C" * 8 + "Z"}


@pytest.mark.parametrize("draw", [views, diagram, spread])
def test_a_pdf_has_its_fonts_and_no_pixels(draw):
    with style(), mpl.rc_context({"pdf.compression": 0}):
        written = saved(draw(), "pdf")
    assert b"/Subtype /Type3" not in written
    assert b"/Subtype /Image" not in written
    if draw is not spread:
        assert b"/Subtype /Type0" in written  # of TrueType outlines, as 42 asks for
