"""People as a GitLab tells of them, and what reads all that is mapped to metadata."""

from typing import Final

from matou.model.metadata import Participant
from matou.platforms.base.decoder import Decoder, anything, decimal, integer, original_of, text_or_number, truth_of
from matou.platforms.base.metadata_values import People, Rules, leftover
from matou.platforms.gitlab.wire_issues import GitLabUser

DECODER: Final = Decoder(
    "gitlab",
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

GHOST: Final = "ghost"
BLOCKED: Final = frozenset({"blocked", "ldap_blocked", "banned"})

PERSON: Final[Rules] = {
    **dict.fromkeys(("id", "username", "name", "public_email", "web_url")),
    "state": lambda value: value == "active" or value in BLOCKED,
    "locked": lambda value: value is False,
    # What changes by itself, and what only tells where one is met.
    **dict.fromkeys(("avatar_url", "avatar_path", "access_level", "created_at", "created_by", "expires_at", "email")),
    **dict.fromkeys(("membership_state", "member_role", "is_using_seat", "custom_attributes")),
}
"""What a `Participant` has of a person, or what says nothing."""


def participant_of(person: GitLabUser) -> Participant | None:
    """None for what is neither a name nor an id."""
    id_, login = person.id or None, person.username or None
    if id_ is None and login is None:
        return None
    return Participant(
        id=None if id_ is None else str(id_),
        login=login or str(id_),
        name=person.name or login or "",
        email=person.public_email or None,
        url=person.web_url or None,
        state=GHOST if login == GHOST else "locked" if person.state in BLOCKED else None,
        extra=leftover(original_of(person), PERSON) or None,
    )


def is_person(value: object) -> bool:
    """Whether a `Participant` can be made of what came."""
    return isinstance(value, dict) and bool(value.get("id") or value.get("username"))


def are_people(value: object) -> bool:
    return isinstance(value, list) and all(map(is_person, value))


class GitLabPeople(People[GitLabUser]):
    """Whoever is named in what is being read."""

    def __init__(self) -> None:
        super().__init__(participant_of)
