"""How the command line talks: results to stdout, all else to stderr, and an exit status.

Everything here is standard library; ``rich`` is loaded only where a progress bar is drawn.
"""

from __future__ import annotations

import gc
import json
import logging
import math
import os
import shlex
import shutil
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from enum import IntEnum
from types import FrameType
from typing import Any

Advance = Callable[[float, float, str], None]
"""Says how much is done, of how much, and what is going on."""


def unheard(*_: object) -> None:
    """Take progress that nobody watches."""


class Status(IntEnum):
    """What an exit status means."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    BAD_INPUT = 3
    MISSING_PACKAGE = 4
    SOME_FAILED = 5
    INTERRUPTED = 130
    CLOSED_PIPE = 141


STATUS_MEANINGS = {
    Status.OK: "done",
    Status.UNEXPECTED: "an error of LiftPose itself; the traceback is shown",
    Status.USAGE: "the command line makes no sense",
    Status.BAD_INPUT: "a file or its content does not fit; one line says what and where",
    Status.MISSING_PACKAGE: "an optional package is missing; the line says how to install it",
    Status.SOME_FAILED: "some of several files failed; a line for each says why, the rest is done",
    Status.INTERRUPTED: "stopped with Ctrl-C; nothing half-written is left",
    Status.CLOSED_PIPE: "whoever read the output went away, as with `| head -1`",
}


class Session:
    """One command's voice.

    Parameters
    ----------
    as_json : bool
        Whether results are machine-readable.
    quiet : bool
        Whether only results, warnings and errors are said.
    """

    def __init__(self, as_json: bool, quiet: bool):
        self.as_json, self.quiet = as_json, quiet
        self.stopped = False

    def result(self, data: Any, text: str) -> None:
        """Print a result: as JSON if that was asked for, else as text.

        Parameters
        ----------
        data : plain values
            For machines. NaN becomes null.
        text : str
            The same for people; may be empty.
        """
        if self.as_json:
            print(json.dumps(plain(data), indent=2, allow_nan=False))  # noqa: T201
        elif text:
            print(text)  # noqa: T201

    def note(self, text: str) -> None:
        """Say something by the way, on stderr."""
        if not (self.quiet or self.as_json):
            print(text, file=sys.stderr)  # noqa: T201

    def warn(self, text: str) -> None:
        """Say on stderr what has to be known, also by those who want to hear little."""
        print(f"warning: {text}", file=sys.stderr)  # noqa: T201

    def error(self, text: str) -> None:
        """Say on stderr what went wrong, where the command goes on nevertheless."""
        print(f"error: {_one_line(text)}", file=sys.stderr)  # noqa: T201

    @contextmanager
    def progress(self, what: str, unit: str = "") -> Iterator[Advance]:
        """Show a bar where someone is watching; elsewhere nothing. Notice Ctrl-C everywhere.

        Parameters
        ----------
        what : str
            What takes the time.
        unit : str
            What is counted; if given, the rate is shown in it.

        Yields
        ------
        callable
            To be called with what is done, the whole, and what is going on now.
        """

        def go_on() -> None:
            if self.stopped:
                raise KeyboardInterrupt

        if self.quiet or not sys.stderr.isatty():

            def unseen(done: float, whole: float, note: str = "") -> None:
                go_on()

            yield unseen
            return
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
        from rich.progress import TimeElapsedColumn as Elapsed
        from rich.progress import TimeRemainingColumn as Remaining

        rate = [TextColumn("{task.fields[rate]}")] if unit else []
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            *rate,
            Elapsed(),
            TextColumn("left"),
            Remaining(),
            console=Console(stderr=True),
            redirect_stdout=False,
        )
        with bar:
            task = bar.add_task(escape(what), total=None, rate="")

            def advance(done: float, whole: float, note: str = "") -> None:
                go_on()
                speed = bar.tasks[0].finished_speed or bar.tasks[0].speed
                bar.update(
                    task,
                    completed=done,
                    total=whole,
                    description=escape(note or what),
                    rate=f"{speed:,.0f} {unit}/s" if speed else "",
                )

            yield advance


@contextmanager
def session(
    as_json: bool = False, quiet: bool = False, debug: bool = False, *, brief: bool = False
) -> Iterator[Session]:
    """Run a command: its log, warnings and errors become lines on stderr, and errors a status.

    Parameters
    ----------
    as_json, quiet : bool
        See `Session`.
    debug : bool
        Whether a traceback is shown with every error.
    brief : bool
        Whether the log is left out where somebody watches a bar instead.

    Yields
    ------
    Session

    Raises
    ------
    SystemExit
        With a `Status`, where the command fails.
    """
    with ExitStack() as stack:
        few = quiet or as_json or (brief and sys.stderr.isatty())
        stack.enter_context(_log_lines(logging.WARNING if few else logging.INFO))
        stack.enter_context(_warning_lines())
        say = Session(as_json, quiet)
        stack.enter_context(_noticing_ctrl_c(say))
        try:
            yield say
            sys.stdout.flush()
        except BrokenPipeError:
            _forget_stdout()
            raise SystemExit(Status.CLOSED_PIPE) from None
        except KeyboardInterrupt as stop:
            _fail("stopped; every file that is there is whole.", debug, "")
            # What was half made complains as it goes: let it go now, unheard.
            traceback.clear_frames(stop.__traceback__)
            gc.collect()
            raise SystemExit(Status.INTERRUPTED) from None
        except ImportError as error:
            if (error.name or "").split(".")[0] == "liftpose":
                raise  # one of our own modules: nothing that could be installed
            _fail(str(error), debug)
            raise SystemExit(Status.MISSING_PACKAGE) from None
        except (ValueError, TypeError, OSError) as error:
            _fail(_words(error), debug)
            raise SystemExit(Status.BAD_INPUT) from None


def command() -> str:
    """Say how `liftpose` is called here, so that what is printed can be typed.

    Returns
    -------
    str
        ``"liftpose"``, unless the program runs from an environment whose commands the shell does
        not find: then the path by which it was called.
    """
    called = sys.argv[0]
    if os.path.basename(called) != "liftpose":
        return "liftpose"
    found = shutil.which("liftpose")
    if found is not None and os.path.exists(called) and os.path.samefile(found, called):
        return "liftpose"
    return shlex.quote(called)


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Set rows of cells in columns, the first flush left and the others flush right.

    Parameters
    ----------
    rows : sequence of sequences of str
        All of the same length.

    Returns
    -------
    str

    Examples
    --------
    >>> print(columns([("joint", "mm"), ("tail tip", "12.5")]))
    joint       mm
    tail tip  12.5
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *rest in rows:
        cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return "\n".join(lines)


@contextmanager
def _log_lines(level: int) -> Iterator[None]:
    """Show the package's log; it is set up here only, and only while a command runs."""
    log = logging.getLogger("liftpose")
    before, handler = log.level, _Lines(level)
    log.setLevel(level)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(before)


