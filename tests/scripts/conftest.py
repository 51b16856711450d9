"""Fixtures for whoever logs in; the rest stands in `tests/conftest.py`."""

from support.accounts import account, bus, desktop_account, headless, home_server, program

__all__ = ["account", "bus", "desktop_account", "headless", "home_server", "program"]
