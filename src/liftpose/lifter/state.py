"""A lifter as plain values and tensors, and back: what files and checkpoints keep of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from liftpose.lifter.bone_fit import BoneFit
from liftpose.lifter.hypotheses import Hypotheses
from liftpose.lifter.members.martinez import Martinez
from liftpose.lifter.members.network import FoldNetworks
from liftpose.lifter.members.ridge import Ridge
from liftpose.lifter.normalization import Anchoring, Normalization
from liftpose.lifter.novelty import Novelty
from liftpose.lifter.opt import available_device
from liftpose.lifter.solving import CLOSED
from liftpose.lifter.uncertainty import Uncertainty
from liftpose.lifter.views import Views
from liftpose.lifter.weighing import Weighing
from liftpose.names import listed
from liftpose.skeleton import Skeleton
from liftpose.skeleton.target_sets import TargetSets

if TYPE_CHECKING:
    from liftpose.lifter.lifter import Lifter


def as_state(lifter: Lifter) -> dict[str, Any]:
    """Give everything that a fitted lifter is.

    Parameters
    ----------
    lifter : Lifter
        Fitted.

    Returns
    -------
    dict
        Of plain values, and of tensors.
    """
    return {
        "options": lifter.options.as_dict(),
        "skeleton": lifter.skeleton_known.as_dict(),
        "unit": lifter.unit,
        "frame": lifter.frame,
        "views": None if lifter.views is None else lifter.views.state(),
        "roots": list(lifter.sets.roots),
        "target_sets": [list(members) for members in lifter.sets.sets],
        "joint_count": lifter.sets.joint_count,
        "normalization": lifter.normalization.state(),
        "ridge": lifter.ridge.state(),
        "members": {name: member.state() for name, member in lifter.members.items()},
        "weights": lifter.weights,
        "bone_fit": None if lifter.bone_fit is None else lifter.bone_fit.state(),
        "weighing": None if lifter.weighing is None else lifter.weighing.state(),
        "uncertainty": None if lifter.uncertainty is None else lifter.uncertainty.state(),
        "hypotheses": None if lifter.hypotheses is None else lifter.hypotheses.state(),
        "novelty": None if lifter.novelty is None else lifter.novelty.state(),
        "choice": lifter.choice,
    }


def skeleton_of(state: Mapping[str, Any]) -> Skeleton:
    """Give the skeleton of a saved state.

    Parameters
    ----------
    state : mapping
        As `as_state` gave it, or an earlier version of this package.

    Returns
    -------
    Skeleton
        Without names and bones where it is from before skeletons were kept.
    """
    if "skeleton" in state:
        return Skeleton.from_dict(state["skeleton"])
    sets = _sets(state)
    return Skeleton.unnamed(sets.joint_count, sets.roots, sets.sets)


def restore(lifter: Lifter, state: Mapping[str, Any]) -> None:
    """Make a new lifter one that was fitted.

    Parameters
    ----------
    lifter : Lifter
        With the state's skeleton and options.
    state : mapping
        As `as_state` gave it, or an earlier version of this package.

    Raises
    ------
    ValueError
        A member that this version does not know.
    """
    lifter.sets, lifter.unit = _sets(state), state.get("unit")
    lifter.frame = state.get("frame", "world")
    views = state.get("views")
    lifter.views = None if views is None else Views.from_state(views)
    lifter.normalization = Normalization.from_state(Anchoring(lifter.sets), state["normalization"])
    lifter.ridge = Ridge(**state["ridge"])
    members, lifter.weights = _members_and_weights(state)
    lifter.choice = dict(state["choice"])
    lifter.members = {name: _member(lifter, name, part) for name, part in members.items()}
    uncertainty = state.get("uncertainty")
    lifter.uncertainty = None if uncertainty is None else Uncertainty.from_state(uncertainty)
    hypotheses = state.get("hypotheses")
    lifter.hypotheses = None if hypotheses is None else Hypotheses.from_state(hypotheses)
    weighing = state.get("weighing")
    lifter.weighing = None if weighing is None else Weighing.from_state(weighing)
    novelty = state.get("novelty")
    lifter.novelty = None if novelty is None else Novelty.from_state(novelty)
    bone_fit = state.get("bone_fit")
    if bone_fit is not None:
        lifter.bone_fit = BoneFit.from_state(bone_fit, lifter.normalization.anchoring)


def _sets(state: Mapping[str, Any]) -> TargetSets:
    return TargetSets.resolve(state["roots"], state["target_sets"], state["joint_count"])


def _member(lifter: Lifter, name: str, state: Mapping[str, Any]) -> Any:
    if name in CLOSED:
        return CLOSED[name](**state)
    if name != "network":
        raise ValueError(f"it has a member {name!r}; expected {listed([*CLOSED, 'network'])}.")
    device = available_device(lifter.options.device)
    if lifter.options.network == "martinez":
        return Martinez.from_state(state).to(device)
    return FoldNetworks.from_state(state, lifter.dims).to(device)


def _members_and_weights(state: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, float]]:
    """Members and weights of a saved state; before there were several, each had its own entry."""
    if "members" in state:
        return dict(state["members"]), dict(state["weights"])
    found = {"kernel": state.get("kernel"), "network": state["network"]}
    weights = {"kernel": state.get("kernel_weight", 0.0), "network": state["weight"]}
    members = {name: member for name, member in found.items() if member is not None}
    return members, {name: weights[name] for name in members}
