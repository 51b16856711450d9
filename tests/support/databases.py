"""Fixtures: databases."""
