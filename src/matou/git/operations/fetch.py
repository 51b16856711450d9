"""Objects from a source into a repository: one request, one `git index-pack`, and the proof that all has come."""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final

from matou.errors import Damaged, MatouError, TryLater
from matou.git.odb.packs import ids_not_in
from matou.git.odb.shallow import INFINITE_DEPTH, lacking_parents, read_boundary, write_boundary
from matou.git.operations.connectivity import (
    BadPack,
    is_own_fault,
    left_whole,
    require_connected,
    whole_tips,
)
from matou.git.operations.fsck import known_messages, tolerant_check
from matou.git.process.run import (
    DEFAULT_LIMITS,
    NO_ACCESS,
    CompletedGit,
    GitAccess,
    GitChild,
    GitFailed,
    Limits,
    UntrustedCertificate,
    run_git,
    run_git_captured,
)
from matou.git.process.sandbox import GitSetting
from matou.git.process.ssh import remote_environment
from matou.git.repository import has_objects, packs, remove_unfinished_objects
from matou.git.wire.client import FetchResponse, fetch_request
from matou.git.wire.pktline import CutShort
from matou.git.wire.server import UPLOAD_PACK
from matou.git.wire.transport import GitTransport, may_speak_otherwise
from matou.model.names import ObjectId
from matou.model.refs import RefListing

_PACK_HEADER_BYTES: Final = 12
_SMALL_PACK_BYTES: Final = 256 * 1024
"""Up to here a pack is received before git is started, which then has nothing to wait for."""

_FIRST_SERVER_FAULT: Final = 500

_INDEXED: Final = re.compile(rb"pack\t([0-9a-f]{40,64})\n")
"""What `git index-pack` says first; whatever came after the pack, it gives back behind that."""

_FALLBACK_SETTINGS: Final = (("fetch.unpackLimit", "1"), ("transfer.fsckObjects", "false"))


class FetchFailed(TryLater):
    """`git fetch` did not bring what was asked for."""


@dataclass(frozen=True, slots=True)
class FetchSource:
    """A repository at a source, and how it is reached.

    Attributes:
        transport: how.
        url: the repository there.
        access: for `git fetch`, where the source speaks no version 2; `transport` has its own.
        limits: for each git child.
    """

    transport: GitTransport
    url: str
    access: GitAccess = NO_ACCESS
    limits: Limits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True)
class FetchedObjects:
    """What came.

    Attributes:
        bytes: of packs, as they came.
        new_packs: those that lie in the repository now and did not before.
        findings: what git finds wrong with objects that are kept nevertheless, in its own words.
        boundary: commits whose parents the source itself lacks, and so do we.
        is_closed: git saw that every object which a new one names is there.
    """

    bytes: int = 0
    new_packs: tuple[Path, ...] = ()
    findings: tuple[str, ...] = ()
    boundary: frozenset[ObjectId] = frozenset()
    is_closed: bool = False

    @property
    def is_shallow(self) -> bool:
        return bool(self.boundary)


@dataclass(frozen=True, slots=True)
class _Order:
    """What is asked of a source. A fresh repository has no object yet.

    `boundary` is where the history ended that the source gave before: whether it goes on by now is asked each time.
    """

    git_dir: Path
    source: FetchSource
    wants: frozenset[ObjectId]
    haves: frozenset[ObjectId]
    boundary: frozenset[ObjectId]
    is_fresh: bool
    object_format: str
    durably: bool

    @property
    def settings(self) -> tuple[GitSetting, ...]:
        return () if self.durably else (("core.fsync", "none"),)


def fetch_objects(
    git_dir: Path,
    source: FetchSource,
    listing: RefListing,
    *,
    is_new: bool = False,
    durably: bool = True,
) -> FetchedObjects:
    """Bring everything that the refs of `listing` name and reach into a repository; its own refs stay as they are.

    What an earlier try left whole is not fetched again; where the source's history had no beginning, that is asked
    for. If this fails, neither a pack that is not whole nor a temporary file is left. One writer a repository.

    Args:
        git_dir: a bare repository, empty or not.
        listing: what the source has.
        is_new: the repository was made just now, so there is nothing to look for.
        durably: sync each file of objects; else the caller syncs the file system before anybody relies on them.

    Raises:
        TryLater: the source broke off, or no longer has what it listed.
        Damaged: what it sent is not sound, or not all that was asked for.
        GitFailed: git was stopped, or wanted more time or memory than it may have.
    """
    is_fresh = is_new or not has_objects(git_dir)
    boundary = frozenset() if is_fresh else read_boundary(git_dir)
    wants = wanted_objects(listing)
    haves: frozenset[ObjectId] = frozenset()
    if not is_fresh:
        haves = whole_tips(git_dir)
        haves |= left_whole(git_dir, wants - haves, haves)
    if wants <= haves and not (wants and boundary):
        return FetchedObjects(boundary=boundary)
    order = _Order(
        git_dir,
        source,
        wants if boundary else wants - haves,
        haves,
        boundary,
        is_fresh,
        listing.object_format,
        durably,
    )
    with _tidied(git_dir):
        fetched = _fetch_somehow(order)
    return _proven(order, fetched)


