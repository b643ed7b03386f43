"""`liftpose view` from a shell: what it prints, and how it ends."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import urlopen

import numpy as np
import pytest
from typer.testing import CliRunner

from liftpose.cli import app
from liftpose.io import write_poses
from liftpose.poses import Poses

COMMAND = [sys.executable, "-m", "liftpose", "view"]


@pytest.fixture
def path(tmp_path):
    walk = np.random.default_rng(0).normal(size=(40, 3, 3))
    return write_poses(Poses.from_experiments(walk, unit="mm", fps=30), tmp_path / "walk.nc")


@contextmanager
def running(*arguments, **environment):
    known = {name: value for name, value in os.environ.items() if name not in environment}
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**known, **{name: value for name, value in environment.items() if value is not None}},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ended(process):
    process.send_signal(signal.SIGINT)
    said, told = process.communicate(timeout=60)
    return process.returncode, said, told


def test_it_prints_an_address_serves_it_and_ends_with_ctrl_c(path):
    with running(path, "--no-browser", DISPLAY=None, WAYLAND_DISPLAY=None) as process:
        url = process.stdout.readline().strip()
        with urlopen(f"{url}header.json") as answer:
            assert json.load(answer)["frames"] == 40
        with pytest.raises(HTTPError, match="403"):
            urlopen(url.rsplit("/", 2)[0])
        status, said, told = ended(process)
    assert (status, said) == (0, "")
    port = url.split(":")[2].split("/")[0]
    assert f"ssh -L {port}:127.0.0.1:{port} " in told
    assert "Traceback" not in told


@pytest.mark.skipif(sys.platform != "linux", reason="names a browser as Linux does")
def test_it_opens_the_browser_where_there_is_a_screen(path, tmp_path):
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path / "opened"}\n')
    browser.chmod(0o755)
    with running(path, DISPLAY=":7", BROWSER=f"{browser} %s", SSH_CONNECTION=None) as process:
        url = process.stdout.readline().strip()
        line = process.stderr.readline()
        assert ended(process)[0] == 0
    assert "open in the browser" in line
    assert (tmp_path / "opened").read_text().strip() == url


def test_machines_are_told_where_it_is_and_others_that_the_port_is_busy(path):
    with running(path, "--no-browser", "--json") as first:
        text = ""
        while not text.endswith("}\n"):
            text += first.stdout.readline()
        found = json.loads(text)
        with urlopen(found["url"]) as answer:
            assert answer.status == 200
        again = [*COMMAND, str(path), "--port", str(found["port"])]
        done = subprocess.run(again, capture_output=True, text=True, check=False)
        status, _, told = ended(first)
    assert (status, told) == (0, "")
    assert found["frames"] == 40
    assert done.returncode == 3
    assert f"port {found['port']} is busy" in done.stderr
    assert "is free" in done.stderr


def test_a_file_that_is_not_there_is_named(tmp_path):
    done = CliRunner().invoke(app, ["view", str(tmp_path / "none.nc")])
    assert done.exit_code == 3
    assert "none.nc" in done.stderr
    assert done.stdout == ""


def test_what_is_slow_to_load_is_not_loaded_before_the_first_frame(path):
    code = (
        "import sys; from liftpose.view import open_shown\n"
        f"with open_shown({str(path)!r}) as shown: shown.header(), shown.chunk(0)\n"
        "slow = {'torch', 'matplotlib', 'scipy', 'xarray', 'pandas', 'yaml'}\n"
        "print(*sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
