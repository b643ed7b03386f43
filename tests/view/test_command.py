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
        assert json.load(urlopen(f"{url}header.json"))["frames"] == 40
        with pytest.raises(HTTPError, match="403"):
            urlopen(url.rsplit("/", 2)[0])
        status, said, told = ended(process)
    assert (status, said) == (0, "")
    port = url.split(":")[2].split("/")[0]
    assert f"ssh -L {port}:127.0.0.1:{port} " in told
    assert "Traceback" not in told


def test_it_says_for_machines_where_it_is(path):
    with running(path, "--no-browser", "--json") as process:
        text = ""
        while not text.endswith("}\n"):
            text += process.stdout.readline()
        found = json.loads(text)
        assert found["frames"] == 40
        assert f":{found['port']}/" in found["url"]
        assert urlopen(found["url"]).status == 200
        status, _, told = ended(process)
    assert (status, told) == (0, "")


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


def test_a_busy_port_ends_it_with_what_to_do(path):
    with running(path, "--no-browser") as first:
        port = first.stdout.readline().split(":")[2].split("/")[0]
        done = subprocess.run(
            [*COMMAND, path, "--port", port], capture_output=True, text=True, check=False
        )
    assert done.returncode == 3
    assert f"port {port} is busy" in done.stderr
    assert "is free" in done.stderr


def test_a_file_that_is_not_there_is_named(tmp_path):
    done = subprocess.run(
        [*COMMAND, tmp_path / "none.nc"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "none.nc" in done.stderr
    assert done.stdout == ""
