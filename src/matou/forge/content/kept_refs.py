"""What a force-push or a deletion at the source would have lost, and the states in which runs found a repository."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from matou.archive.manifest import DamagedManifest, RepositoryLine
from matou.archive.snapshots import saved_refs
from matou.caching import SizedCache
from matou.db.repositories import Repository, RepositoryId
from matou.errors import Damaged, NotFound
from matou.forge.access import Authorized, MayReadPast
from matou.forge.content.past import EndedRun, line_at, runs_of
from matou.forge.content.references import known_refs
from matou.forge.forge import Forge
from matou.git.refs.listing import KEPT_PREFIX, read_refs
from matou.model.names import ObjectId, RefName

MOST_REMEMBERED: Final = 1_000


@dataclass(frozen=True, slots=True)
class KeptRef:
    """A tip that a run found overwritten or deleted.

    Attributes:
        ref: as it was called: `refs/heads/main`, or HEAD.
        run: the one that found it so.
        tip: what it was until then.
    """

    ref: RefName
    run: int
    tip: ObjectId


@dataclass(frozen=True, slots=True)
class LostTip:
    """A kept ref with what is known around it.

    Attributes:
        found_at: when the run began that found it so; None where its manifest does not say, as of a run that was cut
            off.
        new_tip: what the ref has been instead; None where it was deleted, or where that is not known.
        is_known: whether it is known what the ref has been instead.
        before: the last run that saved the old tip as that ref; None where none can be told.
    """

    kept: KeptRef
    found_at: datetime | None
    new_tip: ObjectId | None
    is_known: bool
    before: int | None


@dataclass(frozen=True, slots=True)
class FoundState:
    """A run that found the repository changed, and how many refs it had then."""

    run: int
    at: datetime | None
    refs: int


class KeptRefCache:
    """The kept refs of repositories, each as long as no file that says something of refs has changed."""

    def __init__(self) -> None:
        self._known: SizedCache[RepositoryId, tuple[object, Sequence[KeptRef]]] = SizedCache(MOST_REMEMBERED)

    def get(self, repository: RepositoryId, state: object) -> Sequence[KeptRef] | None:
        known_for, kept = self._known.get(repository) or (None, None)
        return kept if known_for == state else None

    def put(self, repository: RepositoryId, state: object, kept: Sequence[KeptRef]) -> None:
        self._known.put(repository, (state, kept))


def kept_refs(forge: Forge, granted: Authorized[Repository, MayReadPast]) -> Sequence[KeptRef]:
    """All that there are, the newest run first."""
    cache, state = forge.memory(KeptRefCache), known_refs(forge, granted).marks
    kept = cache.get(granted.subject.id, state)
    if kept is None:
        refs = read_refs(forge.git_dir(granted.subject)).refs
        kept = sorted(filter(None, map(_kept, refs, refs.values())), key=lambda each: (-each.run, each.ref))
        cache.put(granted.subject.id, state, kept)
    return kept


def find_lost_tip(forge: Forge, granted: Authorized[Repository, MayReadPast], kept: KeptRef) -> LostTip:
    """What runs say of it. A manifest or a snapshot that cannot be read says nothing."""
    runs = runs_of(forge, granted)
    found = next((each for each in runs if each.run >= kept.run), None)
    earlier = next((each for each in reversed(runs) if each.run < kept.run), None)
    is_known, new_tip = (False, None) if found is None else _tip(forge, granted, found.run, kept.ref)
    before = None if earlier is None or _tip(forge, granted, earlier.run, kept.ref)[1] != kept.tip else earlier.run
    at = found.started_at if found is not None and found.run == kept.run else None
    return LostTip(kept, at, new_tip, is_known, before)


def saved_states(
    forge: Forge, granted: Authorized[Repository, MayReadPast], *, before: int | None, limit: int
) -> tuple[Sequence[FoundState], int | None]:
    """The states in which runs found it, newest first, and `before` which run there are more; else None.

    Args:
        before: only of runs before that one.
    """
    runs = runs_of(forge, granted)
    states: list[FoundState] = []
    while len(states) <= limit:
        line = _newest(forge, granted, [each for each in runs if before is None or each.run < before])
        if line is None or line.saved_in is None or (before is not None and line.saved_in >= before):
            return states, None
        at = next((each.started_at for each in runs if each.run == line.saved_in), None)
        states.append(FoundState(line.saved_in, at, line.refs or 0))
        before = line.saved_in
    return states[:limit], states[limit - 1].run


def _kept(name: RefName, tip: ObjectId) -> KeptRef | None:
    number, _, rest = name.removeprefix(KEPT_PREFIX).partition("/")
    if not name.startswith(KEPT_PREFIX) or not number.isdigit() or not rest:
        return None
    return KeptRef(RefName("HEAD" if rest == "HEAD" else f"refs/{rest}"), int(number), tip)


def _tip(
    forge: Forge, granted: Authorized[Repository, MayReadPast], run: int, ref: RefName
) -> tuple[bool, ObjectId | None]:
    """Whether it can be told what a ref was as of a run, and what."""
    try:
        line = line_at(forge, granted, run)
        saved = None if line is None else saved_refs(forge.archive, line)
    except (Damaged, NotFound):
        return False, None
    if saved is None:
        return False, None
    return True, saved.detached_head if ref == "HEAD" else saved.refs.get(ref)


def _newest(
    forge: Forge, granted: Authorized[Repository, MayReadPast], runs: Sequence[EndedRun]
) -> RepositoryLine | None:
    """What the newest of these runs says whose manifest can be read."""
    for each in reversed(runs):
        try:
            return line_at(forge, granted, each.run)
        except DamagedManifest:
            continue
    return None
