"""People as GitHub tells of them, and what reads all that is mapped to metadata."""

from functools import cache
from typing import Final

import msgspec

from matou.model.metadata import Participant
from matou.platforms.base.decoder import Decoder, anything, decimal, integer, original_of, text_or_number, truth_of
from matou.platforms.base.metadata_values import People, Rules, leftover
from matou.platforms.github.wire_issues import GitHubUser

DECODER: Final = Decoder(
    "github",
    scalars={
        str: text_or_number,
        int: integer,
        float: decimal,
        bool: truth_of({"true": True, "false": False}),
        object: anything,
    },
    null_is_absent=False,
)
"""Field by field, so that what nobody has described is kept."""

PERSON: Final[Rules] = {
    **dict.fromkeys(
        (
            *("id", "login", "name", "html_url", "type"),
            # Made of the login or of the id.
            *("url", "node_id", "gravatar_id", "followers_url", "following_url", "gists_url", "starred_url"),
            *("subscriptions_url", "organizations_url", "repos_url", "events_url", "received_events_url"),
            # How much the one who asks may see of a person.
            "user_view_type",
        )
    ),
    "site_admin": lambda value: value is False,
}
"""What somebody's `Participant` has of an object that tells of more than the person, or what says nothing."""


def participant_of(person: GitHubUser) -> Participant | None:
    """None for what is neither a login nor an id."""
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
        state="ghost" if login == "ghost" else "bot" if person.type == "Bot" else None,
        extra=leftover(given, PERSON) or None,
    )


@cache
def _own_keys(kind: type[GitHubUser]) -> frozenset[str]:
    """What an object tells beside the person, such as what a collaborator may do."""
    return frozenset(field.encode_name for field in msgspec.structs.fields(kind)) - PERSON.keys()


def is_person(value: object) -> bool:
    """Whether a `Participant` can be made of what came."""
    return isinstance(value, dict) and bool(value.get("id") or value.get("login"))


def are_people(value: object) -> bool:
    return isinstance(value, list) and all(map(is_person, value))


def people() -> People[GitHubUser]:
    return People(participant_of)
