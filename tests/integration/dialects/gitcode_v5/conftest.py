"""The harbour with a small API of its own."""

import pytest

from matou.server.app import build_app
from matou.server.dialects import gitcode_v5
from support.gitcode_server import Harbour
from support.light_story import tell_of_light
from support.small_api import TABLE


@pytest.fixture
def api(harbour: Harbour) -> Harbour:
    app = build_app(harbour.forge)
    app.router.routes[:0] = gitcode_v5.routes(app.state.server_state, table=TABLE)
    harbour.app = app
    return harbour


@pytest.fixture
def light(harbour: Harbour) -> Harbour:
    """With a story of `harbour/light`."""
    tell_of_light(harbour)
    return harbour