def wanted_objects(listing: RefListing) -> frozenset[ObjectId]:
    head = listing.detached_head
    return listing.object_ids() | (frozenset() if head is None else {head})


def _fetch_somehow(order: _Order) -> FetchedObjects:
    try:
        return _fetch_tolerantly(order)
    except MatouError as error:
        if not may_speak_otherwise(error) or _is_server_fault(error):
            raise
    return _fetch_by_git(order)


def _is_server_fault(error: MatouError) -> bool:
    """Of the version it was asked in; git's own fetch would get the same."""
    status = error.values.get("status")
    return isinstance(status, int) and status >= _FIRST_SERVER_FAULT


def _fetch_tolerantly(order: _Order) -> FetchedObjects:
    """An object that git cannot even be told to tolerate costs a second request: its bytes are kept all the same."""
    try:
        return _fetch_directly(order, (tolerant_check(known_messages()),))
    except _RefusedByCheck as refusal:
        fetched = _fetch_directly(order, ())
        return replace(fetched, findings=refusal.findings, is_closed=False)


def _fetch_directly(order: _Order, options: tuple[str, ...]) -> FetchedObjects:
    request = fetch_request(
        order.wants,
        order.haves,
        object_format=order.object_format,
        shallow=order.boundary,
        depth=INFINITE_DEPTH if order.boundary else None,
    )
    with order.source.transport.exchange(order.source.url, UPLOAD_PACK, request, protocol=2) as answer:
        response = FetchResponse(answer.read)
        response.begin()
        known = order.boundary.union(response.shallow)
        if known != order.boundary:
            write_boundary(order.git_dir, known)
        fetched = _index(order, response, options)
    return replace(fetched, boundary=known.difference(response.unshallow), is_closed=bool(options))


def _index(order: _Order, response: FetchResponse, options: tuple[str, ...]) -> FetchedObjects:
    blocks = response.pack()
    beginning, is_all = _beginning(blocks)
    if beginning[8:_PACK_HEADER_BYTES] == bytes(4):
        return FetchedObjects(bytes=len(beginning) + sum(map(len, blocks)))
    before = frozenset() if order.is_fresh else packs(order.git_dir)
    words = ["index-pack", "--stdin", *options, *(["--fix-thin"] if order.haves else [])]
    try:
        if is_all:
            size = len(beginning)
            output = run_git_captured(
                words, git_dir=order.git_dir, settings=order.settings, limits=order.source.limits, input=beginning
            )
        else:
            size, output = _index_while_it_comes(order, words, chain((beginning,), blocks))
    except GitFailed as failure:
        raise _pack_error(failure, order.source.url, is_checked=bool(options)) from failure
    named = _INDEXED.match(output.stdout)
    if named is None:
        raise BadPack("git did not name the pack from {url}", url=order.source.url)
    pack = order.git_dir / "objects/pack" / f"pack-{named[1].decode()}.pack"
    findings = tuple(line for line in output.stderr.splitlines() if line.startswith("warning: "))
    return FetchedObjects(size, () if pack in before else (pack,), findings)


def _index_while_it_comes(order: _Order, words: Sequence[str], blocks: Iterable[bytes]) -> tuple[int, CompletedGit]:
    size = 0
    with GitChild(
        words, git_dir=order.git_dir, settings=order.settings, limits=order.source.limits, has_input=True
    ) as child:
        for block in blocks:
            size += len(block)
            child.write(block)
        child.end_input()
        answer = child.stdout.read()
        child.finish()
    return size, CompletedGit(answer, child.stderr_text)


