"""What is read from: an account at a platform, for a backup. Each platform that can be read offers this.

With it what sources have alike: a namespace's picture, and its members as a document of the archive.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol, TypeAlias

import msgspec

from matou.credentials import GitCredential
from matou.http.session import Session
from matou.model.platform import Account, Inaccessible, Record, RemoteNamespace, RemoteRepository

LARGEST_PICTURE_BYTES = 10 * 1024 * 1024

NO_ROWS: Final = b"[]\n"

RecordSink: TypeAlias = Callable[[Record], None]
"""Where a client puts each answer as received, before it reads it. Called from several threads."""


class Source(Protocol):
    """An account at a platform, to read from. All methods may be called from several threads.

    A listing that cannot be read to its end raises: what it gave until then is saved, and nothing is concluded
    about the rest. What the credential may not see stands in `unseen` as soon as the listing that misses it ends.
    """

    @property
    def platform(self) -> str: ...

    @property
    def url(self) -> str: ...

    @property
    def unseen(self) -> Sequence[Inaccessible]: ...

    def account(self) -> Account:
        """Whom the credential stands for; asked before anything else. Raises Refused where it is not good."""

    def namespaces(self) -> Iterable[RemoteNamespace]: ...

    def repositories(self) -> Iterable[RemoteRepository]: ...

    def labels(self, namespace: RemoteNamespace) -> bytes:
        """A document for the archive: JSON that is the same for the same labels."""

    def members(self, namespace: RemoteNamespace) -> bytes:
        """A document for the archive: JSON that is the same for the same members."""

    def icon(self, namespace: RemoteNamespace) -> bytes | None:
        """None where there is none at its address."""

    def git_credential(self) -> GitCredential | None: ...


class BaseSource:
    """What our sources have alike: the session, a lock for what is listed once, and what may not be seen."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._unseen: list[Inaccessible] = []
        self._lock = threading.RLock()

    @property
    def unseen(self) -> Sequence[Inaccessible]:
        """What exists and may not be seen, or could not be read; each thing once, in the order it was met."""
        return tuple(dict.fromkeys(self._unseen))

    def _note(self, unseen: Inaccessible) -> None:
        self._unseen.append(unseen)


def picture_of(namespace: RemoteNamespace, session: Session) -> bytes | None:
    """None where the platform names none. Raises MatouError where it cannot be had."""
    if namespace.icon_url is None:
        return None
    # Pictures lie on hosts of all kinds and are public: no token goes with the request.
    return session.request("GET", namespace.icon_url, repeatable=True, limit_bytes=LARGEST_PICTURE_BYTES).body


class MemberLine(msgspec.Struct, frozen=True):
    """A member of a namespace. `role` is the platform's own word; empty where it says none."""

    id: str
    login: str
    display_name: str
    role: str


def members_document(lines: Iterable[MemberLine]) -> bytes:
    """Ordered by login; whoever comes twice has the first line."""
    by_login: dict[str, MemberLine] = {}
    for line in lines:
        by_login.setdefault(line.login, line)
    return document([by_login[login] for login in sorted(by_login)])


def document(lines: Sequence[msgspec.Struct]) -> bytes:
    """JSON, the same bytes for the same lines."""
    return msgspec.json.format(msgspec.json.encode(lines), indent=1) + b"\n"


def switched_off(
    *, issues: object, changes: object, discussions: object = None, boards: object = None
) -> frozenset[str]:
    """The kinds of metadata that a repository is not to have: what is not said is on."""
    said = (("issue", issues), ("change", changes), ("discussion", discussions), ("board", boards))
    return frozenset(kind for kind, is_on in said if is_on is False)
