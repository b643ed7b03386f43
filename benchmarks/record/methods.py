"""What stands beside each other in the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

EFFORTS = ("fast", "default", "best")
SEEDS = 3


@dataclass(frozen=True)
class Method:
    """One way from 2D to 3D.

    Parameters
    ----------
    name : str
        What it is called on the command line.
    label : str
        What it is called in tables and figures.
    kind : {"plain", "ours", "peer", "fmpose"}
        Who does it: a few lines beside (`benchmarks.record.plain`), this package, liftpose 0.22, or
        FMPose3D.
    settings : mapping of str to value
        Options of ours, by name.
    given : bool
        Whether ours is told skeleton and camera, and not only roots and targets.
    seeds : int
        How many trainings; one where nothing is drawn.
    effort : str or None
        Which of `EFFORTS` it is.
    changes : mapping of str to value
        For ablations: names of the package, such as ``"liftpose.lifter.lifter:CHUNK"``, and what
        they are instead.
    """

    name: str
    label: str
    kind: Literal["plain", "ours", "peer", "fmpose"]
    settings: Mapping[str, Any] = field(default_factory=dict)
    given: bool = False
    seeds: int = 1
    effort: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


def ours(effort: str, given: bool) -> Method:
    """Give one of our efforts; the default one is what a user gets who says nothing of it.

    Parameters
    ----------
    effort : str
        Of `EFFORTS`.
    given : bool
        Whether it is told skeleton and camera.

    Returns
    -------
    Method
    """
    settings = {} if effort == "default" else {"effort": effort}
    name = effort if given else f"{effort}-without"
    label = effort if given else f"{effort}, without"
    return Method(name, label, "ours", settings, given, SEEDS, effort)


METHODS: tuple[Method, ...] = (
    Method("mean", "mean pose", "plain"),
    Method("nearest", "nearest", "plain"),
    Method("ridge", "ridge", "ours", {"network": "ridge"}),
    Method("peer-best", "0.22, best epoch", "peer", seeds=SEEDS),
    Method("peer-last", "0.22, last", "peer", seeds=SEEDS),
    Method("martinez", "martinez", "ours", {"network": "martinez"}),
    Method("fmpose", "FMPose3D", "fmpose"),
    *(ours(effort, given=True) for effort in EFFORTS),
    *(ours(effort, given=False) for effort in EFFORTS[1:]),
)


def chosen(
    names: Sequence[str] | None = None, efforts: Sequence[str] | None = None
) -> list[Method]:
    """Pick methods by name.

    Parameters
    ----------
    names : sequence of str, optional
        All by default. Ridge is always among them, since the others are told in it.
    efforts : sequence of str, optional
        Of our efforts only these, with and without skeleton and camera.

    Returns
    -------
    list of Method
        In the order of `METHODS`.

    Raises
    ------
    ValueError
        If there is no such method or effort.

    Examples
    --------
    >>> [method.name for method in chosen(["nearest"])]
    ['nearest', 'ridge']
    """
    known = [method.name for method in METHODS]
    for name in names or ():
        if name not in known:
            raise ValueError(f"there is no method {name!r}; expected one of {', '.join(known)}.")
    for effort in efforts or ():
        if effort not in EFFORTS:
            raise ValueError(
                f"there is no effort {effort!r}; expected one of {', '.join(EFFORTS)}."
            )
    return [
        method
        for method in METHODS
        if (not names or method.name in (*names, "ridge"))
        and (not efforts or method.effort is None or method.effort in efforts)
    ]
