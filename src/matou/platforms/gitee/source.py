"""Reads an account at Gitee for a backup: whom the token stands for, and all repositories and wikis that it sees."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property

from matou.credentials import GitCredential, Secret
from matou.errors import UnknownShape
from matou.http.responses import NoApiThere
from matou.http.session import Session
from matou.model.platform import Account, Record, RemoteNamespace, RemoteRepository
from matou.platforms.base.errors import RemoteNotFound
from matou.platforms.base.source import NO_ROWS, BaseSource, picture_of
from matou.platforms.base.wikis import Wikis
from matou.platforms.gitee.account_listing import AccountReader, GiteeListing
from matou.platforms.gitee.account_v3 import ExtensionAccount
from matou.platforms.gitee.account_v5 import PersonalAccount
from matou.platforms.gitee.api import token_of
from matou.platforms.gitee.client import Gitee, asks_for_v3


class GiteeSource(BaseSource):
    """An account at Gitee, to read from. May be used by several threads.

    API v5 is asked; v3 where the URL names it, and where the server has no v5 or, as a Matou, another platform's.

    Args:
        session: must name the URL's origin, and keep to Gitee's limits: see `Platform.open_session`.
        url: the site's address, with or without `/api/v5` or `/api/v3`.
        token: a personal access token for v5; what log-in gives for v3.
        record: is given each answer as received, before it is read.
        now: the time, aware and in UTC.

    Raises:
        UnusableToken: it cannot be a token.
    """

    platform = "gitee"

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
        self._token = token_of(token.reveal())
        self._client = Gitee(self._token, url, session=session, now=now, record=record)
        self._is_v3 = asks_for_v3(url)

    @property
    def url(self) -> str:
        return self._client.base_url

    def account(self) -> Account:
        """Raises CredentialRefused."""
        with self._lock:
            return self._reader.account()

    def namespaces(self) -> Iterator[RemoteNamespace]:
        """Users, organizations and enterprises. The platform is asked once for all that this source will ever list.

        Raises:
            MatouError: after the last one: why there are more, or may be.
        """
        listing = self._listing_now()
        yield from listing.namespaces.values()
        if listing.namespaces_fault is not None:
            raise listing.namespaces_fault

    def repositories(self) -> Iterator[RemoteRepository]:
        """Each repository and each wiki, once; a wiki that is not there is not mentioned.

        `clone_url` is empty where the platform gave an address that the token must not be sent to; `unseen` says
        which.

        Raises:
            MatouError: after the last one: why there are more, or may be; absence means nothing then.
        """
        listing = self._listing_now()
        yield from listing.repositories.values()
        repositories = [repository for id_, repository in listing.repositories.items() if id_ in listing.with_wiki]
        yield from Wikis(self._session, self.git_credential(), self._note).of(repositories)
        if listing.repositories_fault is not None:
            raise listing.repositories_fault

    def labels(self, namespace: RemoteNamespace) -> bytes:  # noqa: ARG002 - no namespace has any
        """Labels belong to repositories at Gitee."""
        return NO_ROWS

    def members(self, namespace: RemoteNamespace) -> bytes:
        """A document: see `documents`. Raises MatouError."""
        self._listing_now()
        return self._reader.members(namespace)

    def icon(self, namespace: RemoteNamespace) -> bytes | None:
        """An organization's picture; None where the platform names none. Raises MatouError where it cannot be had."""
        return picture_of(namespace, self._session)

    def git_credential(self) -> GitCredential:
        """What git is told when it asks; good for addresses that `repositories` gave."""
        with self._lock:
            return self._reader.git_credential()

    @cached_property
    def _reader(self) -> AccountReader:
        by_v3 = ExtensionAccount(self._client, self._token, self._note)
        if self._is_v3:
            return by_v3
        by_v5 = PersonalAccount(self._client, self._token, self._note)
        try:
            by_v5.account()
        except (RemoteNotFound, NoApiThere, UnknownShape):
            by_v3.account()
            return by_v3
        return by_v5

    @cached_property
    def _listing(self) -> GiteeListing:
        return self._reader.find_all()

    def _listing_now(self) -> GiteeListing:
        with self._lock:
            return self._listing
