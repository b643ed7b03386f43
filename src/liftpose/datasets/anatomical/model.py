"""An anatomical model, loaded: its bones, joints, limits and landmarks, and what touches what."""

from __future__ import annotations

import re
from functools import cached_property
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.datasets.anatomical.kinematics import Limits, Tree
from liftpose.datasets.anatomical.species import Species
from liftpose.datasets.simulated.motion import Bools, Floats

_HINGE = 3  # mujoco.mjtJoint.mjJNT_HINGE
_ASSETS = Path("locomotion", "walkers", "assets")
# A joint that rests at its limit is moved this share of its range away from it.
_EDGE = 0.05
# Shapes stand for flesh only roughly, and flesh gives way: this share of the body's length they
# may reach into each other.
_DEPTH = 0.02


class Model:
    """An anatomical model, loaded.

    Parameters
    ----------
    species : Species
        Which.

    Raises
    ------
    ModuleNotFoundError
        The extra ``anatomy`` is not installed.
    FileNotFoundError
        The installed `dm_control` has no such model.
    """

    def __init__(self, species: Species) -> None:
        self.species = species
        self._engine = _engine()
        path = model_file(species.model)
        self._model = self._engine.MjModel.from_xml_path(str(path))
        self._data = self._engine.MjData(self._model)
        hinges = np.flatnonzero(self._model.jnt_type == _HINGE)
        self.joints = tuple(self._model.joint(joint).name for joint in hinges)
        self._angles = self._model.jnt_qposadr[hinges]
        self.limits = self._limits(hinges)
        found = [
            self._fixed(landmark.kind, landmark.part, landmark.offset)
            for landmark in species.landmarks.values()
        ]
        self.landmark_bodies = np.array([body for body, _ in found])
        self.offsets = np.stack([offset for _, offset in found])
        self.places = np.array(self._model.body_pos)
        self._hinges = self._hinges_of(hinges)
        self._ignored = self._neighbours() | self._may_touch()
        ends = [self._at_rest(name) for name in species.length]
        self.length = float(np.linalg.norm(ends[0] - ends[1]))

    @cached_property
    def versions(self) -> dict[str, str]:
        """Versions of the packages that the model comes from."""
        return {name: metadata.version(name) for name in ("dm_control", "mujoco")}

    @property
    def bodies(self) -> tuple[str, ...]:
        """Names of all bodies."""
        return tuple(self._model.body(body).name for body in range(self._model.nbody))

    def body(self, name: str) -> int:
        """Number of a body."""
        return int(self._model.body(name).id)

    def tree(self, places: Floats, unit: float) -> Tree:
        """Give the bodies and their hinges.

        Parameters
        ----------
        places : array, shape (B, 3)
            Origin of each body in the frame of its parent, in the model's unit.
        unit : float
            In the model's unit, what lengths are given in.

        Returns
        -------
        Tree
        """
        parents = [int(parent) for parent in self._model.body_parentid]
        hinges = tuple(
            tuple((column, axis, anchor / unit) for column, axis, anchor in body)
            for body in self._hinges
        )
        return Tree(
            (-1, *parents[1:]),
            places / unit,
            self._turns(),
            hinges,
            self.body(self.species.trunk),
        )

    def touching(self, angles: Floats, places: Floats, unit: float) -> Bools:
        """Find out whether parts that are not neighbours reach into each other.

        Parameters
        ----------
        angles : array, shape (N, Q), radians
        places : array, shape (B, 3)
            As in `tree`.
        unit : float
            The animal's length, in the model's unit.

        Returns
        -------
        array of bool, shape (N,)
        """
        self._model.body_pos[:] = places
        deepest = _DEPTH * unit
        rest = self.limits.angles(np.zeros((1, len(self.joints))))
        known = self._ignored.copy()
        # Where shapes are too rough at rest already, they say nothing.
        one, other = self._deep_pairs(rest[0], deepest)
        known[one, other] = known[other, one] = True
        found = np.zeros(len(angles), bool)
        for frame, pose in enumerate(angles):  # the engine takes one pose at a time
            one, other = self._deep_pairs(pose, deepest)
            found[frame] = not known[one, other].all()
        return found

    def _deep_pairs(self, pose: Floats, deepest: float) -> npt.NDArray[np.intp]:
        """Bodies (2, C) that reach into each other at angles (Q,)."""
        self._data.qpos[self._angles] = pose
        self._engine.mj_kinematics(self._model, self._data)
        self._engine.mj_collision(self._model, self._data)
        contact = self._data.contact
        return np.asarray(self._model.geom_bodyid[contact.geom[contact.dist < -deepest]].T)

    def _at_rest(self, landmark: str) -> Floats:
        """Place of a landmark (3,) where every joint is at zero, in the model's unit."""
        self._data.qpos[self._angles] = 0.0
        self._engine.mj_kinematics(self._model, self._data)
        number = list(self.species.landmarks).index(landmark)
        body = self.landmark_bodies[number]
        turn = self._data.xmat[body].reshape(3, 3)
        return np.asarray(self._data.xpos[body] + turn @ self.offsets[number])

    def _limits(self, hinges: npt.NDArray[np.intp]) -> Limits:
        low, high = self._model.jnt_range[hinges].T
        share = (self._model.qpos0[self._angles] - low) / (high - low)
        share = np.clip(share, _EDGE, 1 - _EDGE)
        return Limits(low, high, np.log(share / (1 - share)))

    def _hinges_of(
        self, hinges: npt.NDArray[np.intp]
    ) -> tuple[tuple[tuple[int, Floats, Floats], ...], ...]:
        """Column, axis and anchor of the hinges of each body, which rest at angles of zero."""
        if self._model.qpos0[self._angles].any():
            raise ValueError(f"{self.species.model}: joints that do not rest at zero.")
        found: list[list[tuple[int, Floats, Floats]]] = [[] for _ in range(self._model.nbody)]
        for column, joint in enumerate(hinges):
            axis, anchor = self._model.jnt_axis[joint], self._model.jnt_pos[joint]
            found[self._model.jnt_bodyid[joint]].append((column, np.array(axis), np.array(anchor)))
        return tuple(map(tuple, found))

    def _turns(self) -> Floats:
        turns = np.empty((self._model.nbody, 9))
        for turn, quaternion in zip(turns, self._model.body_quat, strict=True):
            self._engine.mju_quat2Mat(turn, quaternion)
        return turns.reshape(-1, 3, 3)

    def _fixed(
        self, kind: str, part: str, offset: tuple[float, float, float]
    ) -> tuple[int, Floats]:
        """Body of a landmark, and where it is in the body's frame."""
        found = getattr(self._model, kind)(part)
        if kind == "body":
            return int(found.id), np.array(offset)
        return int(found.bodyid[0]), np.array(found.pos) + offset

    def _neighbours(self) -> Bools:
        """Pairs of bodies of which touching says nothing (B, B): the world, and close kin."""
        parent = self._model.body_parentid
        near = np.eye(len(parent), dtype=bool)
        near[np.arange(len(parent)), parent] = True
        near |= near.T
        near = (near.astype(int) @ near.astype(int)) > 0
        near[0], near[:, 0] = True, True
        return np.asarray(near)

    def _may_touch(self) -> Bools:
        """Pairs of bodies that may reach into each other (B, B): paws a face, for one."""
        names = self.bodies
        found = np.zeros((len(names),) * 2, bool)
        for pair in self.species.may_touch:
            one, other = (np.array([bool(re.match(p, name)) for name in names]) for p in pair)
            found |= one[:, None] & other
        return found | found.T


def model_file(name: str) -> Path:
    """Find a model in the installed `dm_control`, without importing that.

    Parameters
    ----------
    name : str
        File below the folder of walkers.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ModuleNotFoundError
        The extra ``anatomy`` is not installed.
    FileNotFoundError
        The installed version has no such model.
    """
    found = find_spec("dm_control")
    if found is None or not found.submodule_search_locations:
        raise _missing("dm_control")
    path = Path(found.submodule_search_locations[0], _ASSETS, name)
    if not path.is_file():
        raise FileNotFoundError(
            f"the installed dm_control {metadata.version('dm_control')} has no model {name}; "
            "install dm_control 1.0.34 or later."
        )
    return path


def _engine() -> Any:
    try:
        return import_module("mujoco")
    except ModuleNotFoundError as error:
        raise _missing("mujoco") from error


def _missing(package: str) -> ModuleNotFoundError:
    return ModuleNotFoundError(
        f'anatomical poses need {package}: pip install "liftpose[anatomy]". Without it, '
        'kind="simulated" gives the simulated animal.',
        name=package,
    )
