"""Fixtures for whoever logs in or administers a server; the rest stands in `tests/conftest.py`."""

import shutil
from pathlib import Path

import pytest

from support.accounts import account, desktop_account, headless, home_server, kept_secret_service, program

__all__ = ["account", "desktop_account", "headless", "home_server", "kept_secret_service", "program"]


@pytest.fixture
def root(made_team: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of a server's archive with a team in it."""
    return Path(shutil.copytree(made_team[0], tmp_path / "server"))
