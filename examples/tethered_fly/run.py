"""Lift a tethered fly from one side camera: ``python -m examples.tethered_fly.run DATA -o OUT``."""

from pathlib import Path

from examples.from_data_to_figure import run
from liftpose.datasets import Published, tethered_fly


def load(folder: Path) -> Published:
    """Load what cameras 0 to 2 see: the three legs of one side."""
    found = tethered_fly(folder, cameras=(0, 1, 2))
    return found.joints(found.skeleton.joints[:15])


if __name__ == "__main__":
    run(__file__, load)
