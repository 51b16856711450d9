"""People as Gitee tells of them, and what reads all that is mapped to metadata."""

from functools import cache
from typing import Final

import msgspec

from matou.model.metadata import Participant
from matou.platforms.base.decoder import Decoder, anything, decimal, integer, original_of, text_or_number, truth_of
from matou.platforms.base.metadata_values import People, Rules, leftover
from matou.platforms.gitee.wire_issues import GiteeUserBasic

DECODER: Final = Decoder(
    "gitee",
    scalars={
        str: text_or_number,
        int: integer,
        float: decimal,
        bool: truth_of({"true": True, "false": False, "1": True, "0": False}),
        object: anything,
    },
    null_is_absent=False,
)
"""Field by field, so that what nobody has described is kept."""

ADDRESSES_OF_A_PERSON: Final[Rules] = dict.fromkeys(
    (
        "url",
        "followers_url",
        "following_url",
        "gists_url",
        "starred_url",
        "subscriptions_url",
        "organizations_url",
        "repos_url",
        "events_url",
        "received_events_url",
    )
)
"""Addresses of the API are made of the login."""

IN_PARTICIPANT: Final[Rules] = {**ADDRESSES_OF_A_PERSON, **dict.fromkeys(("id", "login", "name", "html_url"))}

PERSON: Final[Rules] = dict.fromkeys(field.encode_name for field in msgspec.structs.fields(GiteeUserBasic))
"""What somebody's `Participant` has of an object that tells of more than the person."""


def participant_of(person: GiteeUserBasic) -> Participant | None:
    """None for an account that is gone and left neither an id nor a login."""
    id_, login = person.id or None, person.login or None
    if id_ is None and login is None:
        return None
    own = _own_keys(type(person))
    given = {key: value for key, value in original_of(person).items() if key not in own}
    return Participant(
        id=None if id_ is None else str(id_),
        login=login or str(id_),
        name=person.name or login or "",
        url=person.html_url or None,
        state="ghost" if login == "ghost" else None,
        extra=leftover(given, IN_PARTICIPANT) or None,
    )


@cache
def _own_keys(kind: type[GiteeUserBasic]) -> frozenset[str]:
    """What an object tells beside the person, such as whether a review was accepted."""
    return frozenset(field.encode_name for field in msgspec.structs.fields(kind)) - PERSON.keys()


def is_person(value: object) -> bool:
    """Whether a `Participant` can be made of what came."""
    return isinstance(value, dict) and bool(value.get("id") or value.get("login"))


def people() -> People[GiteeUserBasic]:
    return People(participant_of)