class _RefusedByCheck(Damaged):
    """The pack may be sound, and its objects are not as git wants them."""

    def __init__(self, template: str, /, *, findings: tuple[str, ...], url: str, reason: str) -> None:
        super().__init__(template, url=url, reason=reason)
        self.findings = findings


def _pack_error(failure: GitFailed, url: str, *, is_checked: bool) -> MatouError:
    if is_own_fault(failure):
        return failure
    if is_checked:
        return _RefusedByCheck(
            "git finds fault with what {url} sent: {reason}",
            url=url,
            reason=failure.stderr,
            findings=tuple(failure.stderr.splitlines()),
        )
    return BadPack("the pack from {url} is not sound: {reason}", url=url, reason=failure.stderr)


def _beginning(blocks: Iterator[bytes]) -> tuple[bytes, bool]:
    """As much of a pack as may well be held in memory, and whether that is all of it."""
    parts: list[bytes] = []
    size = 0
    is_all = True
    for block in blocks:
        parts.append(block)
        size += len(block)
        if size > _SMALL_PACK_BYTES:
            is_all = False
            break
    if size < _PACK_HEADER_BYTES:
        raise CutShort("the pack ended within its header")
    return b"".join(parts), is_all


def _fetch_by_git(order: _Order) -> FetchedObjects:
    """The slow way, for servers of versions 0 and 1: it writes no ref either."""
    before = packs(order.git_dir)
    words = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--stdin"]
    words += ["--update-shallow", *([f"--depth={INFINITE_DEPTH}"] if order.boundary else [])]
    try:
        run_git(
            [*words, "--end-of-options", order.source.url],
            git_dir=order.git_dir,
            input="".join(f"{oid}\n" for oid in sorted(order.wants)).encode(),
            environment=remote_environment(order.source.access, order.source.url),
            settings=(*_FALLBACK_SETTINGS, *order.settings),
            limits=order.source.limits,
        )
    except UntrustedCertificate:
        raise
    except GitFailed as failure:
        if is_own_fault(failure):
            raise
        raise FetchFailed(
            "git fetch of {url} failed: {reason}", url=order.source.url, reason=failure.stderr
        ) from failure
    new = tuple(sorted(packs(order.git_dir) - before))
    size = sum(os.stat(pack).st_size for pack in new)  # noqa: PTH116 - the same
    return FetchedObjects(size, new, boundary=read_boundary(order.git_dir))


def _proven(order: _Order, fetched: FetchedObjects) -> FetchedObjects:
    """What came, once every wanted object is here with all that it reaches."""
    if not order.boundary and (order.is_fresh or not fetched.boundary):
        _require_all(order, fetched)
        return fetched
    is_as_before = fetched.boundary == order.boundary and not fetched.new_packs
    if is_as_before and order.wants <= order.haves:
        return fetched
    return replace(fetched, boundary=_checked_boundary(order, fetched.boundary))


def _checked_boundary(order: _Order, boundary: frozenset[ObjectId]) -> frozenset[ObjectId]:
    """Write where the history ends: at commits without their parents only, if all that these reach is here.

    Until it is proven, the repository counts as lacking what it lacked before.
    """
    known = read_boundary(order.git_dir)
    narrow = lacking_parents(order.git_dir, boundary)
    try:
        require_connected(order.git_dir, order.wants, (), boundary=narrow)
    except BadPack:
        if narrow == boundary:
            raise
        narrow = boundary
        require_connected(order.git_dir, order.wants, (), boundary=narrow)
    if narrow != known:
        write_boundary(order.git_dir, narrow)
    return narrow


def _require_all(order: _Order, fetched: FetchedObjects) -> None:
    """Prove that every wanted object is here with all that it reaches, in a history that has a beginning.

    Into an empty repository, a pack in which every link leads to an object can only be whole in itself, so that its
    index is proof enough; in every other case git walks from what is new to what was proven before.
    """
    if order.is_fresh and fetched.is_closed and len(fetched.new_packs) == 1:
        missing = ids_not_in(fetched.new_packs[0], order.wants)
        if missing:
            raise BadPack("{url} did not send {missing}", url=order.source.url, missing=", ".join(sorted(missing)[:3]))
    else:
        require_connected(order.git_dir, order.wants, order.haves)


@contextlib.contextmanager
def _tidied(git_dir: Path) -> Iterator[None]:
    """Leave nothing half-done of what fails here. The files of this repository are nobody else's to write."""
    try:
        yield
    except BaseException:
        remove_unfinished_objects(git_dir)
        raise
