"""Lift a fly from below: ``python -m examples.prism_fly.run DATA -o OUT``."""

from pathlib import Path

from examples.from_data_to_figure import run
from liftpose.datasets import Published, prism_fly


def load(folder: Path) -> Published:
    """Load the ventral view and, to be learned from it, the height above the floor."""
    return prism_fly(folder).depth()


if __name__ == "__main__":
    run(__file__, load)
