"""One run for all tests of reports."""

import pytest

from tests.reporting.runs import make_run


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """A small run that was tested; not to be changed."""
    return make_run(tmp_path_factory.mktemp("runs") / "out")
