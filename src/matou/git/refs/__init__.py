"""A repository's refs: read from disk, and changed together under git's own locks."""
