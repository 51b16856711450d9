"""What a run saved and changed, repository by repository: its manifest beside the one before it."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from matou.archive.layout import Archive
from matou.archive.manifest import DamagedManifest, Outcome, RepositoryLine, read_manifest, read_run_line
from matou.archive.run_history import checked_lines, manifest_of, manifests_of, source_key
from matou.archive.snapshots import saved_refs
from matou.errors import Damaged, NotFound
from matou.model.refs import RefChange

_FETCHED = frozenset({Outcome.SAVED, Outcome.INCOMPLETE})


@dataclass(frozen=True, slots=True)
class RepositoryChange:
    """A repository that a run fetched.

    Attributes:
        line: what the manifest says of it.
        is_new: nothing was saved of it before.
        refs: what changed, by name; empty for one that is new, all of whose refs are, and where the state before
            cannot be read.
    """

    line: RepositoryLine
    is_new: bool
    refs: tuple[RefChange, ...]


def changes_of_run(archive: Archive, run: int) -> Iterator[RepositoryChange]:
    """Those that the run saved, whole or in part, in the manifest's order.

    Raises:
        NoSuchRun: there is no such run that ended.
        DamagedManifest: its manifest is not what was written.
    """
    path = manifest_of(archive, run)
    before = saved_before(archive, run)
    for line in checked_lines(path):
        if isinstance(line, RepositoryLine) and line.outcome in _FETCHED:
            yield change_of(archive, before.get(line.id), line)


def change_of(archive: Archive, before: RepositoryLine | None, line: RepositoryLine) -> RepositoryChange:
    """What became of a repository between two of its lines; `before` as `saved_before` gives it."""
    return RepositoryChange(line, before is None, _changed_refs(archive, before, line))


def saved_before(archive: Archive, run: int) -> Mapping[str, RepositoryLine]:
    """The lines of the last run of the same source that ended before this one; those of which something was saved.

    A manifest that cannot be read is passed over, as the run passed it over.

    Raises:
        NoSuchRun, DamagedManifest: of this run itself.
    """
    path = manifest_of(archive, run)
    for manifest in manifests_of(archive, source_key(read_run_line(path).source), before=run):
        with contextlib.suppress(DamagedManifest):
            lines = [line for line in read_manifest(manifest) if isinstance(line, RepositoryLine)]
            return {line.id: line for line in lines if line.snapshot is not None}
    return {}


def _changed_refs(archive: Archive, before: RepositoryLine | None, after: RepositoryLine) -> tuple[RefChange, ...]:
    if before is None or before.snapshot == after.snapshot:
        return ()
    try:
        old, new = saved_refs(archive, before), saved_refs(archive, after)
    except (Damaged, NotFound):
        return ()  # `verify` tells of it
    if old is None or new is None:
        return ()
    names = sorted(old.refs.keys() | new.refs.keys())
    return tuple(
        RefChange(name, old.refs.get(name), new.refs.get(name))
        for name in names
        if old.refs.get(name) != new.refs.get(name)
    )
