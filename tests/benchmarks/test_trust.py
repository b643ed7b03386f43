"""The bars of trust, and what they are measured with."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import trust
from benchmarks.record.cases import animal
from benchmarks.trust.time import BARS, JUDGED, METHODS, Errors, Row, verdict
from liftpose import Lifted


@pytest.fixture(scope="module")
def case():
    return animal("mouse", animals=1, frames=60, test_animals=2)


def as_lifted(case, noise=0.0):
    one = case.recording
    truth = np.concatenate(list(one.test_3d.values()))
    pose = truth - truth[:, [one.roots[0]]]
    shaken = pose + np.random.default_rng(0).normal(0, noise, pose.shape) * (pose != 0)
    relative = shaken.copy()
    relative[:, one.roots] = np.nan
    lengths = tuple(map(len, one.test_3d.values()))
    return Lifted(shaken, relative, tuple(one.test_3d), lengths, one.joints, frame="world")


def test_parts_are_found_by_being_there(capsys):
    assert "time" in trust.parts()
    with pytest.raises(SystemExit):
        trust.main(["--only", "nothing"])
    assert "time" in capsys.readouterr().err


def test_the_truth_has_no_errors_and_bones_of_one_length(case):
    errors = Errors.of(case, as_lifted(case))
    assert max(errors.mpjpe, errors.velocity, errors.lengths) < 1e-6


def test_every_method_is_measured_against_the_plain(case):
    lifted = as_lifted(case, 2.0)
    plain = Errors.of(case, lifted)
    seen = {
        key: np.asarray(case.camera.project(poses)) for key, poses in case.recording.test_3d.items()
    }
    shares = {
        name: Errors.of(case, change(case, lifted, seen, 1.0)).over(plain)
        for name, change in METHODS.items()
    }
    assert all(share["mpjpe"] < 1 for share in shares.values())
    assert shares["smooth"]["velocity"] < 0.7
    assert shares[JUDGED]["lengths"] < 0.05
    assert shares["smooth"]["lengths"] > 0.2


@pytest.mark.parametrize("what", BARS)
def test_a_bar_that_is_missed_says_so(what):
    good = {name: 0.9 * bar for name, bar in BARS.items()}
    row = Row(Errors(1.0, 1.0, 1.0), {JUDGED: good})
    assert not [line for line in verdict({"dog": row, "rat": row}) if trust.MISSED in line]
    bad = replace(row, shares={JUDGED: good | {what: 1.1 * BARS[what]}})
    lines = [line for line in verdict({"dog": row, "rat": bad}) if trust.MISSED in line]
    assert len(lines) == 1
    assert f"rat {1.1 * BARS[what]:.3f}" in lines[0]
