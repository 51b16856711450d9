"""People as a Gitea tells of them, and what reads all that is mapped to metadata."""

from typing import Final, Protocol

from msgspec import UnsetType

from matou.model.metadata import JsonObject, Participant, PersonKey
from matou.platforms.base.decoder import Decoder, anything, decimal, integer, original_of, text_or_number, truth_of
from matou.platforms.base.metadata_values import People, Rules, leftover
from matou.platforms.gitea.wire_issues import GiteaUser

DECODER: Final = Decoder(
    "gitea",
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
    **dict.fromkeys(("id", "login", "username", "login_name", "full_name", "email", "html_url")),
    # What changes by itself, and what only tells who asks.
    **dict.fromkeys(("last_login", "language", "followers_count", "following_count", "starred_repos_count")),
    **dict.fromkeys(("is_admin", "active", "prohibit_login", "restricted"), lambda value: value is False),
    **dict.fromkeys(("location", "website", "description", "pronouns"), lambda value: value == ""),
    "source_id": lambda value: value == 0,
    "visibility": lambda value: value == "public",
}
"""What a `Participant` has of a person, or what says nothing."""


def participant_of(person: GiteaUser) -> Participant | None:
    """None for what is neither a login nor an id."""
    id_, login = person.id or None, person.login or None
    if id_ is None and login is None:
        return None
    is_ghost = id_ is not None and id_ < 0
    return Participant(
        id=None if id_ is None else str(id_),
        login=login or str(id_),
        name=person.full_name or login or "",
        email=_address_of(person),
        url=None if is_ghost else person.html_url or None,
        state="ghost" if is_ghost else None,
        extra=leftover(original_of(person), PERSON) or None,
    )


def is_person(value: object) -> bool:
    """Whether a `Participant` can be made of what came."""
    return isinstance(value, dict) and bool(value.get("id") or value.get("login"))


def are_people(value: object) -> bool:
    return isinstance(value, list) and all(map(is_person, value))


def _address_of(person: GiteaUser) -> str | None:
    """None for the one that a server makes of the login for whoever hides his own: not all of its lists do."""
    email = person.email or ""
    made = (f"{person.login}@noreply.", f"{person.id}+{person.login}@noreply.")
    return None if not email or email.startswith(made) else email


class Authored(Protocol):
    """What may have been brought from another platform."""

    @property
    def user(self) -> GiteaUser | UnsetType | None: ...
    @property
    def original_author(self) -> str | UnsetType | None: ...


class GiteaPeople(People[GiteaUser]):
    """Whoever is named, and who wrote what was brought here from elsewhere."""

    def __init__(self) -> None:
        super().__init__(participant_of)

    def author(self, row: Authored) -> PersonKey | None:
        """The one who wrote it at the platform that it came from, where that is told, and else who wrote it here."""
        here = self.key_of(row.user)
        if not row.original_author:
            return here
        return self.take(Participant(login=row.original_author, name=row.original_author))

    def importer(self, row: Authored) -> JsonObject:
        """Who brought it here, for what the model has no place for."""
        key = self.key_of(row.user) if row.original_author else None
        return {"user": key} if key else {}
