"""The paragraph for a methods section: what was done, and nothing that was not."""

import copy
import math
from dataclasses import replace

import numpy as np
import pytest

from liftpose import load
from liftpose.reporting.methods import members_table, methods, provenance
from liftpose.reporting.of_run import gather_run
from liftpose.reporting.shown import findings


def with_choice(of, options=None, weights=None, **choice):
    lifter = copy.copy(of.lifter)
    lifter.choice = {**lifter.choice, **choice}
    lifter.options = lifter.options.but(**(options or {}))
    lifter.weights = weights or lifter.weights
    return replace(of, lifter=lifter)


def test_networks_are_spoken_of_as_far_as_they_count(run):
    of = gather_run(run)
    assert "etworks" not in methods(of)
    counted = with_choice(of, {"epochs": 7}, {"kernel": 0.5, "network": 0.25}, epoch=3)
    text = methods(counted)
    assert "(weight 0.25) with" in text
    assert "residual networks (weight 0.25)" in text
    assert "up to 7 epochs; that of epoch 3 was taken" in text
    idle = with_choice(of, {}, {"kernel": 0.5, "network": 0.0}, epoch=3)
    assert "held-out frames gave them no weight" in methods(idle)
    assert "was taken" not in methods(idle)


@pytest.mark.parametrize(("weight", "said"), [(0.25, "best on held-out"), (0.004, "no weight")])
def test_the_course_of_a_training_says_whether_it_counts(run, weight, said):
    of = with_choice(gather_run(run), {}, {"kernel": 0.5, "network": weight}, epoch=2)
    of = replace(of, training=([1, 2], [0.5, 0.4], [math.nan, math.nan]))
    done = findings(of, "a", np.arange(of.frames)).sections["done"]
    assert said in done.figures[0].caption
    assert bool(done.figures[0].layout.get("shapes")) == (weight > 0.1)
    choices = dict(dict(provenance(of))["Split and choices"])
    assert choices["Epoch that was taken" if weight > 0.1 else "Best epoch, of no weight"] == "2"


def test_noise_library_and_variation_are_told(run):
    text = methods(with_choice(gather_run(run), {"noise": 2.0}, library="flies", physical=0.5))
    assert "Noise of 2 px" in text
    assert "library flies" in text
    assert "strength of 0.5" in text


def test_options_that_differ_come_first(run):
    said = dict(provenance(gather_run(run)))
    names = [name for name, _ in said["Options"]]
    assert names == ["effort", "as by default"]
    assert "bone_fit True" in said["Options"][-1][1]
    assert dict(said["Split and choices"])["Seed"] == "0"
    assert "training_kwargs={'effort': 'fast'}" in dict(said["Versions and command"])["Command"]


def test_parts_of_a_lifter_have_their_weights(run):
    table = members_table(load(run))
    found = {row.cells[0]: row.cells[1:] for row in table.rows}
    lifter = load(run)
    assert found["linear map"] == (100.0, 1 - sum(lifter.weights.values()))
    assert found["kernel"] == (100 * lifter.choice["members"]["kernel"], lifter.weights["kernel"])
