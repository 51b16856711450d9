"""What turning a platform's objects into metadata needs everywhere: times, texts, people, and what is left over."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, Generic, TypeAlias, TypeVar

from msgspec import UNSET, UnsetType

from matou.model.metadata import JsonObject, MarkupText, Participant, PersonKey

P = TypeVar("P")

_OBJECT_ID: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")

CHINA: Final = timezone(timedelta(hours=8))

Rule: TypeAlias = "Rules | Callable[[object], bool] | None"
"""What becomes of a key: None where the model has all of it, rules for what is within, or whether the model has it."""

Rules: TypeAlias = Mapping[str, Rule]


def time_of(text: object) -> datetime | None:
    """A time as any v5 writes it; one without a zone is China's. None for what is no time that we can keep."""
    if not isinstance(text, str):
        return None
    try:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=CHINA)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def is_time(value: object) -> bool:
    """Whether there is nothing to keep of it beside the time: an empty text is no time, and says nothing."""
    return value == "" or time_of(value) is not None


def day_of(text: object) -> str | None:
    """`2023-06-30` as it stands; what has a time of day becomes that time in UTC."""
    moment = time_of(text)
    if moment is None or not isinstance(text, str):
        return None
    return text if len(text) == len("2023-06-30") else moment.isoformat().replace("+00:00", "Z")


def markdown(body: object, html: object = None) -> MarkupText | None:
    """The source text; HTML only where there is none."""
    if isinstance(body, str):
        return MarkupText(markup="markdown", body=body)
    return MarkupText(markup="html", body=html) if isinstance(html, str) else None


def edited_at(created: object, updated: object) -> datetime | None:
    """When a text last changed, where that is not when it was written."""
    moment = time_of(updated)
    return None if moment == time_of(created) else moment


def color_of(text: object) -> str:
    """Six hexadecimal digits in lower case; empty where none is told."""
    return text.removeprefix("#").lower() if isinstance(text, str) else ""


def tail_of(address: object) -> str | None:
    """The last part of an address's path: the number of what it names."""
    return address.rstrip("/").rpartition("/")[2] or None if isinstance(address, str) else None


def commit_in(target: object) -> str | None:
    """The commit that a text names whole: a release may be made from a branch, too."""
    return target if isinstance(target, str) and _OBJECT_ID.fullmatch(target) else None


def is_commit(value: object) -> bool:
    """Whether a text names a commit; an empty one says nothing."""
    return value == "" or commit_in(value) is not None


def leftover(given: Mapping[str, object], rules: Rules) -> JsonObject:
    """What of an object the model has no place for. Null says nothing, and is left out."""
    kept = {key: _rest(value, rules[key]) if key in rules else value for key, value in given.items()}
    return {key: value for key, value in kept.items() if value is not None}


def _rest(value: object, rule: Rule) -> object:
    if rule is None or value is None:
        return None
    if callable(rule):
        return None if rule(value) else value
    if isinstance(value, Mapping):
        return leftover(value, rule) or None
    if isinstance(value, list):
        rest = [_rest(each, rule) or {} for each in value]
        return rest if any(rest) else None
    return value


class People(Generic[P]):
    """Whoever is named in what is being read, each once.

    Args:
        read: None for what names nobody.
    """

    def __init__(self, read: Callable[[P], Participant | None]) -> None:
        self._read = read
        self._seen: dict[PersonKey, Participant] = {}

    @property
    def seen(self) -> tuple[Participant, ...]:
        return tuple(self._seen.values())

    def key_of(self, person: P | UnsetType | None) -> PersonKey | None:
        """None for nobody; for an account that is gone, too, where nothing is left of it."""
        participant = None if person is None or person is UNSET else self._read(person)
        return None if participant is None else self.take(participant)

    def take(self, participant: Participant) -> PersonKey:
        self._seen.setdefault(participant.key, participant)
        return participant.key

    def keys_of(self, people: Iterable[P] | UnsetType | None) -> tuple[PersonKey, ...]:
        keys = map(self.key_of, people or ())
        return tuple(dict.fromkeys(key for key in keys if key is not None))
