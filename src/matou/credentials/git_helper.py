"""What git says to a credential helper and hears from it (gitcredentials(7)); no files, no network."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, TextIO

from matou.credentials import GitCredential, Secret
from matou.errors import Invalid

LONGEST_REQUEST_BYTES = 64 * 1024

# Git hands on what a URL's host decodes to, and a URL comes from anybody: a `/` or `?` in it would leave of
# `gitee.com%2f.evil.example` the wrong name, and git sends our answer to the whole.
_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")


class NotACredentialRequest(Invalid):
    """What came is not git's credential protocol."""


@dataclass(frozen=True, slots=True)
class CredentialRequest:
    """What git asks about. `user` is empty and `password` None where git did not say."""

    origin: str
    user: str
    password: Secret | None


def read_request(stream: BinaryIO) -> CredentialRequest:
    """Read up to an empty line, or the end; keys that we do not know are passed over.

    Only a line feed ends a line. A carriage return is refused: git before 2.48 hands on one that a URL holds, and
    whoever takes it for the end of a line is asked about a host of the URL's choice (CVE-2024-52006).

    Raises:
        NotACredentialRequest: a line without `=`, a key that comes twice, no protocol or host or one that cannot be,
            what is no text, or no end.
    """
    values: dict[str, str] = {}
    left = LONGEST_REQUEST_BYTES
    while line := _text(stream.readline(left).removesuffix(b"\n")):
        key, separator, value = line.partition("=")
        left -= len(line)
        if not separator or left <= 0 or key in values:
            raise _not_a_request()
        if not key.endswith("[]"):
            values[key] = value
    return _request(values)


def _text(line: bytes) -> str:
    if b"\r" in line or b"\0" in line:
        raise _not_a_request()
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise _not_a_request() from None


def _request(values: Mapping[str, str]) -> CredentialRequest:
    protocol, host = values.get("protocol", ""), values.get("host", "")
    if not protocol or not host:
        raise NotACredentialRequest("git named no protocol or no host")
    if not _SCHEME.fullmatch(protocol) or not _HOST.fullmatch(host):
        raise _not_a_request()
    password = values.get("password")
    return CredentialRequest(
        f"{protocol}://{host}".lower(), values.get("username", ""), None if password is None else Secret(password)
    )


def _not_a_request() -> NotACredentialRequest:
    return NotACredentialRequest("this is not what git says to a credential helper")


def write_answer(credential: GitCredential, stream: TextIO) -> None:
    """Raises NotACredentialRequest where a value would end its own line."""
    user, password = credential.user, credential.password.reveal()
    if any(character in value for value in (user, password) for character in "\r\n\0"):
        raise NotACredentialRequest("what is kept cannot be told to git: it holds a line break")
    stream.write(f"username={user}\npassword={password}\n")
    stream.flush()
