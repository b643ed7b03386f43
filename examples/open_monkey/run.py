"""Lift a macaque from any one of 62 cameras: ``python -m examples.open_monkey.run DATA -o OUT``."""

from pathlib import Path

from examples.from_data_to_figure import run
from liftpose.datasets import Published, open_monkey


def load(folder: Path) -> Published:
    """Load all batches, each picture's camera with it.

    The paper gives the bones of all frames the same lengths (``same_bones=True``). Then the 3D lies
    no more where the cameras show it; here it stays as it was measured.
    """
    return open_monkey(folder)


if __name__ == "__main__":
    run(__file__, load)
