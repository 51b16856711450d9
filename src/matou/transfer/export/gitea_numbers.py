"""The numbers that issues and change requests get at a Gitea, where both count as one and have digits alone."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from matou.model.metadata.kinds import CHANGE, ISSUE
from matou.transfer.export.source import ExportSource

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,15}\Z")
_CODE: Final = re.compile(r"(```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`)", re.DOTALL)
_REFERENCE: Final = re.compile(r"(?<![\w&/#!(\[])([#!])([1-9][0-9]{0,15}|I[0-9A-Z]{4,8})(?!\w)")
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class GiteaNumbers:
    """What number each has, by the one that it has at the source."""

    issues: Mapping[str, int]
    changes: Mapping[str, int]

    def with_references(self, text: str) -> str:
        """A text in which `#7` and `!12`, outside code, name what they named at the source."""
        parts = _CODE.split(text)
        parts[::2] = [_REFERENCE.sub(self._renamed, part) for part in parts[::2]]
        return "".join(parts)

    def _renamed(self, found: re.Match[str]) -> str:
        sign, name = found[1], found[2]
        tables = (self.changes,) if sign == "!" else (self.issues, self.changes)
        number = next((table[name] for table in tables if name in table), None)
        return found[0] if number is None else f"{sign}{number}"


def numbers_of(source: ExportSource) -> GiteaNumbers:
    """A number that no other item has stays; change requests begin behind the highest issue where they collide.

    Issues whose numbers have letters count on behind the others in the order of their times, so that one that comes
    later changes none.
    """
    issues = assign_numbers(source.names(ISSUE), dict(_times(source)))
    changes = assign_numbers(source.names(CHANGE), {})
    if set(issues.values()) & set(changes.values()):
        highest = max(issues.values())
        changes = {name: number + highest for name, number in changes.items()}
    return GiteaNumbers(issues, changes)


def assign_numbers(names: list[str], times: Mapping[str, datetime]) -> dict[str, int]:
    """Args:
    times: when an issue was written, of those whose number is none.
    """
    numbers = {name: int(name) for name in names if _NUMBER.match(name)}
    highest = max(numbers.values(), default=0)
    others = sorted(set(names) - numbers.keys(), key=lambda name: (times.get(name, _EARLIEST), name))
    return numbers | {name: highest + place for place, name in enumerate(others, start=1)}


def _times(source: ExportSource) -> Iterator[tuple[str, datetime]]:
    """Reads the items where there is one whose number has letters; of Gitee's all have."""
    if all(_NUMBER.match(name) for name in source.names(ISSUE)):
        return
    for name, item in source.items(ISSUE):
        if item.at is not None:
            yield name, item.at
    source.faults.unread.clear()
