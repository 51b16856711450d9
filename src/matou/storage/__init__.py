"""Bytes under keys: what a store promises, and the stores there are."""
