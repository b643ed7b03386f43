"""What the shell offers where a word is asked for; loaded only while the shell asks."""

from __future__ import annotations

from collections.abc import Iterable


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
    from liftpose.demo.staging import STAGING

    return _beginning(STAGING, incomplete)


def efforts(incomplete: str) -> list[str]:
    """Offer how much time a training may take."""
    from liftpose.lifter.effort import EFFORTS

    return _beginning(EFFORTS, incomplete)


def libraries(incomplete: str) -> list[str]:
    """Offer the 3D libraries that are known by name."""
    from liftpose.datasets.libraries import SPECIES

    return _beginning(SPECIES, incomplete)
