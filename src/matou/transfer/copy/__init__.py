"""A second copy of an archive: made, gone on with, checked, and made an archive again."""
