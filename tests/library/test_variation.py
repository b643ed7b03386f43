"""Other animals and other trackers than those of a library."""

import numpy as np
import pytest
import torch

from liftpose import Camera, Poses
from liftpose.datasets import library
from liftpose.library import train_from_library
from liftpose.library.variation import Variation
from liftpose.skeleton import Skeleton

LEG = Skeleton(["hip", "knee", "ankle"], [(0, 1), (1, 2)], roots=["hip"])
NONE = {"bones": 0.0, "build": 0.0, "slide": 0.0, "scatter": 0.0}
COUNT = 4000


def poses():
    leg = torch.tensor([[0.0, 0, 2], [1, 0, 1], [1, 0.5, 0]], dtype=torch.float64)
    return leg.repeat(COUNT, 1, 1)


def varied(**amounts):
    generator = torch.Generator().manual_seed(0)
    return Variation(LEG, **NONE | amounts).varied(poses(), generator).numpy()


def lengths(points):
    return np.linalg.norm(np.diff(points, axis=1), axis=2)


def test_nothing_varies_where_all_amounts_are_zero():
    np.testing.assert_allclose(varied(), poses(), atol=1e-12)
    np.testing.assert_allclose(
        Variation(LEG).of(0.0).varied(poses(), torch.Generator()), poses(), atol=1e-12
    )


def test_bones_change_their_lengths_and_not_their_directions():
    found = varied(bones=0.2)
    ratio = lengths(found) / lengths(poses().numpy())
    np.testing.assert_allclose(ratio.std(axis=0), 0.2, rtol=0.05)
    np.testing.assert_allclose(ratio.mean(axis=0), 1.0, atol=0.02)
    along = np.diff(found, axis=1) / lengths(found)[..., None]
    np.testing.assert_allclose(along, np.broadcast_to(along[:1], along.shape), atol=1e-9)


def test_the_build_changes_length_width_and_height():
    found = varied(build=0.2)
    # Of the hip, whose place differs from the middle in length and height.
    hip, middle = poses().numpy()[:, 0], poses().numpy().mean(axis=1)
    logs = np.log(((found[:, 0] - middle) / (hip - middle))[:, [0, 2]])
    np.testing.assert_allclose(logs.std(axis=0), 0.2, rtol=0.05)
    assert abs(np.corrcoef(logs.T)[0, 1]) < 0.06


def test_marks_slide_along_bones_and_no_further_than_is_said():
    found = varied(slide=0.6)
    bones = np.diff(poses().numpy(), axis=1)
    share = (found[:, 0] - poses()[:, 0].numpy()) @ bones[0, 0] / (bones[0, 0] ** 2).sum()
    assert 0 <= share.min() < 0.02
    assert 0.58 < share.max() <= 0.6
    # A joint between two bones goes along both, half as far each.
    knee = found[:, 1] - poses()[:, 1].numpy()
    along = np.linalg.lstsq(bones[0].T, knee.T, rcond=None)[0]
    assert along[0].min() >= -0.3 - 1e-9
    assert along[1].max() <= 0.3 + 1e-9


def test_marks_scatter_in_proportion_to_the_pose():
    found = varied(scatter=0.05)
    centred = poses().numpy()[0] - poses().numpy()[0].mean(axis=0)
    extent = np.sqrt((centred**2).sum(axis=1).mean())
    np.testing.assert_allclose((found - poses().numpy()).std(axis=0), 0.05 * extent, rtol=0.06)


def test_only_the_seed_decides():
    source = Poses.from_experiments({"a": poses().numpy()[:50]}, dims=(3,))
    one, same, other = (Variation(LEG).poses(source, seed).points for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.05


@pytest.mark.parametrize("far", [True, False])
def test_libraries_of_a_species_are_varied_and_ones_own_are_not(far, monkeypatch):
    """Both ways of seeing a library are shown other animals, unless the poses are one's own."""
    seen = []
    before = Variation.varied

    def watched(self, points, generator):
        seen.append(self)
        return before(self, points, generator)

    monkeypatch.setattr(Variation, "varied", watched)
    K = [[2000.0, 0, 640], [0, 2000, 512], [0, 0, 1]]
    camera = Camera(K=K, R=_looking_down(), t=[0, 0, 3000.0], size=(1280, 1024))
    how = {"weak_perspective": True} if far else {"camera": camera}
    source = library("dog", 120, kind="simulated")
    train_from_library(source, **how, network="ridge", job=1)
    assert seen
    assert seen[0].bones == Variation(source.skeleton).bones
    seen.clear()
    mine = Poses.from_experiments(
        {"a": source.poses.points}, dims=(3,), joints=source.skeleton.joints, frame="world"
    )
    train_from_library(mine, **how, skeleton=source.skeleton, network="ridge", job=1)
    assert not seen


def _looking_down():
    angle = np.radians(40.0)
    return np.array(
        [
            [1.0, 0.0, 0.0],
            [0.0, -np.sin(angle), -np.cos(angle)],
            [0.0, np.cos(angle), -np.sin(angle)],
        ]
    )
