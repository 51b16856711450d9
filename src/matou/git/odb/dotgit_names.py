"""Names in a tree that mean more to git than to others, in every spelling that a file system takes for them."""

import re
from typing import Final

# git's utf8.c, next_hfs_char: what HFS+ does not see in a name.
_UNSEEN_BY_HFS: Final = dict.fromkeys(
    [*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF], None
)


def _on_ntfs(name: str, short: str) -> re.Pattern[str]:
    """git's path.c, is_ntfs_dot_generic: the name, the short name of NTFS, and the one that it falls back to."""
    numbered = "|".join(f"{short[:length]}~[1-9][0-9]{{{6 - length}}}" for length in range(7))
    return re.compile(rf"(?:\.{name}|{name[:6]}~[1-4]|{numbered})[ .]*(?::.*)?\Z", re.IGNORECASE | re.DOTALL | re.ASCII)


_DOT_GIT: Final = re.compile(r"(?:\.git|git~1)[ .]*(?:[:\\].*)?\Z", re.IGNORECASE | re.DOTALL | re.ASCII)
_READ_BY_GIT: Final = {
    ".gitmodules": _on_ntfs("gitmodules", "gi7eba"),
    ".gitattributes": _on_ntfs("gitattributes", "gi7d29"),
}


def is_dot_git(segment: str) -> bool:
    """Whether a file system may take one part of a path for git's own folder."""
    return any(_DOT_GIT.match(part) is not None for part in segment.split("\\")) or _seen_by_hfs(segment) == ".git"


def is_read_by_git(segment: str) -> bool:
    """Whether a file system may take one part of a path for a file whose content git acts upon, and so judges."""
    seen = _seen_by_hfs(segment)
    return any(seen == name or pattern.match(segment) is not None for name, pattern in _READ_BY_GIT.items())


def _seen_by_hfs(segment: str) -> str:
    return segment.translate(_UNSEEN_BY_HFS).lower()
