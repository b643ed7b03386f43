"""Lift a walking mouse from below: ``python -m examples.prism_mouse.run DATA -o OUT``."""

from pathlib import Path

from examples.from_data_to_figure import run
from liftpose.datasets import Published, prism_mouse


def load(folder: Path) -> Published:
    """Load the ventral view and, to be learned from it, the height in the side view."""
    return prism_mouse(folder).depth()


if __name__ == "__main__":
    run(__file__, load, z_down=True)
