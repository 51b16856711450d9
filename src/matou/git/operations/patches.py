"""What stands in a patch, line by line: git's own form, read from the first `@@` on (git-diff(1), "combined" apart)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_HUNK: Final = re.compile(rb"@@ -(?P<old>[0-9]{1,9})(?:,[0-9]+)? \+(?P<new>[0-9]{1,9})(?:,[0-9]+)? @@ ?(?P<place>.*)\Z")


class PatchLineKind(StrEnum):
    HUNK = "hunk"
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class PatchLine:
    """One line of a patch.

    Attributes:
        old, new: its number before and after; None where it is not there. Of a hunk, where it begins.
        text: without the sign before it and the line's end; of a hunk, what git found above it.
    """

    kind: PatchLineKind
    old: int | None
    new: int | None
    text: bytes


def patch_lines(hunks: bytes) -> Iterator[PatchLine]:
    """The lines of one file's hunks; what is no line of a patch ends them. Never fails, whatever the bytes are."""
    old = new = 0
    for line in hunks.removesuffix(b"\n").split(b"\n") if hunks else ():
        sign, text = line[:1], line[1:]
        if sign == b" " or not line:
            yield PatchLine(PatchLineKind.SAME, old, new, text)
            old, new = old + 1, new + 1
        elif sign == b"+":
            yield PatchLine(PatchLineKind.ADDED, None, new, text)
            new += 1
        elif sign == b"-":
            yield PatchLine(PatchLineKind.REMOVED, old, None, text)
            old += 1
        elif sign == b"\\":
            yield PatchLine(PatchLineKind.NOTE, None, None, text.strip())
        elif (hunk := _HUNK.match(line)) is not None:
            old, new = int(hunk["old"]), int(hunk["new"])
            yield PatchLine(PatchLineKind.HUNK, old, new, hunk["place"])
        else:
            return
