"""A mirror brought up to what its source lists, and nothing that it ever held lost."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from matou.git.odb.stored_objects import describe_objects
from matou.git.operations.connectivity import BadPack
from matou.git.operations.fetch import FetchedObjects, FetchFailed, FetchSource, fetch_objects, wanted_objects
from matou.git.process.run import GitChild
from matou.git.refs.listing import (
    CHANGE_PREFIX,
    KEPT_PREFIX,
    OWN_PREFIX,
    fault_of_ref_name,
    head_text,
    read_refs,
    write_first_refs,
    write_refs,
)
from matou.git.repository import FIRST_HEAD, create_bare, make_bare
from matou.git.wire.transport import GitHttpResponse, GitTransport, list_refs
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing

__all__ = [
    "BadPack",
    "FetchFailed",
    "FetchSource",
    "FetchedObjects",
    "GitHttpResponse",
    "GitTransport",
    "MirrorUpdate",
    "fetch_objects",
    "list_refs",
    "make_mirror",
    "storable",
    "update_mirror",
]

HEAD = RefName("HEAD")


@dataclass(frozen=True, slots=True)
class MirrorUpdate:
    """What became of a mirror.

    Attributes:
        kept: the kept refs that are new.
        bytes: of packs, as they came.
        not_stored: refs of the source that are not here under their own name; `HEAD` where it names what git refuses.
        new_packs: packs that lie in the repository now and did not before.
        findings: what git finds wrong with objects that are kept nevertheless, in its own words.
        is_shallow: the source itself lacks the parents of some commits, and so do we.
        lost: refs that this update would have kept, had their objects been there.
    """

    kept: tuple[RefName, ...]
    bytes: int
    not_stored: tuple[RefName, ...]
    new_packs: tuple[Path, ...] = ()
    findings: tuple[str, ...] = ()
    is_shallow: bool = False
    lost: tuple[RefName, ...] = ()


def update_mirror(
    git_dir: Path,
    source: FetchSource,
    listing: RefListing,
    *,
    previous: RefListing | None,
    run: int,
) -> MirrorUpdate:
    """Make a mirror what `listing` says of its source, and keep under a kept ref each tip that this would let go.

    The repository is made where there is none. Interrupted at any point, its refs are the old ones or the new ones
    and name whole histories; called again, it goes on from there.

    Args:
        git_dir: the mirror.
        listing: what the source has.
        previous: what it had when it was last saved; the refs on the disk count as well.
        run: the number under which tips are kept.

    Raises:
        TryLater: the source broke off, or no longer has what it listed; or the mirror is busy.
        Damaged: what came is not sound, or the mirror's own refs are not what was written.
        Conflict: the source holds another kind of objects than the mirror.
    """
    stored, not_stored = storable(listing)
    if not stored.is_empty or not (git_dir / "HEAD").exists():
        create_bare(git_dir, object_format=stored.object_format)
    on_disk = read_refs(git_dir)
    fetched = fetch_objects(git_dir, source, stored)
    let_go = _let_go(on_disk, previous, stored)
    kept, lost = _to_keep(git_dir, let_go, _staying(on_disk, stored))
    named = make_kept_refs(kept, run, taken=on_disk.refs)
    write_refs(git_dir, stored, named)
    return MirrorUpdate(
        kept=tuple(sorted(named)),
        bytes=fetched.bytes,
        not_stored=not_stored,
        new_packs=fetched.new_packs,
        findings=fetched.findings,
        is_shallow=fetched.is_shallow,
        lost=lost,
    )


def make_mirror(
    git_dir: Path,
    source: FetchSource,
    listing: RefListing,
    *,
    durably: bool = True,
) -> MirrorUpdate:
    """Make a mirror in a folder that is not there yet, and at which nobody looks before it is moved to its place.

    Its objects are synced, unless `durably` says not to; the rest is for the caller to sync before anybody relies on
    it. Whatever fails leaves a folder that is good for nothing. Arguments and errors are those of `update_mirror`.
    """
    stored, not_stored = storable(listing)
    make_bare(git_dir, head=head_text(stored) or FIRST_HEAD, object_format=stored.object_format)
    fetched = fetch_objects(git_dir, source, stored, is_new=True, durably=durably)
    write_first_refs(git_dir, stored)
    return MirrorUpdate(
        kept=(),
        bytes=fetched.bytes,
        not_stored=not_stored,
        new_packs=fetched.new_packs,
        findings=fetched.findings,
        is_shallow=fetched.is_shallow,
    )


def storable(listing: RefListing) -> tuple[RefListing, tuple[RefName, ...]]:
    """What of a listing a mirror can have under its own name, and the names of the rest, sorted."""
    rest = {name for name in listing.refs if not is_storable(name)}
    has_bad_head = listing.head is not None and not is_storable(listing.head)
    if not rest and not has_bad_head:
        return listing, ()
    stored = RefListing(
        {name: oid for name, oid in listing.refs.items() if name not in rest},
        {name: oid for name, oid in listing.peeled.items() if name not in rest},
        head=None if has_bad_head else listing.head,
        detached_head=listing.detached_head,
    )
    return stored, tuple(sorted({*rest, *([HEAD] if has_bad_head else [])}))


def is_storable(name: RefName) -> bool:
    return name.startswith("refs/") and not name.startswith(OWN_PREFIX) and fault_of_ref_name(name) is None


def _let_go(on_disk: RefListing, previous: RefListing | None, stored: RefListing) -> dict[RefName, set[ObjectId]]:
    """What refs named before, on the disk or in the last manifest, and nothing at the source names now."""
    before: dict[RefName, set[ObjectId]] = {}
    for listing in (on_disk, previous) if previous is not None else (on_disk,):
        named = {**listing.refs, **({HEAD: listing.detached_head} if listing.detached_head is not None else {})}
        for name, oid in named.items():
            before.setdefault(name, set()).add(oid)
    staying = _staying(on_disk, stored)
    return {name: gone for name, oids in before.items() if not name.startswith(OWN_PREFIX) and (gone := oids - staying)}


def _staying(on_disk: RefListing, stored: RefListing) -> frozenset[ObjectId]:
    """What will be named when all is done."""
    kept = {oid for name, oid in on_disk.refs.items() if name.startswith((KEPT_PREFIX, CHANGE_PREFIX))}
    return wanted_objects(stored) | kept


def _to_keep(
    git_dir: Path, let_go: Mapping[RefName, Collection[ObjectId]], staying: Collection[ObjectId]
) -> tuple[list[tuple[RefName, ObjectId]], tuple[RefName, ...]]:
    """The tips that nothing would reach any more, and the names of those whose object is not there.

    Commits are kept if no ref that stays reaches them; tags, trees and blobs always, since no walk over commits tells.
    """
    ids = {oid for oids in let_go.values() for oid in oids}
    described = describe_objects(git_dir, ids)
    commits = {oid for oid, stored in described.items() if stored.type == "commit"}
    unreachable = (described.keys() - commits) | _unreachable(git_dir, commits, staying)
    tips = [(name, oid) for name, oids in sorted(let_go.items()) for oid in sorted(oids) if oid in unreachable]
    lost = tuple(sorted(name for name, oids in let_go.items() if not described.keys() >= set(oids)))
    return tips, lost


def _unreachable(git_dir: Path, commits: Collection[ObjectId], staying: Collection[ObjectId]) -> set[ObjectId]:
    """Those commits that none of the staying objects is or reaches."""
    if not commits:
        return set()
    present = describe_objects(git_dir, staying)
    ends = "".join([*(f"{oid}\n" for oid in commits), *(f"^{oid}\n" for oid in present)])
    with GitChild(["rev-list", "--stdin"], git_dir=git_dir, has_input=True) as child:
        child.feed(ends.encode())
        unreachable = {oid for line in child.stdout if (oid := ObjectId(line.decode().rstrip())) in commits}
        child.finish()
    return unreachable


def make_kept_refs(
    tips: Collection[tuple[RefName, ObjectId]], run: int, *, taken: Collection[RefName]
) -> dict[RefName, ObjectId]:
    """Give each tip a kept ref of this run: `refs/matou/kept/000007/heads/main`, and `…/main-2` if that is taken."""
    named: dict[RefName, ObjectId] = {}
    for name, oid in tips:
        first = kept = RefName(f"{KEPT_PREFIX}{run:06d}/{name.removeprefix('refs/')}")
        number = 1
        while kept in taken or kept in named:
            number += 1
            kept = RefName(f"{first}-{number}")
        named[kept] = oid
    return named
