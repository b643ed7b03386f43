"""What is said of a whole recording: whether it is like what a lifter learned, or what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from liftpose.poses.given import Key, key_from_json

LIKE = "like the training data"
MOSTLY = "mostly unusual frames"
UNLIKE = "unlike the training data"
FLIPPED = "y axis flipped"
SWAPPED = "left and right swapped"
REORDERED = "joints in another order"
RESCALED = "other scale or units"
ELSEWHERE = "other camera"
UNEXPLAINED = "no pose explains the 2D"
BENDING = "bones change length"
SHORT = "too few frames to tell"

MISTAKES = (FLIPPED, SWAPPED, REORDERED, RESCALED, ELSEWHERE)
"""What somebody can put right, by name."""

MANY, MOST = 0.05, 0.5
"""Shares of unusual frames, of which recordings like the training data have 0.01: beyond the first
they are worth a look, beyond the second a recording is not called like the training data."""

_SENTENCES = {
    LIKE: "Nothing is amiss.",
    MOSTLY: "Nothing is wrong by name, but most of its frames are such as training hardly had: "
    "another animal, another behaviour or another camera. Take the 3D with care, and add frames "
    "like these to the training data.",
    UNLIKE: "The poses are outside of the training data, though this camera could show them. Take "
    "the 3D with care, and add frames like these to the training data.",
    FLIPPED: "The 2D becomes like the training data when y is turned upside down. Pixels run down "
    "from the top of the image; give y as height - 1 - y.",
    SWAPPED: "The 2D becomes like the training data when left and right change places. Look "
    "whether the video is mirrored, or the names of the two sides are exchanged.",
    REORDERED: "The 2D becomes like the training data with its joints in another order. Give them "
    "in the order of the lifter's skeleton, or by name.",
    RESCALED: "The animal has another size in the image. Look whether the video was resized, or "
    "whether the 2D are no pixels; give pixels of the video that the lifter was trained for.",
    ELSEWHERE: "Poses like these are not seen from where the training camera stood, and nothing "
    "simple puts them right. Look whether they are of another camera; if so, train for it.",
    UNEXPLAINED: "The 2D is such as no pose that the lifter knows has in this camera. Look at the "
    "tracking, and at the camera.",
    BENDING: "The lengths of bones change more in time than they do in training. Look at the "
    "tracking: joints may be confused from frame to frame.",
    SHORT: "A verdict needs more frames in which joints were seen.",
}
_LOOK = (
    "As a whole nothing is amiss; look at the unusual frames, whose `novelty` is above 99, before "
    "you trust their 3D."
)


@dataclass(frozen=True)
class Verdict:
    """What is said of one experiment.

    Parameters
    ----------
    name : str
        Such as ``"like the training data"`` or ``"y axis flipped"``; see `MISTAKES`.
    score : float
        How unlike it is, as a share of what clean recordings may come to: flagged above 1. NaN
        where there were too few frames.
    share : float
        Share of its frames that are less like the training data than 99 in 100 held-out ones.
    alternatives : tuple of str
        Other mistakes that explain it as well.
    numbers : mapping of str to float
        What was measured, each as a share of what clean recordings may come to.

    Examples
    --------
    >>> Verdict("left and right swapped", 3.0, 0.9, ("y axis flipped",)).named
    ('left and right swapped', 'y axis flipped')
    """

    name: str
    score: float
    share: float
    alternatives: tuple[str, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def flagged(self) -> bool:
        """Whether something is beyond what clean recordings may come to."""
        return self.amiss and self.name != MOSTLY

    @property
    def amiss(self) -> bool:
        """Whether there is anything to say: it is flagged, or most of its frames are unusual."""
        return self.name not in (LIKE, SHORT)

    @property
    def mistake(self) -> bool:
        """Whether it is one that somebody can put right."""
        return self.name in MISTAKES

    @property
    def named(self) -> tuple[str, ...]:
        """The name, then the alternatives."""
        return (self.name, *self.alternatives)

    @property
    def sentence(self) -> str:
        """What was found, and what to do."""
        said = _LOOK if self.name == LIKE and self.share > MANY else _SENTENCES[self.name]
        if self.alternatives:
            said += f" It may as well be: {', '.join(self.alternatives)}."
        return said

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "name": self.name,
            "score": self.score,
            "share": self.share,
            "alternatives": list(self.alternatives),
            "numbers": dict(self.numbers),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Verdict:
        """Build it from what `as_dict` gave.

        Examples
        --------
        >>> Verdict.from_dict(Verdict("other camera", 2.0, 1.0).as_dict()).mistake
        True
        """
        return cls(**{**values, "alternatives": tuple(values["alternatives"])})

    def __str__(self) -> str:
        names = " or ".join(self.named)
        return f"{names} ({self.share:.0%} of its frames are unusual). {self.sentence}"


def verdicts_to_text(verdicts: Mapping[Key, Verdict]) -> str:
    """Give verdicts as JSON, for a file."""
    return json.dumps([[key, one.as_dict()] for key, one in verdicts.items()])


def verdicts_from_text(text: str) -> dict[Key, Verdict]:
    """Read what `verdicts_to_text` gave.

    Raises
    ------
    ValueError
        Something else.

    Examples
    --------
    >>> said = {"walk": Verdict("like the training data", 0.1, 0.0)}
    >>> verdicts_from_text(verdicts_to_text(said)) == said
    True
    """
    try:
        pairs = json.loads(text)
        return {key_from_json(key): Verdict.from_dict(one) for key, one in pairs}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"the verdicts in it make no sense: {error}") from error
