"""An account at Gitee, or at a server that speaks its API, to write to."""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from matou.credentials import GitCredential, Secret
from matou.errors import NotFound, Phrase, UnknownShape
from matou.http.addresses import trusted_address
from matou.http.responses import NoApiThere
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
from matou.platforms.base.errors import ActionRefused, NotOffered, RemoteNotFound
from matou.platforms.base.lister import or_nothing
from matou.platforms.base.unreadable import require_read
from matou.platforms.gitee import PLATFORM
from matou.platforms.gitee.account_v3 import visibility_of_project
from matou.platforms.gitee.account_v5 import GIT_USER, visibility_of
from matou.platforms.gitee.api import token_of
from matou.platforms.gitee.client import Gitee, asks_for_v3
from matou.platforms.gitee.wire_v3 import GiteeV3Project
from matou.platforms.gitee.wire_v5 import GiteeRepository

GITEE_RULES = replace(
    PLAIN_RULES,
    capacity=Capacity(
        file_bytes=100 * 1024**2,
        repository_bytes=1024 * 1024**2,
        lfs_doubt=Phrase("Gitee keeps them for paying enterprises only"),
    ),
)
"""Of gitee.com itself, whose API does not tell: what its refusals say, as people who pushed have shown them.

A file: `File size 207.805MB, exceeds quota 100MB` (2025 and 2026, by several). A repository: `This repository(including
wiki) size 1143.71 MB, exceeds 1024.00 MB` (2020 and later); an older help, still at gitee.ru, says 500 MB and 50 MB a
file, which those refusals contradict, and paying enterprises may have more. LFS: `LFS only supported repository in paid
or trial enterprise.` with status 403 (2022 to 2026, by many)."""


class OtherNamespace(NotFound):
    """A namespace that Gitee's API v3 does not reach, whether it is there or not."""


