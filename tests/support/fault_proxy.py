"""Fixtures: fault_proxy."""
