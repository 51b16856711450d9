"""The platform that these tests ask."""

from support.coding_source import coding_source

__all__ = ["coding_source"]
