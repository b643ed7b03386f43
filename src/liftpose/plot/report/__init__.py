"""The report: one page in which somebody sees how good lifted poses are, and how far to believe it.

`Findings` holds what is shown, and `page` makes the page of it. Nothing here reads a file of poses
or a lifter: who gathers findings is `liftpose.reporting`.
"""

from liftpose.plot.report.findings import (
    Advice,
    Column,
    Fact,
    Findings,
    Mark,
    Row,
    Section,
    Shown,
    Table,
)
from liftpose.plot.report.page import page

__all__ = [
    "Advice",
    "Column",
    "Fact",
    "Findings",
    "Mark",
    "Row",
    "Section",
    "Shown",
    "Table",
    "page",
]
