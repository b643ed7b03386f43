"""What a report shows, as plain values: numbers, sentences, tables and figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from liftpose.plot.track import Track

Part = Literal["good", "where", "believe", "done"]
"""The four questions, in their order: is it good, where is it bad, can I believe it, what was done.
"""


@dataclass(frozen=True)
class Fact:
    """A number of the headline.

    Parameters
    ----------
    name : str
        For machines, such as ``"mpjpe"``.
    label, text : str
        What it is, and the number in words and digits.
    value : float
        The number itself; NaN where it is not known.
    note : str
        What to hold it against.
    """

    name: str
    label: str
    text: str
    value: float
    note: str = ""


@dataclass(frozen=True)
class Advice:
    """What to do next.

    Parameters
    ----------
    text : str
        One sentence.
    command : str
        What to type; empty where nothing is to be typed.
    """

    text: str
    command: str = ""


@dataclass(frozen=True)
class Mark:
    """The colour of a joint, and its side.

    Parameters
    ----------
    color : str
        Of its limb, ``"#rrggbb"``.
    left : bool
        Whether it is drawn hollow.
    """

    color: str
    left: bool


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name : str
        Its head, with the unit.
    digits : int or None
        Decimals of its numbers; None where it holds text.
    """

    name: str
    digits: int | None = None


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Parameters
    ----------
    cells : tuple of str or float
        One a column; NaN is shown as not known.
    mark : Mark, optional
        Of the joint that it is about.
    frame : int, optional
        Frame of the player that a click jumps to.
    """

    cells: tuple[str | float, ...]
    mark: Mark | None = None
    frame: int | None = None


@dataclass(frozen=True)
class Table:
    """A table that one can sort and copy.

    Parameters
    ----------
    name, title, caption : str
        For machines, and for people.
    columns : tuple of Column
    rows : tuple of Row

    Raises
    ------
    ValueError
        A row of more or fewer cells than there are columns.
    """

    name: str
    title: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row.cells) != len(self.columns):
                raise ValueError(
                    f"a row of the table {self.name!r} has {len(row.cells)} cells; expected "
                    f"{len(self.columns)}, one a column."
                )


@dataclass(frozen=True)
class Shown:
    """A figure, as Plotly takes it.

    Parameters
    ----------
    name, title : str
        For machines, and for people.
    caption : str
        What it says, in words and numbers: read aloud, and printed where it is not drawn.
    data, layout : list and dict
        Plain values, for ``Plotly.newPlot``.
    height : int
        Pixels.
    seeks : bool
        Whether its first coordinate is a frame of the player, to which a click jumps.
    """

    name: str
    title: str
    caption: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]
    height: int = 360
    seeks: bool = False


@dataclass(frozen=True)
class Section:
    """What answers one of the four questions, below its head.

    Parameters
    ----------
    text : tuple of str
        Paragraphs.
    figures : tuple of Shown
    tables : tuple of Table
    """

    text: tuple[str, ...] = ()
    figures: tuple[Shown, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Findings:
    """All that a report shows.

    Parameters
    ----------
    title : str
    answer : str
        Whether it is good, in a sentence or two.
    facts : tuple of Fact
    advice : tuple of Advice
    track : Track
        What the player shows.
    sections : mapping of str to Section
        By the four questions; see `Part`.
    provenance : tuple of (str, tuple of (str, str))
        Heads, and below each of them names and values.
    methods, citation : str
        Ready to paste.
    numbers : mapping
        Plain values that the page holds for machines, unrounded.
    notes : tuple of str
        What is not known, and why; what was left out.
    """

    title: str
    answer: str
    facts: tuple[Fact, ...]
    advice: tuple[Advice, ...]
    track: Track
    sections: Mapping[str, Section]
    provenance: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    methods: str = ""
    citation: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def decimals(value: float, significant: int = 3) -> int:
    """Give the number of decimals that leaves a value so many digits.

    Examples
    --------
    >>> decimals(0.0123), decimals(1.5), decimals(250.0), decimals(float("nan"))
    (4, 2, 0, 2)
    """
    if not math.isfinite(value) or value == 0:
        return significant - 1
    return max(0, significant - 1 - math.floor(math.log10(abs(value))))


def rounded(value: float, significant: int = 3) -> str:
    """Write a number with so many digits, a dash where it is not known.

    Examples
    --------
    >>> rounded(0.012345), rounded(1234.5), rounded(float("nan"))
    ('0.0123', '1,234', '–')
    """
    if not math.isfinite(value):
        return "–"
    return f"{value:,.{decimals(value, significant)}f}"


def in_words(name: str) -> str:
    """Write the name of a joint as one reads it; tables keep it as it is in the file.

    Examples
    --------
    >>> in_words("left_hind_claw")
    'left hind claw'
    """
    return " ".join(str(name).replace("_", " ").split())
