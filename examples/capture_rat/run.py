"""Lift a rat from one camera: ``python -m examples.capture_rat.run DATA -o OUT``."""

from pathlib import Path

from examples.from_data_to_figure import run
from liftpose.datasets import Published, capture_rat


def load(folder: Path) -> Published:
    """Load what camera 1 saw, in all sessions."""
    return capture_rat(folder, cameras=[1])


if __name__ == "__main__":
    run(__file__, load)
