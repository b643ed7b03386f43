"""What a camera is: its numbers, checked, and how they are written and compared."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from liftpose.geometry import calibration
from liftpose.names import closest

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Values:
    """The numbers of a camera; see `liftpose.Camera`, which is made of them."""

    K: Floats
    R: Floats
    t: Floats
    dist: Floats
    size: tuple[int, int] | None
    name: str | None

    def __init__(
        self,
        K: Any,
        R: Any = None,
        t: Any = None,
        dist: Any = None,
        size: Any = None,
        name: str | None = None,
    ) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"the name of a camera must be a string; got {name!r}.")
        called = "camera" if name is None else f"camera {name!r}"
        values = {
            "K": calibration.intrinsics(K, called),
            "R": calibration.rotation(np.eye(3) if R is None else R, called),
            "t": calibration.translation(np.zeros(3) if t is None else t, called),
            "dist": calibration.coefficients(np.zeros(5) if dist is None else dist, called),
            "size": None if size is None else calibration.size(size, called),
            "name": name,
        }
        for field, value in values.items():
            object.__setattr__(self, field, value)

    @cached_property
    def position(self) -> Floats:
        """Where the camera stands in the world.

        Returns
        -------
        array, shape (3,), float64, unit of the world

        Examples
        --------
        >>> from liftpose import Camera
        >>> Camera(K=np.eye(3), t=[0, 0, 5]).position.tolist()
        [0.0, 0.0, -5.0]
        """
        return calibration.kept(-self._back @ self.t)

    def as_dict(self) -> dict[str, Any]:
        """Write the camera as plain values, such as JSON and TOML can hold.

        Returns
        -------
        dict
            ``K``, ``R``, ``t``, ``dist`` as lists of float, ``size`` as a list of int or None,
            ``name`` as str or None.

        Examples
        --------
        >>> from liftpose import Camera
        >>> Camera(K=np.eye(3), size=(640, 480)).as_dict()["size"]
        [640, 480]
        """
        return {
            "K": self.K.tolist(),
            "R": self.R.tolist(),
            "t": self.t.tolist(),
            "dist": self.dist.tolist(),
            "size": None if self.size is None else list(self.size),
            "name": self.name,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read a camera that `as_dict` wrote.

        Parameters
        ----------
        values : dict
            ``K`` and any of the other arguments of `Camera`.

        Returns
        -------
        Camera

        Raises
        ------
        ValueError
            If ``K`` is missing, a key is none of a camera's, or a value is impossible.
        TypeError
            If `values` is no dict, or a value is of another kind.

        Examples
        --------
        >>> from liftpose import Camera
        >>> camera = Camera(K=np.eye(3), name="left")
        >>> Camera.from_dict(camera.as_dict()) == camera
        True
        """
        if not isinstance(values, Mapping):
            raise TypeError(f"a camera is read from a dict; got {type(values).__name__}.")
        known = [field.name for field in fields(cls)]
        for key in values:
            if key not in known:
                raise ValueError(
                    f"a camera has no {key!r}, only {', '.join(known)}.{closest(str(key), known)}"
                )
        if "K" not in values:
            raise ValueError("a camera needs its matrix of intrinsics 'K'; there is none.")
        return cls(**values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Values):
            return NotImplemented
        return self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def __repr__(self) -> str:
        fx, fy = self.K[0, 0], self.K[1, 1]
        focal = f"{fx:.6g}" if fx == fy else _joined(fx, fy)
        parts = [f"focal length {focal} px", f"centre {_joined(*self.K[:2, 2])} px"]
        if self.size is not None:
            parts.append(f"{self.size[0]} x {self.size[1]} px")
        parts.append(f"at {_joined(*self.position)}")
        if self.dist.any():
            parts.append(f"dist {_joined(*self.dist)}")
        name = "" if self.name is None else f" {self.name!r}"
        return f"<Camera{name}: {', '.join(parts)}>"

    def __reduce__(self) -> Any:
        # Rebuilt rather than restored, since numpy forgets in a pickle that an array is read-only.
        return type(self), (self.K, self.R, self.t, self.dist, self.size, self.name)

    @property
    def _called(self) -> str:
        return "camera" if self.name is None else f"camera {self.name!r}"

    @cached_property
    def _identity(self) -> tuple[Any, ...]:
        arrays = (self.K, self.R, self.t, self.dist)
        return (*(array.tobytes() for array in arrays), self.size, self.name)

    @cached_property
    def _back(self) -> Floats:
        """From the camera to the world: the inverse, which the transpose is but for rounding."""
        return np.asarray(np.linalg.inv(self.R), dtype=np.float64)

    @cached_property
    def lens(self) -> tuple[float, ...]:
        """All eight coefficients ``k1 k2 p1 p2 k3 k4 k5 k6``.

        Returns
        -------
        tuple of float

        Examples
        --------
        >>> from liftpose import Camera
        >>> Camera(K=np.eye(3), dist=[-0.4, 0, 0, 0]).lens
        (-0.4, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        """
        return (*self.dist.tolist(), *[0.0] * (8 - len(self.dist)))


def _joined(*numbers: float) -> str:
    return f"({', '.join(f'{number:.6g}' for number in numbers)})"
