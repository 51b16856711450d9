"""Reads an account at another Matou for a backup: all that its token sees, as it lies there."""

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Final
from urllib.parse import quote, urlencode

from matou.credentials import GitCredential, Secret
from matou.errors import MatouError, Phrase, UnknownShape
from matou.http.session import Session
from matou.http.tokens import BadCredential
from matou.model.names import InvalidName, NamespacePath, RepositoryPath
from matou.model.platform import (
    Account,
    Inaccessible,
    PeerState,
    Record,
    RemoteNamespace,
    RemoteRepository,
    VersionControl,
    Visibility,
)
from matou.platforms.base.source import NO_ROWS, BaseSource
from matou.platforms.matou.api import API, MatouApi, site_of, token_of
from matou.platforms.matou.wire import MatouAccount, MatouNamespace, MatouRepository

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")

NO_PAST: Final = Phrase("this account is not to read earlier states")
NO_RUNS: Final = Phrase("an administrator's token alone, good for everything, is told of them")
NO_METADATA: Final = Phrase("this account does not own it, and it tells more than others may see")


class MatouSource(BaseSource):
    """An account at a Matou, to read from. May be used by several threads.

    Args:
        session: must name the URL's origin.
        url: the server's address, or that of any of its APIs.
        token: one that the account made; it must be good for repositories and projects.
        record: is given each answer as received, before it is read.
        now: the time, aware and in UTC.

    Raises:
        UnusableToken: it cannot be a token.
    """

    platform = "matou"

    def __init__(
        self,
        session: Session,
        url: str,
        token: Secret,
        *,
        record: Callable[[Record], None],
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(session)
        self.url = site_of(url)
        self._token = token_of(token.reveal())
        self._api = MatouApi(session, f"{self.url}{API}", self._token, now, record)

    def account(self) -> Account:
        with self._lock:
            return self._account

    def namespaces(self) -> Iterator[RemoteNamespace]:
        """Those outside come before those inside them. Raises MatouError after the last one that came."""
        rows, fault = self._listed_namespaces
        for row in rows:
            yield self._namespace(row)
        self._look_at_runs()
        if fault is not None:
            raise fault

    def repositories(self) -> Iterator[RemoteRepository]:
        """Raises MatouError after the last one: why there are more, or may be; absence means nothing then."""
        fault: MatouError | None = None
        for row in self._api.repositories():
            try:
                repository = self._repository(row)
            except UnknownShape as unknown:
                self._note(Inaccessible(Phrase("the repository {repository}", repository=repr(row.path)), unknown.fact))
                fault = unknown
            else:
                yield repository
        if fault is not None:
            raise fault

    def labels(self, namespace: RemoteNamespace) -> bytes:  # noqa: ARG002 - they are in its metadata
        return NO_ROWS

    def members(self, namespace: RemoteNamespace) -> bytes:  # noqa: ARG002 - they are in its metadata
        return NO_ROWS

    def icon(self, namespace: RemoteNamespace) -> bytes | None:
        """Raises UnknownShape where it is not what the list said."""
        row = next((row for row in self._listed_namespaces[0] if row.id == namespace.id), None)
        if row is None or row.icon is None:
            return None
        content = self._api.icon(row.path, row.icon)
        if sha256(content).hexdigest() != row.icon:
            raise UnknownShape("matou icon", f"{len(content)} bytes")
        return content

    def git_credential(self) -> GitCredential:
        return GitCredential(self.account().login, self._token)

    def _look_at_runs(self) -> None:
        """They stand among the records of this run, as they came."""
        withheld = self._account_row.withheld
        if withheld is None:
            return
        if "runs" in withheld:
            self._note(Inaccessible(Phrase("the list of the server's own runs"), NO_RUNS))
            return
        try:
            deque(self._api.runs(), maxlen=0)
        except BadCredential:
            raise
        except MatouError as error:
            self._note(Inaccessible(Phrase("the list of the server's own runs"), error.fact))

    @cached_property
    def _account_row(self) -> MatouAccount:
        return self._api.account()

    @cached_property
    def _account(self) -> Account:
        row = self._account_row
        name = row.display_name or row.login
        # Nothing stands above its namespaces: they have the paths that they have there.
        return Account(str(row.id), row.login, name, str(row.id), "", name)

    @cached_property
    def _listed_namespaces(self) -> tuple[Sequence[MatouNamespace], MatouError | None]:
        """As far as they came, in the order of the list, and those that none of them names, of which all stand in."""
        rows: dict[str, MatouNamespace] = {}
        fault: MatouError | None = None
        try:
            for row in self._api.namespaces():
                segments = _namespace_path(row).segments
                for depth in range(1, len(segments)):
                    path = "/".join(segments[:depth])
                    rows.setdefault(path, MatouNamespace(id=f"path {path}", path=path, kind=""))
                rows[row.path] = row
        except MatouError as broke_off:
            fault = broke_off
        return tuple(rows.values()), fault

    @cached_property
    def _ids(self) -> dict[str, str]:
        """Of namespaces, by path."""
        return {row.path: row.id for row in self._listed_namespaces[0]}

    def _namespace(self, row: MatouNamespace) -> RemoteNamespace:
        self._note_withheld(row.path, row.withheld)
        return RemoteNamespace(
            id=row.id,
            name=row.path,
            display_name=row.display_name,
            description=row.description,
            created_at=row.created_at,
            icon_url=self._icon_url(row),
            archived=row.archived,
            type=row.kind,
            peer=self._peer(row.path, metadata=row.metadata),
        )

    def _icon_url(self, row: MatouNamespace) -> str | None:
        """Another one whenever it is another picture. Raises UnknownShape."""
        if row.icon is None:
            return None
        _require(_DIGEST, row.icon)
        return f"{self.url}{API}/icon?{urlencode({'namespace': row.path, 'digest': row.icon})}"

    def _repository(self, row: MatouRepository) -> RemoteRepository:
        namespace, name = _repository_path(row)
        self._note_withheld(row.path, row.withheld)
        return RemoteRepository(
            id=row.id,
            namespace_id=self._ids.get(namespace, f"path {namespace}"),
            name=name,
            description=row.description,
            clone_url=f"{self.url}/{quote(row.path)}.git",
            version_control=VersionControl.GIT,
            created_at=row.created_at,
            last_push_at=row.last_push_at,
            default_branch=row.default_branch or None,
            visibility=_visibility(row),
            peer=self._peer(row.path, row.refs, row.kept, row.metadata),
        )

    def _peer(
        self, path: str, refs: str | None = None, kept: str | None = None, metadata: str | None = None
    ) -> PeerState:
        """Raises UnknownShape."""
        for digest in filter(None, (refs, kept)):
            _require(_DIGEST, digest)
        if metadata is not None:
            _require(_COMMIT, metadata)
        place = quote(path)
        return PeerState(refs, kept, f"{self.url}/-/kept/{place}.git", metadata, f"{self.url}/-/metadata/{place}.git")

    def _note_withheld(self, path: str, parts: Sequence[str]) -> None:
        if "kept" in parts:
            self._note(Inaccessible(Phrase("what was kept of {path}", path=path), NO_PAST))
        if "metadata" in parts:
            self._note(Inaccessible(Phrase("metadata of {path}", path=path), NO_METADATA))


def _namespace_path(row: MatouNamespace) -> NamespacePath:
    try:
        return NamespacePath.parse(row.path)
    except InvalidName:
        raise UnknownShape("matou namespace.path", row.path) from None


def _repository_path(row: MatouRepository) -> tuple[str, str]:
    try:
        path = RepositoryPath.parse(row.path)
    except InvalidName:
        raise UnknownShape("matou repository.path", row.path) from None
    return str(path.namespace), path.name


def _visibility(row: MatouRepository) -> Visibility:
    try:
        return Visibility(row.visibility)
    except ValueError:
        raise UnknownShape("matou repository.visibility", row.visibility) from None


def _require(pattern: re.Pattern[str], text: str) -> None:
    if pattern.fullmatch(text) is None:
        raise UnknownShape("matou digest", text)
