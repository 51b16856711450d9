"""Secrets and what they are for. A secret never becomes part of a text that somebody may read."""

from dataclasses import dataclass
from typing import NoReturn


class Secret:
    """A password or token that shows itself only when asked by name."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, specification: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        message = "a secret is not written down"
        raise TypeError(message)


@dataclass(frozen=True, slots=True)
class GitCredential:
    """What git's HTTP asks for: Basic authentication (RFC 7617)."""

    user: str
    password: Secret


ANY_USER = "git"
"""Beside a token servers look at no name, but want one."""


def credential_in(text: Secret) -> GitCredential | None:
    """What `NAME:PASSWORD` says, or a token alone; None where there is nothing."""
    if not text:
        return None
    user, colon, password = text.reveal().partition(":")
    return GitCredential(user, Secret(password)) if colon else GitCredential(ANY_USER, text)
