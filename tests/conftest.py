"""What every test may ask for; the fixtures themselves stand in `support/`, by topic."""

import os

from hypothesis import settings

pytest_plugins = (
    "support.loopback_only",
    "support.process_state",
    "support.git_repositories",
    "support.fault_proxy",
    "support.databases",
    "support.browser",
    "support.matou_server",
    "support.served_harbour",
    "support.team",
    "support.gitcode_server",
    "support.socks_proxy",
)

settings.register_profile("default", derandomize=True, max_examples=60, deadline=None)
settings.register_profile("soak", max_examples=2_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
