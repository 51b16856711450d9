"""People as GitCode tells of them.

One person has a number in some answers, 24 hexadecimal digits in others and neither in the rest, so that everybody is
known by the login.
"""

from typing import Final, Literal

from matou.model.metadata import Participant
from matou.platforms.base.metadata_values import People, Rules, leftover
from matou.platforms.base.wire_struct import as_received
from matou.platforms.gitcode.wire_users import Person

STATES: Final = {"active": "active", "blocked": "locked"}

ADDRESSES: Final = (
    *("url", "followers_url", "following_url", "gists_url", "starred_url", "subscriptions_url"),
    *("organizations_url", "repos_url", "events_url", "received_events_url"),
)
"""Of the API, which are made of the login."""

KNOWN: Final = (*ADDRESSES, "id", "login", "username", "name", "email", "html_url", "web_url")

PERSON: Final[Rules] = dict.fromkeys(
    (
        *KNOWN,
        *("state", "object_id", "user_id", "avatar_url", "type", "iam_id", "name_cn", "nick_name", "remark"),
        *("member_role", "avatar_path", "is_member", "tenant_name"),
    )
)
"""What somebody's `Participant` has of an object that tells of more than the person."""


def participant_of(person: Person) -> Participant | None:
    """None for an account that is gone and left no name to know it by."""
    given = as_received(person)
    login = person.login or person.username or None
    if login is None:
        return None
    kept = {key: value for key, value in given.items() if key in PERSON and key not in KNOWN}
    if kept.get("avatar_url") == "":
        # It says that there is none, as does its absence in shorter forms.
        del kept["avatar_url"]
    state = _state_of(login, person.state)
    if state is not None:
        kept.pop("state", None)
    email = given.get("email")
    return Participant(
        login=login,
        name=person.name or login,
        email=email if isinstance(email, str) and email else None,
        url=person.html_url or person.web_url or None,
        state=state,
        extra={**leftover(kept, {}), **_ids_of(given)} or None,
    )


def is_person(value: object) -> bool:
    """Whether a `Participant` can be made of what came."""
    return isinstance(value, dict) and bool(value.get("login") or value.get("username"))


def people() -> People[Person]:
    return People(participant_of)


def _state_of(login: str, state: object) -> Literal["active", "locked", "ghost"] | None:
    if login == "ghost":
        return "ghost"
    return STATES.get(state) if isinstance(state, str) else None  # type: ignore[return-value]  # one of these


def _ids_of(given: dict[str, object]) -> dict[str, object]:
    """By their form: a number is the user's, 24 hexadecimal digits the account's."""
    ids: dict[str, object] = {}
    for key in ("object_id", "user_id", "id"):
        text = str(given.get(key) or "")
        kind = "user_id" if text.isdigit() else "object_id"
        if text and ids.setdefault(kind, text) != text:
            ids["id"] = text
    return ids
