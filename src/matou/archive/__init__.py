"""The archive format of docs/archive-format.md: what lies where, written so that a crash leaves it valid."""