class _Lines(logging.Handler):
    """A line a message, on whatever stderr is at the time: above the bar while one is drawn."""

    def emit(self, record: logging.LogRecord) -> None:
        label = f"{record.levelname.lower()}: " if record.levelno >= logging.WARNING else ""
        print(label + record.getMessage(), file=sys.stderr)  # noqa: T201


@contextmanager
def _noticing_ctrl_c(say: Session) -> Iterator[None]:
    """Remember Ctrl-C: Python drops a KeyboardInterrupt that comes in a finalizer."""

    def stop(number: int, frame: FrameType | None) -> None:
        say.stopped = True
        signal.default_int_handler(number, frame)

    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or threading.current_thread() is not threading.main_thread():
        yield
        return
    report = sys.unraisablehook

    def report_others(dropped: sys.UnraisableHookArgs) -> None:
        if not say.stopped:
            report(dropped)

    signal.signal(signal.SIGINT, stop)
    sys.unraisablehook = report_others
    try:
        yield
    finally:
        sys.unraisablehook = report
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def _warning_lines() -> Iterator[None]:
    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        print(f"warning: {_one_line(str(message))}", file=sys.stderr)  # noqa: T201

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _fail(words: str, debug: bool, label: str = "error: ") -> None:
    if debug:
        traceback.print_exc()
    print(label + _one_line(words), file=sys.stderr)  # noqa: T201


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename is not None else ""
        return f"{where}{error.strerror}"
    return str(error) or type(error).__name__


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _forget_stdout() -> None:
    """Keep the interpreter from flushing into the closed pipe once more as it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def plain(value: Any) -> Any:
    """Give a value as JSON can hold it: lists for arrays, names for paths, None for NaN.

    Parameters
    ----------
    value : plain values, arrays and paths
        In mappings and lists, too.

    Returns
    -------
    plain values

    Examples
    --------
    >>> plain({0.9: (float("nan"), 1)})
    {'0.9': [None, 1]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
