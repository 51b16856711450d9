"""Reads an account at the example platform."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import TypeVar
from urllib.parse import urljoin

import msgspec

from matou.credentials import GitCredential, Secret
from matou.errors import MatouError, Phrase
from matou.http.addresses import AddressRefused, trusted_address
from matou.http.responses import Answered, AnsweredRefused
from matou.http.session import Session
from matou.http.tokens import usable_token
from matou.model.platform import Account, Inaccessible, RemoteNamespace, RemoteRepository, VersionControl, Visibility
from matou.platforms.base.api_client import ApiClient
from matou.platforms.base.errors import CredentialRefused
from matou.platforms.base.platform import Clock
from matou.platforms.base.source import RecordSink, picture_of

from . import PLATFORM
from .wire import DECODER, Group, Label, Member, Repository, User

T = TypeVar("T")


class ExampleApi(ApiClient):
    """Its token goes as Bearer; its lists are counted by `X-Total`."""

    platform = PLATFORM
    decoder = DECODER
    totals = ("x-total", "x-pages")

    def failure_of(self, answered: Answered) -> MatouError:
        self.require_api(answered)
        if isinstance(answered, AnsweredRefused):
            return CredentialRefused("example answered {status}", status=answered.answer.status)
        return answered


class ExampleSource:
    """See `platforms.base.source.Source`."""

    platform = PLATFORM.name

    def __init__(self, session: Session, url: str, token: Secret, *, record: RecordSink, now: Clock) -> None:
        self.url = url.rstrip("/")
        self._token = usable_token(token.reveal(), platform=self.platform)
        self._session = session
        self._api = ExampleApi(session, self.url, self._token, now, record)
        self._unseen: list[Inaccessible] = []

    @property
    def unseen(self) -> Sequence[Inaccessible]:
        return tuple(dict.fromkeys(self._unseen))

    def account(self) -> Account:
        user = self._user
        return Account(str(user.id), user.login, user.login, str(user.id), user.login, user.login)

    def namespaces(self) -> Iterator[RemoteNamespace]:
        for group in self._api.list("/groups", Group, Phrase("groups"), lambda row: row.id).rows():
            picture = urljoin(f"{self.url}/", group.picture) if group.picture else None
            yield RemoteNamespace(str(group.id), group.path, group.path, "", _time(group.created), picture, False)

    def repositories(self) -> Iterator[RemoteRepository]:
        what = Phrase("repositories")
        listed = self._api.list("/repos", Repository, what, lambda row: row.id, empty_is_counted=True)
        yield from map(self._repository, listed.rows())

    def labels(self, namespace: RemoteNamespace) -> bytes:
        return self._document(f"/groups/{namespace.id}/labels", Label, lambda row: row.name)

    def members(self, namespace: RemoteNamespace) -> bytes:
        return self._document(f"/groups/{namespace.id}/members", Member, lambda row: row.login)

    def icon(self, namespace: RemoteNamespace) -> bytes | None:
        return picture_of(namespace, self._session)

    def git_credential(self) -> GitCredential:
        return GitCredential(self._user.login, self._token)

    @cached_property
    def _user(self) -> User:
        return self._api.get(User, "/whoami")

    def _repository(self, row: Repository) -> RemoteRepository:
        return RemoteRepository(
            id=str(row.id),
            namespace_id=str(row.group),
            name=row.name,
            description="",
            clone_url=self._clone_url(row),
            version_control=VersionControl.GIT,
            created_at=_time(row.created),
            last_push_at=_time(row.pushed) if row.pushed else None,
            default_branch=None,
            visibility=Visibility.PRIVATE,
        )

    def _clone_url(self, row: Repository) -> str:
        try:
            return trusted_address(row.git, home=self.url)
        except AddressRefused as refusal:
            self._unseen.append(
                Inaccessible(Phrase("the repository {repository}", repository=repr(row.name)), refusal.fact)
            )
            return ""

    def _document(self, path: str, kind: type[T], key: Callable[[T], str]) -> bytes:
        rows = sorted(self._api.get(list[kind], path), key=key)  # type: ignore[valid-type]
        return msgspec.json.encode(rows)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
