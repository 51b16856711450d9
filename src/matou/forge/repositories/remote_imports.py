"""Imports that somebody asks for over the network: from the open internet only, within limits, whole or not at all.

What is asked of other machines, and what these can make us ask of others, is docs/decisions/imports.md.
"""

import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import structlog

from matou.concurrency import ConcurrencyLimit
from matou.db.lfs_objects import LfsLink
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import User
from matou.errors import Invalid, MatouError, TryLater
from matou.forge.access import Authorized, MayCreateIn
from matou.forge.forge import Forge
from matou.forge.repositories.creation import RowWriter, new_repository, publish_repository, require_free_early
from matou.forge.repositories.imports import ImportRefused, ShallowSource, fetch_remote, require_remote_url
from matou.forge.repositories.repository_dirs import staged_repository
from matou.forge.repositories.repository_metadata import RepositoryMetadata
from matou.fs import WriteFailed
from matou.git.operations.lfs import find_pointers
from matou.git.process.run import GitAccess, GitFailed, GitStopped, Limits, UntrustedCertificate
from matou.git.process.sandbox import GitSetting
from matou.git.refs.listing import read_refs
from matou.http.addresses import Address, UnsafeAddress, look_up, parse_address, require_public_number
from matou.http.lfs.client import LfsClient, LfsContent
from matou.http.retry import Clock, RetryPolicy
from matou.http.session import Session
from matou.model.names import RefName, RepositoryPath
from matou.settings import ADVICE_ON_CERTIFICATES, Network
from matou.storage.files import CHUNK_BYTES

log = structlog.get_logger()

