"""Rows of what was saved, whichever dialect writes them: what is ours, and what a platform told besides."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from matou.errors import NotFound
from matou.server.api.links import quoted

JsonRow: TypeAlias = Mapping[str, object]

PERSONAL: Final = ("email", "emails", "phone", "mobile", "telephone", "phonenumber", "mobilephone", "wechat", "qq")
"""How the name of a key ends, without its separators, that tells how somebody is reached: `enterprise_email` as well,
whatever object of a platform it stands in."""

_DIGITS_OF_LONGEST: Final = len(str(2**63))


class NoSuchCommits(NotFound):
    """Nothing tells which commits a change request has, or they were not saved."""


class NoSuchRelease(NotFound):
    """The repository has no such release."""


def one_segment(text: str) -> str:
    return quoted(text, safe="")


def merged(made: dict[str, object], rest: Mapping[str, object]) -> JsonRow:
    """Objects key by key, lists of as many objects one by one; of anything else what the platform told."""
    for key, value in rest.items():
        made[key] = _merged(made[key], value) if made.get(key) is not None else value
    return made


def _merged(made: object, rest: object) -> object:
    if isinstance(made, dict) and isinstance(rest, Mapping):
        # Of others, too, that this part is a part of.
        return merged(dict(made), rest)
    if isinstance(made, list) and isinstance(rest, list):
        if len(made) != len(rest):
            return made
        return [_merged(ours, theirs) for ours, theirs in zip(made, rest, strict=True)]
    return made if isinstance(rest, Mapping | list) else rest


def impersonal(value: Any) -> Any:
    """What a platform told, without the ways to reach somebody."""
    if isinstance(value, Mapping):
        return {key: impersonal(each) for key, each in value.items() if not _is_personal(key)}
    return [impersonal(each) for each in value] if isinstance(value, list) else value


def _is_personal(key: str) -> bool:
    return key.lower().replace("_", "").replace("-", "").endswith(PERSONAL)


def number_of(text: str | None) -> int:
    """Of an id or a number where the dialect has digits alone; 0 for what is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < _DIGITS_OF_LONGEST else 0
