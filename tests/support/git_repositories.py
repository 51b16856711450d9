"""Fixtures: git_repositories."""
