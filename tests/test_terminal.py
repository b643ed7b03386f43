"""What goes to stdout and what to stderr, and the bar where someone watches."""

import io
import json
import logging
import os
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest

from liftpose.terminal import Status, columns, command, session


class Screen(io.StringIO):
    """A stderr that someone watches."""

    def isatty(self):
        return True


def test_results_go_to_stdout_and_all_else_to_stderr(capsys):
    with session() as say:
        say.result({"a": 1}, "one")
        say.note("by the way")
        logging.getLogger("liftpose").info("going on")
        logging.getLogger("liftpose.room").warning("look out")
    out, err = capsys.readouterr()
    assert out == "one\n"
    assert err.splitlines() == ["by the way", "going on", "warning: look out"]


@pytest.mark.parametrize("watched", [True, False])
def test_a_brief_command_logs_only_where_nobody_watches_a_bar(watched, monkeypatch):
    stderr = Screen() if watched else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    with session(brief=True):
        logging.getLogger("liftpose").info("going on")
        logging.getLogger("liftpose").warning("look out")
    expected = ["warning: look out"] if watched else ["going on", "warning: look out"]
    assert stderr.getvalue().splitlines() == expected


def test_json_is_alone_on_stdout_and_has_no_nan(capsys):
    with session(as_json=True) as say:
        say.note("by the way")
        logging.getLogger("liftpose").info("going on")
        say.result({"n": float("nan"), "a": np.arange(2), "t": (np.float64(1.5), None)}, "text")
    out, err = capsys.readouterr()
    assert json.loads(out) == {"n": None, "a": [0, 1], "t": [1.5, None]}
    assert err == ""


def test_quiet_keeps_results_and_warnings(capsys):
    with session(quiet=True) as say:
        say.note("by the way")
        logging.getLogger("liftpose").info("going on")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("mind\nthis", stacklevel=1)
        say.result(1, "one")
    out, err = capsys.readouterr()
    assert (out, err) == ("one\n", "warning: mind this\n")


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (ValueError("two\nlines"), Status.BAD_INPUT, "error: two lines"),
        (TypeError("no number"), Status.BAD_INPUT, "error: no number"),
        (
            FileNotFoundError(2, "No such file", "a.nc"),
            Status.BAD_INPUT,
            "error: a.nc: No such file",
        ),
        (PermissionError("a.nc may not be read"), Status.BAD_INPUT, "error: a.nc may not be read"),
        (ImportError("install it"), Status.MISSING_PACKAGE, "error: install it"),
        (KeyboardInterrupt(), Status.INTERRUPTED, "stopped; every file that is there is whole."),
    ],
)
def test_an_error_is_one_line_and_a_status(capsys, error, status, line):
    with pytest.raises(SystemExit) as ended, session():
        raise error
    assert ended.value.code == status
    out, err = capsys.readouterr()
    assert (out, err) == ("", line + "\n")


@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), ImportError("x", name="liftpose.x")])
def test_errors_of_our_own_come_through(error):
    with pytest.raises(type(error)), session():
        raise error


def test_what_a_session_changes_it_puts_back():
    log, show = logging.getLogger("liftpose"), warnings.showwarning
    before = log.level, list(log.handlers)
    with pytest.raises(SystemExit), session():
        assert log.handlers != before[1]
        raise ValueError
    assert (log.level, list(log.handlers)) == before
    assert warnings.showwarning is show


def test_importing_sets_up_no_log_and_no_warnings():
    rooms = "cli, main, lifting, converting, refining, triangulating, about, picturing, library"
    code = (
        "import logging, warnings\n"
        "before = list(warnings.filters), logging.root.handlers[:], logging.root.level\n"
        f"from liftpose import {rooms}\n"
        "ours = logging.getLogger('liftpose')\n"
        "assert (ours.handlers, ours.level, ours.propagate) == ([], 0, True)\n"
        "assert logging.root.handlers == before[1] and logging.root.level == before[2]\n"
        "ours = [f for f in warnings.filters if f not in before[0] and 'liftpose' in str(f)]\n"
        "assert not ours, ours\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_bar_is_drawn_where_someone_watches(monkeypatch):
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    with session() as say, say.progress("lifting", "frames") as advance:
        for done in range(0, 1001, 250):
            advance(done, 1000, "walk [1].nc")
    shown = screen.getvalue()
    assert "100%" in shown
    assert "walk [1].nc" in shown
    assert "frames/s" in shown


@pytest.mark.parametrize(("quiet", "kind"), [(True, Screen), (False, io.StringIO)])
def test_no_bar_is_drawn_for_nobody(monkeypatch, quiet, kind):
    screen = kind()
    monkeypatch.setattr("sys.stderr", screen)
    with session(quiet=quiet) as say, say.progress("lifting") as advance:
        advance(1, 2, "half")
    assert screen.getvalue() == ""


def test_columns_are_as_wide_as_their_widest_cell():
    lines = columns([("a", "long head"), ("a longer row", "1.5")]).splitlines()
    assert lines == ["a             long head", "a longer row        1.5"]


@pytest.mark.skipif(os.name == "nt", reason="signals are sent as POSIX has them")
def test_ctrl_c_that_python_drops_is_noticed_at_the_next_step(capsys):
    class Dropping:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)

    before = signal.getsignal(signal.SIGINT)
    with warnings.catch_warnings(), pytest.raises(SystemExit) as end:
        warnings.simplefilter("ignore")
        with session() as say, say.progress("lifting") as advance:
            advance(1, 3)
            Dropping()
            advance(2, 3)
            raise AssertionError("went on")
    assert end.value.code == Status.INTERRUPTED
    assert "stopped" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before


def test_commands_are_printed_as_they_can_be_typed(monkeypatch, tmp_path):
    here = tmp_path / "my env" / "liftpose"
    here.parent.mkdir()
    here.touch(mode=0o755)
    monkeypatch.setattr("sys.argv", [str(here), "demo"])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command() == f"'{here}'"
    monkeypatch.setenv("PATH", str(here.parent))
    assert command() == "liftpose"
    monkeypatch.setattr("sys.argv", ["pytest"])
    assert command() == "liftpose"
