"""Moves one repository: made at the target, filled, and compared with the archive ref for ref."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matou.archive.layout import Archive
from matou.archive.manifest import RepositoryLine
from matou.errors import Conflict, Damaged, Invalid, MatouError, Phrase, Plural, TryLater
from matou.git.odb.objects import open_repository
from matou.git.operations.history import is_ancestor
from matou.git.operations.push import Pusher, PushFailed, RefAdvertisement
from matou.git.refs.listing import fault_of_short_name
from matou.git.wire.transport import GitTransport, list_refs
from matou.model.names import ObjectId, RefName, RepositoryPath, folded
from matou.model.platform import Visibility
from matou.model.refs import RefChange, RefListing
from matou.model.targets import NewTargetRepository, TargetRepository
from matou.platforms.base.target import MigrationTarget
from matou.transfer.common.transports import TargetTransports
from matou.transfer.migrate.lfs import LfsMigration
from matou.transfer.migrate.mapping import TargetPath
from matou.transfer.migrate.plan import Move
from matou.transfer.migrate.refs import (
    CODE,
    HEADS,
    NOTES,
    Refs,
    below,
    listing_to_move,
    notes_on_refs,
    refs_only_at_target,
    require_whole_history,
)
from matou.transfer.migrate.report import Moved, MoveOutcome
from matou.transfer.migrate.submodules import find_submodules


class DivergedHistory(Conflict):
    """The target has a repository of that name with something in it that the archive does not have."""


class NotVerified(Damaged):
    """After a push the target does not show what was sent."""


class TargetTooVisible(Conflict):
    """The target has an empty repository of that name which more people may see than the one in the archive."""


class UnwritableBranch(Invalid):
    """The name of the default branch is not UTF-8, as what an API is told must be."""


class RefsNotMigrated(MatouError):
    """Refs that the target refuses for their names; all others are there."""


OPENNESS: Final = {Visibility.PRIVATE: 0, Visibility.INTERNAL: 1, Visibility.PUBLIC: 2}


@dataclass(frozen=True, slots=True)
class RepositoryMover:
    """Moves repositories to one target. May be used by several threads.

    Attributes:
        git: one for all repositories, so that a credential that is refused is not shown again and again.
        existing: what the target has, by the folded namespace and name.
    """

    archive: Archive
    target: MigrationTarget
    connections: TargetTransports
    git: GitTransport
    pusher: Pusher
    existing: Mapping[tuple[str, str], TargetRepository]

    def move(self, move: Move) -> Moved:
        """Bring a repository to its place, or up to date there; what is there is only ever added to.

        Raises:
            DivergedHistory: the target has something else at that place; nothing was changed.
            MatouError: it is not there, or not proven to be.
        """
        line = move.candidate.line
        listing, refs = listing_to_move(self.archive, line)
        require_whole_history(self.archive, line, refs)
        existing = self.existing.get(target_key(move.target_path))
        repository, is_new = (existing, False) if existing else self._create(move)
        return RepositoryMigration(self, line, listing, refs, repository).fill(move, is_new=is_new)

    def foreseen(self, _move: Move) -> tuple[Phrase, ...]:
        return ()

    def cancel(self) -> None:
        """End what is under way, and refuse to begin anything."""
        self.connections.cancel()
        self.pusher.cancel()

    def preview(self, move: Move, existing: TargetRepository) -> Moved:
        """What would become of a repository whose place is taken; only asks.

        Raises: what `move` raises before it sends anything.
        """
        listing, refs = listing_to_move(self.archive, move.candidate.line)
        require_whole_history(self.archive, move.candidate.line, refs)
        return RepositoryMigration(self, move.candidate.line, listing, refs, existing).preview(move)

    def _create(self, move: Move) -> tuple[TargetRepository, bool]:
        """The new repository, and whether it is surely empty."""
        path = move.target_path
        new = NewTargetRepository(path.namespace, path.name, move.candidate.line.description, move.visibility)
        return make_or_find(self.target, new)


def make_or_find(target: MigrationTarget, new: NewTargetRepository) -> tuple[TargetRepository, bool]:
    """The new repository, and whether it is surely empty."""
    try:
        return target.create(new), True
    except Conflict:
        # An answer that did not reach us, or somebody was faster: what is there is looked at like anything else.
        for repository in target.repositories(new.namespace):
            if folded(repository.name) == folded(new.name):
                return repository, False
        raise


@dataclass(frozen=True, slots=True)
class RepositoryMigration:
    mover: RepositoryMover
    line: RepositoryLine
    listing: RefListing
    refs: Refs
    repository: TargetRepository

    def fill(self, move: Move, *, is_new: bool) -> Moved:
        before, offer = self._look(is_new=is_new)
        missing, left_there = self._compare(move, before, is_new=is_new)
        problems: list[MatouError] = []
        lfs_bytes = self._send_lfs_objects(problems.append, all_refs_are_there=not missing) if self.line.lfs else 0
        after = self._push(missing, before, offer, problems.append)
        self._set_head(after, problems.append)
        self._set_visibility(move, problems.append, is_new=is_new)
        changed = is_new or bool(missing) or bool(lfs_bytes)
        outcome = MoveOutcome.MOVED if changed else MoveOutcome.UNCHANGED
        return Moved(
            move,
            MoveOutcome.INCOMPLETE if problems else outcome,
            is_new=is_new,
            clone_url=self.repository.clone_url,
            refs=len(missing),
            lfs_bytes=lfs_bytes,
            notes=(*self._notes(move, is_new=is_new), *notes_on_refs(self.listing, self.refs, left_there, self.line)),
            problems=tuple(problems),
            submodules=find_submodules(self._git_dir, below(self.refs, (HEADS,)).values()) if self.refs else (),
            repository=self.repository,
            refs_there=frozenset(after.refs),
        )

    def preview(self, move: Move) -> Moved:
        missing, left_there = self._compare(move, self._list(), is_new=False)
        return Moved(
            move,
            MoveOutcome.PLANNED,
            clone_url=self.repository.clone_url,
            refs=len(missing),
            notes=(*self._notes(move, is_new=False), *notes_on_refs(self.listing, self.refs, left_there, self.line)),
        )

    def _compare(self, move: Move, before: RefListing, *, is_new: bool) -> tuple[Refs, Sequence[RefName]]:
        """The refs that are to be sent, and those that are there alone. Raises DivergedHistory, TargetTooVisible."""
        self._require_hidden(move, before, is_new=is_new)
        missing = {name: oid for name, oid in self.refs.items() if before.refs.get(name) != oid}
        left_there = refs_only_at_target(self.refs, before)
        if missing or left_there:
            self._require_own_history(before, missing, left_there)
        return missing, left_there

    @property
    def _git_dir(self) -> Path:
        return self.mover.archive.repository(RepositoryPath.parse(self.line.path))

    @property
    def _head(self) -> RefName:
        return self.listing.head or RefName(f"{HEADS}{self.line.default_branch}")

    def _look(self, *, is_new: bool) -> tuple[RefListing, RefAdvertisement | None]:
        """What is there. Of what was just made, and surely is to be filled, one question tells all."""
        if not is_new:
            return self._list(), None
        offer = self.mover.pusher.ask(self.repository.clone_url)
        return offer.listing, offer

    def _list(self) -> RefListing:
        return list_refs(self.mover.git, self.repository.clone_url)

    def _require_hidden(self, move: Move, there: RefListing, *, is_new: bool) -> None:
        """Nothing goes where more people would see it than see it now; who opened what was moved meant to.

        Raises:
            TargetTooVisible: what is there is empty, so nobody opened it for this.
            MatouError: the platform made it more open than it was told to, and does not change that.
        """
        if not self.refs or OPENNESS[self.repository.visibility] <= OPENNESS[move.visibility]:
            return
        if is_new:
            self.mover.target.set_visibility(self.repository, move.visibility)
        elif there.is_empty:
            raise TargetTooVisible(
                "the target has an empty repository there which is {there}, and this one is {wanted}: nothing was sent",
                there=self.repository.visibility.value,
                wanted=move.visibility.value,
                advice="make what is there as it should be, or give this repository another place with --map FILE",
            )

    def _require_own_history(self, there: RefListing, missing: Refs, left_there: Sequence[RefName]) -> None:
        """Raises DivergedHistory where a push would not be pure addition."""
        changed = [name for name in missing if name in there.refs]
        unknown = self._unknown([*changed, *left_there], there)
        strange = [*unknown, *(name for name in changed if name not in unknown and self._loses(name, there))]
        if strange:
            raise DivergedHistory(
                Plural(
                    "{count} of the target's refs is not what the archive has, {ref}: nothing was sent",
                    "{count} of the target's refs are not what the archive has, {ref} for one: nothing was sent",
                    count=len(strange),
                    ref=repr(min(strange)),
                ),
                advice="give this repository another place with --map FILE, or look at what is there first",
            )

    def _unknown(self, names: Sequence[RefName], there: RefListing) -> frozenset[RefName]:
        """Refs whose objects the archive has never seen."""
        if not names:
            return frozenset()
        own = open_repository(self._git_dir) if self._git_dir.is_dir() else None
        return frozenset(name for name in names if own is None or there.refs[name] not in own)

    def _loses(self, name: RefName, there: RefListing) -> bool:
        """Whether a ref, to become what the archive has, would have to let go of something."""
        return not name.startswith(HEADS) or not is_ancestor(self._git_dir, there.refs[name], self.refs[name])

    def _send_lfs_objects(self, note: Callable[[MatouError], None], *, all_refs_are_there: bool) -> int:
        uploads = self.mover.connections.lfs(self.repository.clone_url, self.mover.target.git_credential())
        migration = LfsMigration(self.mover.archive, self.line, uploads)
        return migration.send(self.refs, note, all_refs_are_there=all_refs_are_there)

    def _push(
        self, missing: Refs, before: RefListing, offer: RefAdvertisement | None, note: Callable[[MatouError], None]
    ) -> RefListing:
        """Send what is missing, and prove it; a ref that is refused for its name keeps no other one away.

        Notes are tried on their own, since not every platform takes them, and so are names that mean something else to
        git: some servers refuse all of a push for one of them.

        Raises:
            PushFailed: the target takes no branch or tag.
            NotVerified: the target says that it took one, and does not show it.
        """
        if not missing:
            return before
        offer = offer or self.mover.pusher.ask(self.repository.clone_url)
        code = below(missing, CODE)
        plain = {name: oid for name, oid in code.items() if fault_of_short_name(name.split("/", 2)[2]) is None}
        left = self._send(plain, before, offer, note)
        for some in (dict(code.items() - plain.items()), below(missing, (NOTES,))):
            try:
                left |= self._send(some, before, offer, note)
            except MatouError as error:
                note(error)
                left |= some.keys()
        after = self._list()
        expected = below(self.refs, (*CODE, NOTES))
        self._require(after, {name: oid for name, oid in expected.items() if name not in left})
        return after

    def _send(
        self, refs: Refs, before: RefListing, offer: RefAdvertisement, note: Callable[[MatouError], None]
    ) -> frozenset[RefName]:
        """Send refs, and say which of them the target does not take.

        Raises:
            PushFailed: it takes none of them.
        """
        waiting, left = dict(refs), frozenset[RefName]()
        while waiting:
            try:
                self._push_all(waiting, before, offer)
            except PushFailed as failure:
                refused = {name: reason for name, reason in failure.refused.items() if name in waiting}
                after = self._list()
                there = after.refs
                # What somebody has pushed meanwhile was not compared with anything: then all stays as it is.
                was_moved = any(there.get(name) not in (before.refs.get(name), oid) for name, oid in waiting.items())
                if was_moved or not refused or len(refused) == len(waiting):
                    raise
                note(_refused(refused))
                left |= refused.keys()
                before = after
                waiting = {name: oid for name, oid in waiting.items() if name not in refused and there.get(name) != oid}
            else:
                break
        return left

    def _push_all(self, refs: Refs, before: RefListing, offer: RefAdvertisement) -> None:
        """The default branch goes first: there are platforms that take the first one for it."""
        names = sorted(refs, key=lambda name: (name != self._head, name))
        changes = [RefChange(name, before.refs.get(name), refs[name]) for name in names]
        haves = self._known_here(before)
        try:
            self.mover.pusher.push(self._git_dir, self.repository.clone_url, changes, offer, haves=haves)
        except (PushFailed, TryLater):
            # Said of a second attempt, perhaps, where the first one arrived and its answer did not.
            there = self._list().refs
            if any(there.get(name) != oid for name, oid in refs.items()):
                raise

    def _known_here(self, there: RefListing) -> frozenset[ObjectId]:
        """What the target has and we have too, from which what it lacks is told."""
        if there.is_empty:
            return frozenset()
        own = open_repository(self._git_dir)
        return frozenset(oid for oid in there.object_ids() if oid in own)

    def _require(self, after: RefListing, expected: Refs) -> None:
        different = [name for name, oid in expected.items() if after.refs.get(name) != oid]
        if different:
            raise NotVerified(
                Plural(
                    "after the push {count} ref at the target is not what the archive has: {ref}",
                    "after the push {count} refs at the target are not what the archive has, {ref} for one",
                    count=len(different),
                    ref=repr(min(different)),
                )
            )

    def _set_head(self, there: RefListing, note: Callable[[MatouError], None]) -> None:
        head = self._head
        if head not in self.refs or head not in there.refs or there.head == head or not head.startswith(HEADS):
            return
        try:
            self.mover.target.set_default_branch(self.repository, _written(head.removeprefix(HEADS)))
        except MatouError as error:
            note(error)

    def _set_visibility(self, move: Move, note: Callable[[MatouError], None], *, is_new: bool) -> None:
        """Once its content is there. What somebody made of it since is theirs to change."""
        if not is_new or self.repository.visibility is move.visibility:
            return
        try:
            self.mover.target.set_visibility(self.repository, move.visibility)
        except MatouError as error:
            note(error)

    def _notes(self, move: Move, *, is_new: bool) -> Iterator[Phrase]:
        yield from move.notes
        there = self.repository.visibility
        if not is_new and there is not move.visibility:
            yield Phrase(
                "it is {there} at the target, not {wanted}: that is left as it is",
                there=there.value,
                wanted=move.visibility.value,
            )


def _refused(reasons: Mapping[RefName, str]) -> RefsNotMigrated:
    first = min(reasons)
    return RefsNotMigrated(
        Plural(
            "the target does not take {count} ref, {ref}: {reason}",
            "the target does not take {count} refs, {ref} for one: {reason}",
            count=len(reasons),
            ref=repr(first),
            reason=reasons[first],
        )
    )


def target_key(path: TargetPath) -> tuple[str, str]:
    return folded(path.namespace), folded(path.name)


def _written(branch: str) -> str:
    """Raises UnwritableBranch."""
    try:
        branch.encode()
    except UnicodeEncodeError as error:
        raise UnwritableBranch(
            "{branch} should be the default branch, and cannot be: its name is not UTF-8", branch=repr(branch)
        ) from error
    return branch