AT_ONCE = 2
RETRY_AFTER = timedelta(seconds=30)
LONGEST = timedelta(minutes=10)
MOST_PACK_BYTES = 4 * 1024**3
MOST_LFS_BYTES = 4 * 1024**3
IMPORTED_REFS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", "+refs/notes/*:refs/notes/*")
"""What is a repository's own. Others keep a ref for each change request that was ever made."""

_PATIENCE = RetryPolicy(attempts=2, total=timedelta(minutes=1))
_OBJECT_ID = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z", re.IGNORECASE)


class ImportNotAllowed(Invalid):
    """A URL from which nothing is imported, whoever asks: GitCode's 403 is for what somebody else may do."""


class ImportFailed(MatouError):
    """What was named could not be brought in; nothing of it is left."""


class ImportUntrusted(ImportFailed, Invalid):
    """The server that was named did not prove who it is (TLS)."""


class ImportsBusy(TryLater):
    """As many imports run as may at once."""


def import_from(
    forge: Forge,
    url: str,
    granted: Authorized[Namespace, MayCreateIn],
    name: str,
    profile: RepositoryMetadata,
    *,
    creator: User | None,
    also: RowWriter,
) -> Repository:
    """Make a repository with the branches, tags and notes of another, and its LFS objects as far as they are given.

    It is seen when it is whole; until then its name is anybody's.

    Raises:
        ImportNotAllowed: the URL is none of http or https, holds a user or a password, or leads to where the operator
            lets nobody go.
        ImportFailed: it cannot be read, is too large, or takes too long.
        ImportsBusy: others are being imported.
        NameTaken, InvalidName: of the path.
    """
    address = _address(url)
    path = RepositoryPath(granted.subject.path, name)
    require_free_early(forge, granted.subject, path)
    with _one_of_few(forge), staged_repository(forge.archive) as git_dir:
        settings = _pinned(forge, address)
        _fetch(git_dir, address, settings, forge.network.authorities)
        _require_plain_names(git_dir)
        links = _lfs_objects(forge, git_dir, address)
        new = new_repository(forge, granted.subject, path, git_dir, profile, creator)
        return publish_repository(forge, git_dir, new, creator=creator, links=links, also=also)


def _address(url: str) -> Address:
    try:
        return parse_address(require_remote_url(url))
    except (ImportRefused, UnsafeAddress) as error:
        raise ImportNotAllowed("import_url must be an http or https URL without a user or a password") from error


def _pinned(forge: Forge, address: Address) -> tuple[GitSetting, ...]:
    """Look the host up, once: git is told what it found, so that a second answer cannot lead elsewhere.

    Nothing that was found is told to whoever asked: it may be a secret of the operator's network.
    """
    host, port = address.origin.host, address.origin.port
    try:
        numbers = look_up(host, port)
        if not forge.imports_may_reach_private:
            for number in numbers:
                require_public_number(host, number)
    except UnsafeAddress as error:
        log.warning("import_refused", host=host, reason=str(error))
        raise ImportNotAllowed("nothing is imported from {host}", host=repr(host)) from None
    except TryLater:
        raise ImportFailed("the host {host} is not found", host=repr(host)) from None
    bracketed = ",".join(f"[{number}]" if ":" in number else number for number in numbers)
    # A host that is a number, however it is spelled, is looked up by nobody.
    return () if host.startswith("[") else (("http.curloptResolve", f"{host}:{port}:{bracketed}"),)


def _fetch(git_dir: Path, address: Address, settings: tuple[GitSetting, ...], authorities: Path | None) -> None:
    limits = Limits(wall=LONGEST, file_size_bytes=MOST_PACK_BYTES)
    try:
        # By no proxy: it would look the host up anew, and what it finds nobody has judged.
        access = GitAccess(network=Network(authorities=authorities))
        fetch_remote(git_dir, address.url, access, refspecs=IMPORTED_REFS, settings=settings, limits=limits)
    except GitStopped as failure:
        log.warning("import_stopped", url=str(address), reason=str(failure))
        raise ImportFailed(
            "the import was stopped after {minutes} minutes", minutes=LONGEST // timedelta(minutes=1)
        ) from None
    except UntrustedCertificate as failure:
        log.warning("import_failed", url=str(address), reason=failure.stderr)
        raise ImportUntrusted(
            "the certificate of {url} is not trusted", url=repr(str(address)), advice=ADVICE_ON_CERTIFICATES
        ) from None
    except ShallowSource as error:
        raise ImportFailed("it lacks a part of its history, and only whole ones are imported") from error
    except GitFailed as failure:
        log.warning("import_failed", url=str(address), reason=failure.stderr)
        raise ImportFailed(
            "there is no repository at {url} that can be read, or it is too large", url=repr(str(address))
        ) from None


def _require_plain_names(git_dir: Path) -> None:
    """A branch called like an object id or an option would make others read, or run, something else."""
    for ref in read_refs(git_dir).refs:
        name = ref.split("/", 2)[-1]
        if _OBJECT_ID.match(name) or name.startswith(("-", "refs/")) or name in ("HEAD", "@"):
            raise ImportFailed("it has a ref that means something else to git: {ref}", ref=repr(_shown(ref)))


def _shown(ref: RefName) -> str:
    return ref.encode("utf-8", "surrogateescape").decode("utf-8", "replace")[:200]


def _lfs_objects(forge: Forge, git_dir: Path, address: Address) -> tuple[LfsLink, ...]:
    """Those that the server gives. All of their bytes must come, whatever the archive has of other repositories."""
    sizes = {pointer.oid: pointer.size_bytes for pointer in find_pointers(git_dir)}
    if not sizes:
        return ()
    if sum(sizes.values()) > MOST_LFS_BYTES:
        log.warning("import_without_lfs", url=str(address), bytes=sum(sizes.values()))
        return ()
    received = _Received(forge, deadline=time.monotonic() + LONGEST.total_seconds())
    named = (address.url,) if forge.imports_may_reach_private else ()
    clock, authorities = Clock(now=forge.now), forge.network.authorities
    with Session(named=named, clock=clock, patience=_PATIENCE, authorities=authorities) as session:
        try:
            missing = LfsClient(session, address.url, credential=None).download(sizes.items(), received.store)
        except WriteFailed:
            raise
        except MatouError as error:
            log.warning("import_lfs_failed", url=str(address), reason=str(error))
        else:
            log.info("lfs_imported", url=str(address), objects=len(received.links), missing=len(missing))
    return tuple(received.links)


@dataclass(frozen=True)
class _Received:
    """Takes LFS objects as they come, from several threads, until there is no time left."""

    forge: Forge
    deadline: float
    links: list[LfsLink] = field(default_factory=list)

    def store(self, oid: str, _size_bytes: int, content: LfsContent) -> None:
        """A pointer may be wrong about what its object weighs."""
        self.forge.archive.blobs.put_stream(self._chunks(content), expected=oid)
        self.links.append(LfsLink(oid, self.forge.archive.blobs.size(oid)))

    def _chunks(self, content: LfsContent) -> Iterator[bytes]:
        while chunk := content.read(CHUNK_BYTES):
            if time.monotonic() > self.deadline:
                raise ImportFailed("the LFS objects take too long")
            yield chunk


class ImportLimit(ConcurrencyLimit):
    """Each import holds a thread of the server, and a share of its network, for minutes."""

    def __init__(self) -> None:
        super().__init__(AT_ONCE)


def _one_of_few(forge: Forge) -> AbstractContextManager[None]:
    busy = ImportsBusy("other imports are under way", wait=RETRY_AFTER)
    return forge.memory(ImportLimit).taken(within=timedelta(), otherwise=busy)
