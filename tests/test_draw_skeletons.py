"""The pictures of the skeletons show every joint once, and the document's table is the code's."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from docs import draw_skeletons
from liftpose import Skeleton

PAGE = Path(__file__).parents[1] / "docs" / "skeletons.md"
NAMES = Skeleton.shipped()


@pytest.mark.parametrize("name", NAMES)
def test_every_joint_is_named_and_no_name_lies_on_another(name):
    skeleton = Skeleton.named(name)
    (axes,) = draw_skeletons.draw(name).axes
    texts = list(axes.texts)
    assert sorted(text.get_text() for text in texts) == sorted(skeleton.joints)
    axes.figure.canvas.draw()
    for side in ("left", "right"):
        boxes = [t.get_window_extent() for t in texts if t.get_ha() == side]
        for lower, upper in pairwise(sorted(boxes, key=lambda box: box.y0)):
            assert lower.y1 <= upper.y0 + 0.5
        whole = axes.figure.bbox
        assert all(box.x0 > whole.x0 and box.x1 < whole.x1 for box in boxes)


@pytest.mark.parametrize("name", NAMES)
def test_left_is_on_the_left_and_no_joint_lies_on_another(name):
    skeleton, at = Skeleton.named(name), draw_skeletons.layout(name)
    for left, right in skeleton.pairs:
        assert at[left, 0] < 0 < at[right, 0]
    apart = np.linalg.norm(at[:, None] - at, axis=2) + np.eye(len(at)) * 9
    assert apart.min() > 0.3


def test_a_picture_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(draw_skeletons, "FOLDER", tmp_path)
    assert draw_skeletons.main(["macaque13"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["skeleton-macaque13.png"]


def test_the_table_is_that_of_the_skeletons():
    rows = [line.split("|")[1:-1] for line in PAGE.read_text().splitlines() if line[:3] == "| `"]
    assert [row[0].strip(" `") for row in rows] == list(NAMES)
    for name, joints, bones, rigid, roots, _ in ([cell.strip() for cell in row] for row in rows):
        skeleton = Skeleton.named(name.strip("`"))
        assert int(joints) == skeleton.joint_count
        assert int(bones) == len(skeleton.bones)
        assert rigid == ("not said" if skeleton.rigid is None else str(len(skeleton.rigid)))
        (word,) = [word for word in roots.split() if word.startswith("`")]
        assert all(skeleton.joints[root].endswith(word.strip("`")) for root in skeleton.roots)
    pictures = {path.stem for path in (PAGE.parent / "images").glob("skeleton-*.png")}
    assert pictures == {f"skeleton-{name}" for name in NAMES}
