"""What all of CODING's items have alike on their way into our form: people, times, texts, and what else was said.

`extra` has every key that a field of ours does not hold exactly, under CODING's name; but what CODING says of nothing
(0, "", false, nothing in a list), which the structs of the wire write again, what about.json has for all of them (the
number of the project, or the depot, that it belongs to), and three things that no item may hold: the addresses, mail
and telephone of people (they stand once, in people.json), what is signed, and what is secret.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, Literal, TypeAlias, TypeVar

import msgspec

from matou.model.metadata import Day, JsonObject, Markup, MarkupText, MetadataValue, Participant, PersonKey
from matou.platforms.base.decoder import original_of
from matou.platforms.base.wire_struct import in_china
from matou.platforms.coding.wire import CHINA, CodingMember, CodingStruct, Milliseconds, moment
from matou.platforms.coding.wire_issues import CodingUser
from matou.platforms.coding.wire_merges import CodingAuthor
from matou.platforms.coding.wire_planning import UNSET_DAY

Person: TypeAlias = CodingUser | CodingAuthor | CodingMember
State: TypeAlias = Literal["active", "left", "locked"]
V = TypeVar("V", bound=MetadataValue)

SIGNED: Final = re.compile(
    r"(https?://[^\s\"'<>?]+)\?[^\s\"'<>]*?\b(?:q-)?(?:sign|signature|sign-algorithm|auth_key|token)=[^\s\"'<>]*",
    re.IGNORECASE,
)
"""An address that is good for some minutes; what stands before the question mark stays the same."""

_STATES: Final[Mapping[int | str, State]] = {
    1: "active",
    -1: "locked",
    -2: "locked",
    -3: "left",
    "ACTIVE": "active",
    "LOCKED": "locked",
    "LOGIN_LOCKED": "locked",
    "LEAVE": "left",
    "LEFT": "left",
}
_RICH: Final = re.compile(
    r"\s*<(?:p|div|h[1-6]|ul|ol|table|blockquote|pre|figure|span|img|br)\b[^>]*>.*>\s*\Z", re.DOTALL
)
_PRIVATE: Final = frozenset({"Email", "Phone", "Avatar"})


def person_key(person: Person | msgspec.UnsetType | int) -> PersonKey | None:
    """None for nobody, whom CODING writes as 0."""
    if isinstance(person, msgspec.UnsetType):
        return None
    id_ = person if isinstance(person, int) else person.id
    return str(id_) if id_ else None


def keys_of(people: Iterable[Person]) -> tuple[PersonKey, ...]:
    return tuple(dict.fromkeys(str(person.id) for person in people if person.id))


def participants(*people: Person | msgspec.UnsetType) -> tuple[Participant, ...]:
    """Each once."""
    found = {person.id: person for person in people if not isinstance(person, msgspec.UnsetType) and person.id}
    return tuple(_participant(person) for person in found.values())


def _participant(person: Person) -> Participant:
    return Participant(
        id=str(person.id),
        login=person.global_key,
        name=person.name,
        email=person.email or None,
        state=_STATES.get(person.status),
    )


def day(milliseconds: Milliseconds) -> Day | None:
    """A day of China's calendar, or a time where it is not the day's beginning."""
    if milliseconds in (0, UNSET_DAY):
        return None
    at = moment(milliseconds)
    if at is None:
        return None
    local = in_china(at)
    if (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0):
        return f"{local:%Y-%m-%d}"
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}".rstrip("0").rstrip(".") + "Z"


def china_time(text: str) -> datetime | None:
    """`2020-09-22 00:00:00`, without a zone; None where it is not such a text."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def china_day(at: datetime) -> str:
    """The day that ranges are asked by; a closed one, so that it holds all that came later, too."""
    return f"{in_china(at):%Y-%m-%d}"


def source_text(body: str) -> MarkupText | None:
    """What was typed: Markdown, or the HTML of CODING's editor for rich text. None where nothing was."""
    if not body:
        return None
    markup: Markup = "coding-rich" if _RICH.match(body) else "markdown"
    return MarkupText(markup=markup, body=body)


def source_or_html(source: str, html: str) -> MarkupText:
    """What was typed; the HTML alone where there is no more."""
    return source_text(source) or MarkupText(markup="html" if html else "markdown", body=unsigned(html))


def unsigned(text: str) -> str:
    """A text in which no address is signed."""
    return SIGNED.sub(r"\1", text)


def stable_address(address: str) -> str:
    """What stays the same of a file's address: all but the query."""
    return address.partition("#")[0].partition("?")[0]


def extra_of(row: CodingStruct, *held: str) -> JsonObject | None:
    """What came and is not held by fields of ours.

    Args:
        row: as the decoder gave it, with what it was made of.
        held: the keys that are.
    """
    described = _keys_of(type(row))
    rest = {
        key: _public(value)
        for key, value in original_of(row).items()
        if key not in held and not (key in described and is_nothing(value))
    }
    return rest or None


def without_owner(value: V, owner: Mapping[str, int]) -> V:
    """The same without the numbers of what it belongs to, where they are those. Args: owner: by CODING's keys."""
    extra: JsonObject | None = getattr(value, "extra", None)
    if not extra or not any(extra.get(key) == number for key, number in owner.items()):
        return value
    changes: dict[str, Any] = {"extra": {key: each for key, each in extra.items() if each != owner.get(key)} or None}
    kept: V = replace(value, **changes)
    return kept


def is_nothing(value: object) -> bool:
    """Whether it is what CODING says where there is nothing; of an object, where all of it is."""
    if isinstance(value, Mapping):
        return all(is_nothing(each) for each in value.values())
    return value in (None, "", 0, False, UNSET_DAY, "0", "false") or value == []


def _public(value: object) -> object:
    if isinstance(value, Mapping):
        hidden = _PRIVATE if "Id" in value and "GlobalKey" in value else frozenset[str]()
        return {key: _public(each) for key, each in value.items() if key not in hidden}
    if isinstance(value, list):
        return [_public(each) for each in value]
    return unsigned(value) if isinstance(value, str) else value


@cache
def _keys_of(kind: type[CodingStruct]) -> frozenset[str]:
    return frozenset(field.encode_name for field in msgspec.structs.fields(kind))