class GiteeTarget:
    """See `MigrationTarget`. A namespace is the token's user or, in API v5, an organization or an enterprise.

    API v5 is asked; v3 where the URL names it, and where the server has no v5 or, as a Matou, another platform's.

    Args:
        session: must name the URL's origin, and keep to Gitee's limits: see `Platform.open_session`.
        url: the site's address, with or without `/api/v5` or `/api/v3`.
        token: a personal access token for v5; what log-in gives for v3.
    """

    platform = "gitee"

    def __init__(self, session: Session, url: str, token: Secret, *, now: Callable[[], datetime]) -> None:
        self._token = token_of(token.reveal())
        self._client = Gitee(self._token, url, session=session, now=now)
        self._names_v3 = asks_for_v3(url)
        self._lock = threading.RLock()

    @property
    def url(self) -> str:
        return self._client.base_url

    @property
    def rules(self) -> TargetRules:
        return GITEE_RULES if PLATFORM.is_at(self.url) else PLAIN_RULES

    def login(self) -> str:
        with self._lock:
            return self._version_and_login[1]

    def repositories(self, namespace: str) -> Iterator[TargetRepository]:
        for path, visibility in or_nothing(self._found(namespace)):
            if _namespace_of(path).casefold() == namespace.casefold():
                yield self._repository(path, namespace, visibility)

    def create(self, new: NewTargetRepository) -> TargetRepository:
        if self._is_v3:
            self._require_own(new.namespace)
            is_private = new.visibility is not Visibility.PUBLIC
            made = self._client.create_project(new.name, description=new.description, private=is_private)
            return self._repository(made.path_with_namespace, new.namespace, _visibility_of_project(made))
        if not self._is_own(new.namespace):
            is_enterprise = self._is_enterprise(new.namespace)
            calls = self._client
            create = calls.create_enterprise_repository if is_enterprise else calls.create_organization_repository
            row = create(new.namespace, new.name, path=new.name, description=new.description, visibility=new.visibility)
        else:
            # One's own begins private, whatever is asked for.
            row = self._client.create_repository(new.name, path=new.name, description=new.description, private=True)
        return self._repository(row.full_name, new.namespace, _visibility_of(row))

    def fault_of_conversation(self) -> Phrase | None:
        return Phrase("Gitee's API v3 takes nothing but code") if self._is_v3 else None

    def fault_of_new_namespace(self, namespace: str) -> Phrase | None:
        if self._is_v3:
            return Phrase("Gitee's API v3 reaches nothing but {owner}", owner=repr(self.login()))
        return fault_of_plain_name(namespace)

    def create_namespace(self, namespace: str) -> None:
        if self._is_v3:
            self._require_own(namespace)
        self._client.create_organization(namespace, path=namespace)

    def set_default_branch(self, repository: TargetRepository, branch: str) -> None:
        if self._is_v3:
            raise NotOffered("Gitee's API v3 cannot set a default branch; {branch} should be it", branch=repr(branch))
        self._client.update_repository(repository.id, default_branch=branch)

    def set_visibility(self, repository: TargetRepository, visibility: Visibility) -> None:
        if self._is_v3:
            raise NotOffered(
                "Gitee's API v3 cannot make {repository} {visibility}",
                repository=repr(repository.id),
                visibility=visibility.value,
            )
        self._client.update_repository(repository.id, private=visibility is not Visibility.PUBLIC)

    def git_credential(self) -> GitCredential:
        return GitCredential(self.login() if self._is_v3 else GIT_USER, self._token)

    @cached_property
    def _version_and_login(self) -> tuple[int, str]:
        if not self._names_v3:
            try:
                return 5, self._client.user().login
            except (RemoteNotFound, NoApiThere, UnknownShape):
                pass  # a server that has no v5, or as a Matou another platform's
        return 3, self._client.extension_user().username

    @property
    def _is_v3(self) -> bool:
        with self._lock:
            return self._version_and_login[0] == 3

    @cached_property
    def _enterprises(self) -> frozenset[str]:
        try:
            return frozenset(row.path.casefold() for row in self._client.enterprises())
        except (ActionRefused, RemoteNotFound):
            return frozenset()  # a token that may not know of any, or a server that has none

    def _is_enterprise(self, namespace: str) -> bool:
        with self._lock:
            return namespace.casefold() in self._enterprises

    def _is_own(self, namespace: str) -> bool:
        return namespace.casefold() == self.login().casefold()

    def _require_own(self, namespace: str) -> None:
        if not self._is_own(namespace):
            raise OtherNamespace(
                "Gitee's API v3 creates in one's own namespace only, not in {owner}", owner=repr(namespace)
            )

    def _found(self, namespace: str) -> Iterator[tuple[str, Visibility]]:
        if self._is_v3:
            self._require_own(namespace)
            return ((row.path_with_namespace, _visibility_of_project(row)) for row in self._client.projects())
        return ((row.full_name, _visibility_of(row)) for row in self._rows(namespace))

    def _rows(self, namespace: str) -> Iterable[GiteeRepository]:
        if self._is_own(namespace):
            return self._client.repositories()
        if self._is_enterprise(namespace):
            return self._client.repositories_of_enterprise(namespace)
        return self._client.repositories_of_organization(namespace)

    def _repository(self, path: str, namespace: str, visibility: Visibility) -> TargetRepository:
        address = trusted_address(f"{self.url}/{path}.git", home=self.url)
        return TargetRepository(path, namespace, path.rpartition("/")[2], address, visibility)


def _namespace_of(path: str) -> str:
    return path.rpartition("/")[0]


def _visibility_of(row: GiteeRepository) -> Visibility:
    """Nothing is sent where nobody knows who may see it. Raises UnknownShape."""
    require_read(row, "private", "public", "internal")
    return visibility_of(row)


def _visibility_of_project(project: GiteeV3Project) -> Visibility:
    """Raises UnknownShape."""
    if project.public is None:
        raise UnknownShape("gitee Project.public", None)
    return visibility_of_project(project)
