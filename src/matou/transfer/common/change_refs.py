"""The refs that keep the commits of change requests alive: those that a mirror has lost are made anew."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from matou.archive.layout import Archive
from matou.archive.metadata import main_commit, open_metadata
from matou.archive.metadata.commits import SavedCommits, saved_commits
from matou.errors import Damaged, NotFound
from matou.git.odb.stored_objects import describe_objects
from matou.git.refs.listing import CHANGE_PREFIX, read_refs, write_refs
from matou.model.names import ObjectId, RefName, RepositoryPath
from matou.model.refs import RefListing


@dataclass(frozen=True, slots=True)
class ChangeRefs:
    """What metadata says of a mirror, beside what the mirror has.

    Attributes:
        lost: refs of ours that are not there, or name something else, and what they should name.
        absent: change requests whose last commit is not there.
    """

    lost: Mapping[RefName, ObjectId]
    absent: tuple[SavedCommits, ...]


def compare_change_refs(git_dir: Path, saved: Iterable[SavedCommits]) -> ChangeRefs:
    """Raises Damaged: the mirror's refs, or an object, cannot be read."""
    saved = tuple(saved)
    if not saved:
        return ChangeRefs({}, ())
    refs = read_refs(git_dir).refs
    present = describe_objects(git_dir, frozenset(one.head for one in saved))
    return ChangeRefs(
        {name: oid for name, oid in _own(saved) if refs.get(name) != oid},
        tuple(one for one in saved if one.head not in present),
    )


def remake_change_refs(git_dir: Path, lost: Mapping[RefName, ObjectId]) -> tuple[RefName, ...]:
    """Make those refs again whose object is there and that name nothing now.

    Raises:
        Damaged: what is there cannot be read.
        RepositoryBusy: another process writes to them.
    """
    actual = read_refs(git_dir)
    present = describe_objects(git_dir, frozenset(lost.values()))
    made = {name: oid for name, oid in lost.items() if oid in present and name not in actual.refs}
    if made:
        write_refs(git_dir, RefListing({**actual.refs, **made}, actual.peeled), {})
    return tuple(sorted(made))


def remake_from_metadata(archive: Archive, path: RepositoryPath) -> tuple[RefName, ...]:
    """Make every such ref of a mirror again that its metadata names, as far as that can be read. Raises as above."""
    metadata = archive.metadata(path)
    try:
        commit = main_commit(metadata)
        saved = () if commit is None else tuple(saved_commits(open_metadata(metadata, commit=commit)))
    except (Damaged, NotFound):
        return ()
    git_dir = archive.repository(path)
    return remake_change_refs(git_dir, compare_change_refs(git_dir, saved).lost)


def _own(saved: Iterable[SavedCommits]) -> Iterator[tuple[RefName, ObjectId]]:
    return ((RefName(one.ref), one.head) for one in saved if one.ref and one.ref.startswith(CHANGE_PREFIX))
