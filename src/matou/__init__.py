"""Matou: get a team's code out of a platform, keep it alive, and move it on."""

__version__ = "0.1.0"
