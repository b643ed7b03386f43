"""What the shell offers where a word is asked for; loaded only while the shell asks."""

from __future__ import annotations

from collections.abc import Iterable

# Written here, since the rooms that have them take seconds to load.
ANIMALS = ("hexapod", "quadruped", "mouse")
EFFORTS = ("fast", "default", "best")
LIBRARIES = ("mouse", "rat", "dog", "fly")


def _beginning(known: Iterable[str], typed: str) -> list[str]:
    return [name for name in known if name.startswith(typed)]


def readable(incomplete: str) -> list[str]:
    """Offer the formats that can be read."""
    from liftpose.io import formats

    return _beginning((entry.name for entry in formats() if entry.reads), incomplete)


def writable(incomplete: str) -> list[str]:
    """Offer the formats that can be written."""
    from liftpose.io import formats

    return _beginning((entry.name for entry in formats() if entry.writes), incomplete)


def animals(incomplete: str) -> list[str]:
    """Offer the simulated animals of the demo."""
    return _beginning(ANIMALS, incomplete)


def efforts(incomplete: str) -> list[str]:
    """Offer how much time a training may take."""
    return _beginning(EFFORTS, incomplete)


def libraries(incomplete: str) -> list[str]:
    """Offer the 3D libraries that are known by name."""
    return _beginning(LIBRARIES, incomplete)
