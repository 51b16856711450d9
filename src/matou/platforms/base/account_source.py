"""A source whose lists are all read at once, as most platforms' can be: what they have alike."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

from matou.credentials import GitCredential, Secret
from matou.errors import MatouError, Phrase, UnknownShape
from matou.http.addresses import AddressRefused, trusted_address
from matou.http.session import Session
from matou.model.platform import Account, Inaccessible, RemoteNamespace, RemoteRepository
from matou.platforms.base.account_lists import AccountListing
from matou.platforms.base.source import NO_ROWS, BaseSource, picture_of
from matou.platforms.base.ssh_addresses import trusted_ssh_address
from matou.platforms.base.unreadable import LeftOut, readable_or_none
from matou.platforms.base.wikis import Wikis

L = TypeVar("L", bound=AccountListing[Any, Any])
N = TypeVar("N")
R = TypeVar("R")


class AccountSource(BaseSource, ABC, Generic[L, N, R]):
    """An account, to read from. May be used by several threads.

    Args:
        session: must name the URL's origin, and keep to the platform's limits: see `Platform.open_session`.
        url: the API's address.

    Attributes:
        relatives: see `trusted_address`.
        gives_files_of_git: see `Wikis`.
    """

    relatives: ClassVar[frozenset[str]] = frozenset()
    gives_files_of_git: ClassVar[bool] = False

    def __init__(self, session: Session, url: str, token: Secret) -> None:
        super().__init__(session)
        self._url = url.rstrip("/")
        self._token = token

    @abstractmethod
    def _ask_for_account(self) -> Account:
        """Raises CredentialRefused."""

    @abstractmethod
    def _list_all(self) -> L:
        """A part that fails is left out, and its fault stands in what is found. Raises what ends everything."""

    @abstractmethod
    def _namespace(self, row: N) -> RemoteNamespace: ...

    @abstractmethod
    def _repository(self, row: R) -> RemoteRepository:
        """What no backup needs, and cannot be read, is left out. Raises UnknownShape."""

    @abstractmethod
    def _called(self, row: R) -> Phrase: ...

    @abstractmethod
    def _may_have_wiki(self, row: R) -> bool: ...

    def _others_with_wiki(self) -> Iterable[RemoteRepository]:
        """What is no repository and may have a wiki all the same: named as one would be that it stands beside."""
        return ()

    @property
    def url(self) -> str:
        return self._url

    def account(self) -> Account:
        """Raises CredentialRefused."""
        with self._lock:
            return self._account

    def namespaces(self) -> Iterator[RemoteNamespace]:
        """Organizations, and whoever owns what is seen. The platform is asked once for all that this will ever list.

        Raises:
            MatouError: after the last one: why there are more, or may be.
        """
        listing = self._listing_now()
        for row in listing.namespaces.values():
            yield self._namespace(row)
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
        faults: list[MatouError] = [listing.repositories_fault] if listing.repositories_fault else []
        with_wiki: list[RemoteRepository] = []
        for row in listing.rows():
            try:
                repository = self._repository(row)
            except UnknownShape as unknown:
                self._note(Inaccessible(self._called(row), unknown.fact))
                faults.append(unknown)
                continue
            yield repository
            if self._may_have_wiki(row):
                with_wiki.append(repository)
        with_wiki += self._others_with_wiki()
        wikis = Wikis(self._session, self.git_credential(), self._note, by_file=self.gives_files_of_git)
        yield from wikis.of(with_wiki)
        if faults:
            raise faults[0]

    def labels(self, namespace: RemoteNamespace) -> bytes:  # noqa: ARG002 - what a platform may have
        """Those of a namespace are read with what is said, where there are any."""
        return NO_ROWS

    def icon(self, namespace: RemoteNamespace) -> bytes | None:
        """An organization's picture; None where none is named. Raises MatouError where it cannot be had."""
        return picture_of(namespace, self._session)

    def git_credential(self) -> GitCredential:
        """What git is told when it asks; good for addresses that `repositories` gave."""
        return GitCredential(self.account().login, self._token)

    @cached_property
    def _account(self) -> Account:
        return self._ask_for_account()

    @cached_property
    def _listing(self) -> L:
        return self._list_all()

    def _listing_now(self) -> L:
        with self._lock:
            return self._listing

    def _trusted(self, address: str | None, row: R) -> str:
        """Empty for an address that the token must not be sent to."""
        try:
            return trusted_address(address or "", home=self._url, relatives=self.relatives)
        except AddressRefused as refusal:
            self._note(Inaccessible(self._called(row), refusal.fact))
            return ""

    def _trusted_ssh(self, address: object) -> str:
        """Empty where there is none that a key may be shown to."""
        return trusted_ssh_address(address, home=self._url, relatives=self.relatives)


def personal_account(id_: int | str, login: str, name: str | None) -> Account:
    """Where nothing is above whoever owns repositories: what an account sees is kept below its login."""
    return Account(
        id=str(id_),
        login=login,
        display_name=name or login,
        team_id=str(id_),
        team=login,
        team_display_name=name or login,
    )


def moment_of(text: str | None, odd: LeftOut, *, platform: str) -> datetime | None:
    """None for what is not told, and for what lies outside of the years 1 to 9999 in UTC."""
    return readable_or_none(lambda: _read_moment(text, platform), odd) if text else None


def _read_moment(text: str, platform: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(text)
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except OverflowError:
        return None
    except ValueError:
        raise UnknownShape(f"{platform} moment", text) from None
