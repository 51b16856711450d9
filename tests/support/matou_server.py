"""Fixtures: matou_server."""
