"""Fixtures for whoever logs in; the rest stands in `tests/conftest.py`."""

from support.accounts import account, at_desk, bus, headless, home_server, program

__all__ = ["account", "at_desk", "bus", "headless", "home_server", "program"]
