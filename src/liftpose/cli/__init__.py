"""The command ``liftpose``: one short function a verb; what they do is done elsewhere.

Rooms are imported where they are needed, so that ``liftpose --help`` answers at once. Each module
below adds its verbs to `app` when it is imported.
"""

from liftpose.cli import (
    filming,
    judging,
    learning,
    library,
    lifting,
    preparing,
    refining,
    reporting,
    showing,
    starting,
    viewing,
)
from liftpose.cli.app import app, main

__all__ = [
    "app",
    "filming",
    "judging",
    "learning",
    "library",
    "lifting",
    "main",
    "preparing",
    "refining",
    "reporting",
    "showing",
    "starting",
    "viewing",
]
