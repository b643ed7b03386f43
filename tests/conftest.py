"""Set-up that all tests share."""

import os

from hypothesis import settings

# No deadlines: how long an example takes depends on what else the machine is doing.
settings.register_profile("quick", deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
