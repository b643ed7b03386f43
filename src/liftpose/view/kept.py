"""Bytes that were asked for lately."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock


class Kept:
    """Bytes by their key, of which those not asked for longest go first.

    Parameters
    ----------
    most : int
        Bytes that are kept at most, together.

    Examples
    --------
    >>> kept = Kept(10)
    >>> kept.get("a", lambda: b"12345678"), kept.get("a", lambda: b"is not called")
    (b'12345678', b'12345678')
    """

    def __init__(self, most: int):
        self._most = most
        self._lock = Lock()
        self._entries: OrderedDict[Hashable, bytes] = OrderedDict()
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self._size

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """Give the bytes of a key, made where they are not kept.

        Parameters
        ----------
        key : hashable
        make : callable
            Gives the bytes. Threads that ask for the same at once may each make it.

        Returns
        -------
        bytes
        """
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
                return self._entries[key]
        made = make()
        with self._lock:
            self._size += len(made) - len(self._entries.pop(key, b""))
            self._entries[key] = made
            while self._size > self._most:
                _, gone = self._entries.popitem(last=False)
                self._size -= len(gone)
        return made
