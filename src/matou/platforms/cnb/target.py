"""An account at CNB, to write to."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from itertools import accumulate
from threading import RLock
from typing import Final

from matou.credentials import GitCredential, Secret
from matou.errors import Conflict, Phrase, UnknownShape
from matou.http.addresses import trusted_address
from matou.http.session import Session
from matou.model.platform import Visibility
from matou.model.targets import (
    PLAIN_RULES,
    Capacity,
    NewTargetRepository,
    TargetRepository,
    TargetRules,
    fault_of_plain_name,
)
from matou.platforms.base.errors import NotOffered
from matou.platforms.base.platform import Clock
from matou.platforms.cnb import GIT_USER, PLATFORM
from matou.platforms.cnb.api import CnbApi, token_of
from matou.platforms.cnb.calls import CnbCalls
from matou.platforms.cnb.wire import CnbRepository

CNB_RULES: Final = replace(PLAIN_RULES, capacity=Capacity(file_bytes=256 * 1024**2))
"""Of cnb.cool itself: its own tool for those who come from elsewhere says that a larger file must be an LFS object."""

_LONGEST_DESCRIPTION: Final = 350
_LONGEST_GROUP: Final = 50
_GROUP: Final = re.compile(r"[A-Za-z0-9](?:.*[A-Za-z0-9])?\Z")
_VISIBILITIES: Final = {
    "private": Visibility.PRIVATE,
    # For keys: its own owners see it, and nobody clones it.
    "secret": Visibility.PRIVATE,
    "public": Visibility.PUBLIC,
}


class CnbTarget:
    """See `MigrationTarget`. A namespace is an organization, `ORGANIZATION` or one inside others, `A/B`.

    Args:
        session: must name the URL's origin, and keep to CNB's limits: see `Platform.open_session`.
        url: the API's address.
    """

    platform = "cnb"

    def __init__(self, session: Session, url: str, token: Secret, *, now: Clock) -> None:
        self.url = url.rstrip("/")
        self._token = token_of(token.reveal())
        self._calls = CnbCalls(CnbApi(session, self.url, self._token, now))
        self._lock = RLock()

    @property
    def rules(self) -> TargetRules:
        return CNB_RULES if PLATFORM.is_at(self.url) else PLAIN_RULES

    def login(self) -> str:
        with self._lock:
            return self._login

    def repositories(self, namespace: str) -> Iterator[TargetRepository]:
        for row in self._calls.repositories(namespace):
            if row.path.strip("/").rpartition("/")[0].casefold() == namespace.casefold():
                yield self._repository(row, namespace)

    def create(self, new: NewTargetRepository) -> TargetRepository:
        """CNB tells nothing of what it made, so it is asked for it."""
        self._calls.create_repository(
            new.namespace,
            new.name,
            description=new.description.strip()[:_LONGEST_DESCRIPTION],
            visibility=_code_of(new.visibility),
        )
        return self._repository(self._calls.repository(f"{new.namespace}/{new.name}"), new.namespace)

    def fault_of_new_namespace(self, namespace: str) -> Phrase | None:
        """An account makes one outermost organization in a year; whether it may is for CNB to say."""
        faults = (_fault_of_group(part) for part in namespace.split("/"))
        return next((fault for fault in faults if fault is not None), None)

    def create_namespace(self, namespace: str) -> None:
        """Those that it is inside of first, as far as they are not there."""
        *outer, last = accumulate(namespace.split("/"), "{}/{}".format)
        for path in outer:
            with suppress(Conflict):
                self._calls.create_group(path)
        self._calls.create_group(last)

    def set_default_branch(self, repository: TargetRepository, branch: str) -> None:
        raise NotOffered(
            "CNB's API cannot set a default branch; {branch} should be it of {repository}",
            branch=repr(branch),
            repository=repr(repository.name),
        )

    def set_visibility(self, repository: TargetRepository, visibility: Visibility) -> None:
        self._calls.set_visibility(repository.id, _code_of(visibility))

    def git_credential(self) -> GitCredential:
        return GitCredential(GIT_USER, self._token)

    @cached_property
    def _login(self) -> str:
        return self._calls.user().username

    def _repository(self, row: CnbRepository, namespace: str) -> TargetRepository:
        """Raises AddressRefused where the platform names an address that the token must not be sent to; UnknownShape
        where nobody knows who may see it."""
        path = row.path.strip("/")
        address = trusted_address(row.web_url, home=self.url)
        return TargetRepository(path, namespace, path.rpartition("/")[2], address, _visibility_of(row))


def _visibility_of(row: CnbRepository) -> Visibility:
    visibility = _VISIBILITIES.get((row.visibility_level or "").lower())
    if visibility is None:
        raise UnknownShape("cnb Repository.visibility_level", row.visibility_level)
    return visibility


def _code_of(visibility: Visibility) -> str:
    return "public" if visibility is Visibility.PUBLIC else "private"


def _fault_of_group(name: str) -> Phrase | None:
    if len(name) > _LONGEST_GROUP:
        return Phrase("it is too long")
    if fault := fault_of_plain_name(name):
        return fault
    return None if _GROUP.match(name) else Phrase("it holds a character that is not allowed")
