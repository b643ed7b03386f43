"""Work that is shared among threads: what comes out, in which order, and what is left behind."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from liftpose.lifter.threads import Threads


@pytest.fixture
def two():
    """PyTorch with two threads, whatever it had before."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two")
def test_as_many_at_once_as_there_are_threads_and_each_with_one():
    together, seen = threading.Barrier(2), []

    def work(part):
        # Passed by two at a time only: one thread alone would wait here until it is broken.
        together.wait(timeout=60)
        seen.append((threading.get_ident(), torch.get_num_threads()))
        return part * 10

    assert list(Threads().side_by_side(work, range(8), None)) == [0, 10, 20, 30, 40, 50, 60, 70]
    assert len({thread for thread, _ in seen}) == 2
    assert {count for _, count in seen} == {1}
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(("parts", "job"), [(range(1), None), (range(5), 1)])
def test_what_is_done_by_one_thread_is_done_here(parts, job):
    def work(part):
        return part, threading.get_ident(), torch.get_num_threads()

    found = list(Threads().side_by_side(work, parts, job))
    assert found == [(part, threading.get_ident(), 1) for part in parts]
    assert torch.get_num_threads() == 2


def test_parts_wait_until_their_results_are_wanted():
    begun = []

    def work(part):
        begun.append(part)
        return part

    results = Threads().side_by_side(work, range(1000), 2)
    assert next(results) == 0
    assert len(begun) <= 5
    results.close()
    assert len(begun) <= 5


@pytest.mark.usefixtures("two")
def test_an_error_comes_out_and_the_setting_is_put_back():
    def work(part):
        if part == 3:
            raise ValueError("part 3 is wrong")
        return part

    with pytest.raises(ValueError, match="part 3 is wrong"):
        list(Threads().side_by_side(work, range(9), None))
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two")
def test_a_thread_that_comes_while_another_works_is_not_left_with_its_setting():
    threads, inside, leave = Threads(), threading.Event(), threading.Event()

    def first():
        with threads(1):
            inside.set()
            leave.wait(60)
        return torch.get_num_threads()

    def second():
        inside.wait(60)
        with threads(1):
            during = torch.get_num_threads()
        return threads.count(), during, torch.get_num_threads()

    with ThreadPoolExecutor(2) as pool:
        early, late = pool.submit(first), pool.submit(second)
        assert late.result() == (2, 1, 2)
        leave.set()
        assert early.result() == 2
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two")
def test_blocks_within_blocks_put_back_what_the_outer_one_set():
    threads = Threads()
    with threads(3):
        with threads(1):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 3
    with threads(None):
        assert torch.get_num_threads() == 2
    assert torch.get_num_threads() == 2
