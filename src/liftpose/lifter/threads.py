"""CPU threads of PyTorch, for as long as a lifter works."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

Part = TypeVar("Part")
Result = TypeVar("Result")


class Threads:
    """CPU threads of PyTorch: whoever leaves puts back what was there, the last one all of it.

    How much of the setting is the process's and how much the thread's depends on the build; a
    thread that has not worked yet may find what another one has set for the time being.
    """

    def __init__(self) -> None:
        self.lock, self.inside, self.before = threading.Lock(), 0, 0
        self.own = threading.local()

    @contextmanager
    def __call__(self, job: int | None) -> Iterator[None]:
        """Work with so many threads for as long as the block lasts; None changes nothing."""
        if job is None:
            yield
            return
        with self.lock:
            found = self.count()
            if self.inside == 0:
                self.before = found
            self.inside += 1
            self.own.inside = getattr(self.own, "inside", 0) + 1
            torch.set_num_threads(job)
        try:
            yield
        finally:
            with self.lock:
                self.inside -= 1
                self.own.inside -= 1
                torch.set_num_threads(found if self.inside else self.before)

    def count(self) -> int:
        """Give how many threads whoever asks may use, whatever other threads have set for now."""
        if self.inside and not getattr(self.own, "inside", 0):
            return self.before
        return torch.get_num_threads()

    def side_by_side(
        self, work: Callable[[Part], Result], parts: Sequence[Part], job: int | None
    ) -> Iterator[Result]:
        """Do the same to many parts, several at once, each of them with one thread of PyTorch.

        No thread waits for another within a part, which costs a multiple where something else
        keeps one of the processors busy, and the results are the same with any number of threads.

        Parameters
        ----------
        work : callable
            What is done to a part.
        parts : sequence
            No more than a few are held at a time, beside what becomes of them.
        job : int, optional
            How many threads; None leaves PyTorch's own choice.

        Yields
        ------
        result of `work`
            In the order of the parts.

        Examples
        --------
        >>> list(threads.side_by_side(lambda number: number**2, [1, 2, 3], job=2))
        [1, 4, 9]
        """
        workers = min(self.count() if job is None else job, len(parts))
        with self(1):
            if workers < 2:
                yield from map(work, parts)
                return
            waiting: deque[Future[Result]] = deque()
            with ThreadPoolExecutor(
                workers, initializer=torch.set_num_threads, initargs=(1,)
            ) as pool:
                for part in parts:
                    waiting.append(pool.submit(work, part))
                    if len(waiting) > 2 * workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()


threads = Threads()
