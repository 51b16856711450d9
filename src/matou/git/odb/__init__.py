"""A repository's objects: read, described, and written into a quarantine first."""
