"""The kinematics of an anatomical model: what joint angles make of its landmarks and shapes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.datasets.anatomical.species import Freedom, Species
from liftpose.datasets.simulated.motion import Bools, Floats

_HINGE = 3  # mujoco.mjtJoint.mjJNT_HINGE
_ASSETS = Path("locomotion", "walkers", "assets")
# A joint that rests at its limit is moved this share of its range away from it.
_EDGE = 0.05
# Shapes stand for flesh only roughly: this share of the body's length they may reach into each
# other.
_DEPTH = 0.01


@dataclass(frozen=True, eq=False)
class Found:
    """What the kinematics say of some frames.

    Parameters
    ----------
    points : array, shape (N, L, 3)
        Landmarks, in the model's frame and unit.
    touching : array of bool, shape (N,)
        Whether parts that are not neighbours reach into each other.
    """

    points: Floats
    touching: Bools


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
        self._range = self._model.jnt_range[hinges]
        self.freedoms = tuple(self._freedom(name) for name in self.joints)
        self._landmarks = [
            self._fixed(landmark.kind, landmark.part, landmark.offset)
            for landmark in species.landmarks.values()
        ]
        self._counted = np.zeros((self._model.nbody,) * 2, bool)
        self._deepest = 0.0
        rest = self.at(self.angles(np.zeros((1, len(self.joints))))).points[0]
        names = list(species.landmarks)
        ends = rest[[names.index(name) for name in species.length]]
        self.length = float(np.linalg.norm(ends[0] - ends[1]))
        self._deepest = _DEPTH * self.length
        self._counted = ~self._neighbours() & ~self._at_rest()

    @cached_property
    def versions(self) -> dict[str, str]:
        """Versions of the packages that the model comes from."""
        return {name: metadata.version(name) for name in ("dm_control", "mujoco")}

    def angles(self, logits: Floats) -> Floats:
        """Give joint angles within their limits.

        Parameters
        ----------
        logits : array, shape (N, Q)
            How far each joint is from rest: 0 there, and unbounded, since the share of a joint's
            range is ``1 / (1 + exp(-(logit at rest + logits)))``.

        Returns
        -------
        array, shape (N, Q), radians
        """
        low, high = self._range.T
        share = (self._model.qpos0[self._angles] - low) / (high - low)
        share = np.clip(share, _EDGE, 1 - _EDGE)
        resting = np.log(share / (1 - share))
        resting = resting + [0.0 if one is None else one.rest for one in self.freedoms]
        # Rounding may put a joint at its limit beyond it.
        angles = low + (high - low) / (1 + np.exp(-(resting + logits)))
        return np.asarray(np.clip(angles, low, high))

    def at(self, angles: Floats) -> Found:
        """Find landmarks and contacts.

        Parameters
        ----------
        angles : array, shape (N, Q), radians

        Returns
        -------
        Found
        """
        model, data, engine = self._model, self._data, self._engine
        body = np.array([number for number, _ in self._landmarks])
        offset = np.stack([offset for _, offset in self._landmarks])
        origin = np.empty((len(angles), len(body), 3))
        turn = np.empty((len(angles), len(body), 9))
        touching = np.zeros(len(angles), bool)
        for frame, pose in enumerate(angles):  # the engine takes one pose at a time
            data.qpos[self._angles] = pose
            engine.mj_kinematics(model, data)
            origin[frame], turn[frame] = data.xpos[body], data.xmat[body]
            engine.mj_collision(model, data)
            if data.ncon:
                touching[frame] = self._counted[self._deep_pairs()].any()
        points = origin + np.einsum("nlij,lj->nli", turn.reshape(*origin.shape, 3), offset)
        return Found(points, touching)

    def _deep_pairs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Bodies that reach into each other now."""
        contact = self._data.contact
        bodies = self._model.geom_bodyid[contact.geom[contact.dist < -self._deepest]]
        return bodies[:, 0], bodies[:, 1]

    def _fixed(
        self, kind: str, part: str, offset: tuple[float, float, float]
    ) -> tuple[int, Floats]:
        """Body of a landmark, and where it is in the body's frame."""
        found = getattr(self._model, kind)(part)
        if kind == "body":
            return int(found.id), np.array(offset)
        return int(found.bodyid[0]), np.array(found.pos) + offset

    def _freedom(self, joint: str) -> Freedom | None:
        return next((one for one in self.species.freedoms if re.match(one.joints, joint)), None)

    def _neighbours(self) -> Bools:
        """Pairs of bodies of which touching says nothing (B, B): the world, and close kin."""
        parent = self._model.body_parentid
        near = np.eye(len(parent), dtype=bool)
        near[np.arange(len(parent)), parent] = True
        near |= near.T
        near = (near.astype(int) @ near.astype(int)) > 0
        near[0], near[:, 0] = True, True
        return np.asarray(near)

    def _at_rest(self) -> Bools:
        """Pairs of bodies that touch at rest (B, B): the shapes are too rough there."""
        self.at(self.angles(np.zeros((1, len(self.joints)))))
        touch = np.zeros_like(self._counted)
        touch[self._deep_pairs()] = True
        return np.asarray(touch | touch.T)


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
