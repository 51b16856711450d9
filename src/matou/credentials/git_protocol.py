"""What git says to a credential helper and hears from it (gitcredentials(7)); no files, no network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from matou.credentials import GitCredential, Secret
from matou.errors import MatouError

LONGEST_REQUEST_CHARACTERS = 64 * 1024


class NotACredentialRequest(MatouError):
    """What came is not git's credential protocol."""


@dataclass(frozen=True, slots=True)
class CredentialRequest:
    """What git asks about. `user` is empty and `password` None where git did not say."""

    origin: str
    user: str
    password: Secret | None


def read_request(stream: TextIO) -> CredentialRequest:
    """Read up to an empty line, or the end; keys that we do not know are passed over.

    Raises:
        NotACredentialRequest: a line without `=`, no protocol or host, or no end.
    """
    values: dict[str, str] = {}
    left = LONGEST_REQUEST_CHARACTERS
    while line := stream.readline(left).rstrip("\n"):
        key, separator, value = line.partition("=")
        left -= len(line)
        if not separator or left <= 0:
            raise NotACredentialRequest("this is not what git says to a credential helper")
        values[key] = value
    return _request(values)


def _request(values: Mapping[str, str]) -> CredentialRequest:
    protocol, host = values.get("protocol"), values.get("host")
    if not protocol or not host:
        raise NotACredentialRequest("git named no protocol or no host")
    password = values.get("password")
    return CredentialRequest(
        f"{protocol}://{host}".lower(), values.get("username", ""), None if password is None else Secret(password)
    )


def write_answer(credential: GitCredential, stream: TextIO) -> None:
    """Raises NotACredentialRequest where a value would end its own line."""
    user, password = credential.user, credential.password.reveal()
    if any(character in value for value in (user, password) for character in "\r\n\0"):
        raise NotACredentialRequest("what is kept cannot be told to git: it holds a line break")
    stream.write(f"username={user}\npassword={password}\n")
    stream.flush()
