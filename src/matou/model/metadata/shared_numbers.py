"""Numbers for issues and change requests that have digits alone: as one at GitHub and Gitea, each apart at GitLab."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Final, Self

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,15}\Z")
_CODE: Final = re.compile(r"(```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`)", re.DOTALL)
_REFERENCE: Final = re.compile(r"(?<![\w&/#!(\[])([#!])([1-9][0-9]{0,15}|I[0-9A-Z]{4,8})(?!\w)")
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)

LARGEST_APART: Final = 2**31 - 1
"""What GitLab's tables hold."""

_LARGEST: Final = 10**16 - 1


@dataclass(frozen=True, slots=True)
class SharedNumbers:
    """What number each has, by the one that it has at the source.

    Attributes:
        are_apart: `#7` names an issue and `!7` a change request, which may have the same number.
    """

    issues: Mapping[str, int]
    changes: Mapping[str, int]
    are_apart: bool = False

    @classmethod
    def assign(cls, issues: Iterable[str], changes: Iterable[str], times: Mapping[str, datetime]) -> Self:
        """A number that no other item has stays; change requests begin behind the highest issue where they collide.

        Issues whose numbers have letters count on behind the others in the order of their times, so that one that
        comes later changes none.

        Args:
            times: when an issue was written, of those whose number has letters.
        """
        of_issues, of_changes = _assigned(issues, times), _assigned(changes, {})
        if set(of_issues.values()) & set(of_changes.values()):
            highest = max(of_issues.values())
            of_changes = {name: number + highest for name, number in of_changes.items()}
        return cls(of_issues, of_changes)

    @classmethod
    def assign_apart(cls, issues: Iterable[str], changes: Iterable[str], times: Mapping[str, datetime]) -> Self:
        """As `assign`, of two kinds that count each for itself, up to LARGEST_APART."""
        of_issues = _assigned(issues, times, largest=LARGEST_APART)
        return cls(of_issues, _assigned(changes, {}, largest=LARGEST_APART), are_apart=True)

    def with_references(self, text: str) -> str:
        """A text in which `#7` and `!12`, outside code, name what they named at the source."""
        parts = _CODE.split(text)
        parts[::2] = [_REFERENCE.sub(self._renamed, part) for part in parts[::2]]
        return "".join(parts)

    def _renamed(self, found: re.Match[str]) -> str:
        sign, name = found[1], found[2]
        if sign == "#" and name in self.issues:
            return f"#{self.issues[name]}"
        if name in self.changes:
            return f"{'!' if self.are_apart else sign}{self.changes[name]}"
        return found[0]


def is_shared_number(name: str) -> bool:
    """Whether it can stay what it is."""
    return _NUMBER.match(name) is not None


def _assigned(names: Iterable[str], times: Mapping[str, datetime], *, largest: int = _LARGEST) -> dict[str, int]:
    all_names = list(names)
    numbers = {name: int(name) for name in all_names if is_shared_number(name) and int(name) <= largest}
    others = sorted(set(all_names) - numbers.keys(), key=lambda name: (times.get(name, _EARLIEST), name))
    highest = max(numbers.values(), default=0)
    taken = frozenset(numbers.values())
    first = highest + 1 if highest + len(others) <= largest else 1
    free = (number for number in count(first) if number not in taken)
    return numbers | dict(zip(others, free, strict=False))
