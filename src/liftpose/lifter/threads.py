"""CPU threads of PyTorch, for as long as a lifter works."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch


class Threads:
    """CPU threads of PyTorch: whoever leaves puts back what was there, the last one all of it.

    How much of the setting is the process's and how much the thread's depends on the build.
    """

    def __init__(self) -> None:
        self.lock, self.inside, self.before = threading.Lock(), 0, 0

    @contextmanager
    def __call__(self, job: int | None) -> Iterator[None]:
        """Work with so many threads for as long as the block lasts; None changes nothing."""
        if job is None:
            yield
            return
        with self.lock:
            found = torch.get_num_threads()
            if self.inside == 0:
                self.before = found
            self.inside += 1
            torch.set_num_threads(job)
        try:
            yield
        finally:
            with self.lock:
                self.inside -= 1
                torch.set_num_threads(found if self.inside else self.before)


threads = Threads()
