"""Has a target import one repository from here, and proves what came: refs, items, comments, files."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from matou.archive.layout import Archive
from matou.archive.manifest import RepositoryLine
from matou.archive.path_registry import PathOwner
from matou.errors import Conflict, Damaged, MatouError, Phrase, Plural, TryLater
from matou.git.wire.transport import list_refs
from matou.model.fidelity import MigratedKind
from matou.model.names import NamespacePath, RepositoryPath
from matou.model.targets import TargetRepository
from matou.platforms.base.importer import (
    ImportingTarget,
    RepositoryImport,
    TargetImportFailed,
    TargetImportRefused,
)
from matou.transfer.migrate.holdings import code_of
from matou.transfer.migrate.inventory import Carriable, metadata_of, of_project
from matou.transfer.migrate.people import People
from matou.transfer.migrate.plan import Move
from matou.transfer.migrate.pull.begun_imports import BegunImports
from matou.transfer.migrate.pull.files_at_source import files_left_at_source
from matou.transfer.migrate.pull.proof import ConversationComparison, ConversationProof, assignments
from matou.transfer.migrate.pull.read_back import TargetReader
from matou.transfer.migrate.pull.served import ServedArchive
from matou.transfer.migrate.refs import CODE, HEADS, TAGS, below, listing_to_move, require_whole_history
from matou.transfer.migrate.report import Moved, MoveOutcome
from matou.transfer.migrate.repository import OPENNESS, RepositoryMigration, RepositoryMover, target_key

LOOK_EVERY: Final = timedelta(seconds=5)
LOOK_FOR: Final = timedelta(hours=6)
"""How often, and how long, a target is looked at whose answer did not come."""

LOOKS_WITHOUT_CHANGE: Final = 6
"""After so many that showed the same, it is taken for ended."""

MOST_DIFFERENCES: Final = 20
"""How many are told of one repository; the others are counted."""


class NotThereAsSaved(Damaged):
    """After an import the target does not show what the archive has."""


class EmptyRepositoryThere(Conflict):
    """The target has an empty repository there, into which no importer imports."""


class ImportUnfinished(TryLater):
    """The target was at work for longer than anybody waits."""


@dataclass(frozen=True, slots=True)
class Pulling:
    """What it takes to have a target import by itself.

    Attributes:
        target: to which it is said.
        served: None where nothing is to be imported: in a dry run.
        pause: waits so many seconds; raises Cancelled.
    """

    target: ImportingTarget
    served: ServedArchive | None
    reader: TargetReader
    pause: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class PullMover:
    """Moves repositories by the target's own importer. May be used by several threads.

    Attributes:
        pushing: compares refs, and sends what an importer leaves: notes, LFS objects, and what came to the archive
            since the import.
        people: whom somebody is at the target.
        wikis: those that come with their repositories, by whose they are.
    """

    pulling: Pulling
    pushing: RepositoryMover
    account: str
    people: People
    wikis: Mapping[PathOwner, RepositoryLine]

    @property
    def archive(self) -> Archive:
        return self.pushing.archive

    @property
    def target(self) -> ImportingTarget:
        return self.pulling.target

    @property
    def existing(self) -> Mapping[tuple[str, str], TargetRepository]:
        return self.pushing.existing

    def foreseen(self, move: Move) -> tuple[Phrase, ...]:
        try:
            tree = metadata_of(self.archive, move.candidate.line)
        except Damaged:  # told where it is compared
            return ()
        return () if tree is None else tuple(files_left_at_source(tree, self._which(move)))

    def cancel(self) -> None:
        self.pushing.cancel()

    def move(self, move: Move) -> Moved:
        """Have it imported, or prove what was imported before; what is there is only ever added to.

        Raises:
            DivergedHistory, EmptyRepositoryThere: the target has something else at that place; nothing was changed.
            MatouError: it is not there, or not proven to be.
        """
        existing = self.existing.get(target_key(move.target_path))
        if existing is not None:
            self._require_not_empty(move, existing)
            moved = _without_code(move, existing) if move.candidate.is_project else self.pushing.move(move)
            return self._proven(moved, move, existing)
        line = move.candidate.line
        listing, refs = listing_to_move(self.archive, line)
        require_whole_history(self.archive, line, refs)
        repository = self._import(move)
        if OPENNESS[repository.visibility] > OPENNESS[move.visibility]:
            self.target.set_visibility(repository, move.visibility)
        moved = RepositoryMigration(self.pushing, line, listing, refs, repository).fill(move, is_new=False)
        done = MoveOutcome.INCOMPLETE if moved.problems else MoveOutcome.MOVED
        notes = (*moved.notes, *self.foreseen(move))
        moved = replace(moved, is_new=True, outcome=done, refs=len(below(refs, CODE)), notes=notes)
        return self._assigned(self._proven(moved, move, repository), move, repository)

    def preview(self, move: Move, existing: TargetRepository) -> Moved:
        """Raises: what `move` raises before it changes anything."""
        self._require_not_empty(move, existing)
        if move.candidate.is_project:
            foreseen = replace(_without_code(move, existing), outcome=MoveOutcome.PLANNED)
        else:
            foreseen = self.pushing.preview(move, existing)
        return self._proven(foreseen, move, existing)

    def _which(self, move: Move) -> Carriable:
        """What is confidential does not go where everybody sees it."""
        return Carriable.at(move.visibility)

    def _require_not_empty(self, move: Move, existing: TargetRepository) -> None:
        """Raises EmptyRepositoryThere."""
        if move.candidate.line.snapshot is not None and list_refs(self.pushing.git, existing.clone_url).is_empty:
            raise EmptyRepositoryThere(
                "the target has an empty repository there, and an importer makes its own: nothing was changed",
                advice="delete it there, give this repository another place with --map FILE, or use --by git",
            )

    def _import(self, move: Move) -> TargetRepository:
        path, line = move.target_path, move.candidate.line
        source = NamespacePath.parse(line.path) if move.candidate.is_project else RepositoryPath.parse(line.path)
        served = self.pulling.served
        if served is None:
            raise ValueError("a dry run imports nothing")
        wiki = self.wikis.get(move.candidate.owner)
        paths = (source, *([RepositoryPath.parse(wiki.path)] if wiki else []))
        token = served.grant(paths, confidential=self._which(move).confidential)
        self._begun.begin(path)
        try:
            wanted = RepositoryImport(
                namespace=path.namespace,
                name=path.name,
                description=line.description,
                visibility=move.visibility,
                address=served.address_of(source),
                token=token,
                has_lfs=bool(line.lfs and line.lfs.objects),
            )
            repository = self.target.start_import(wanted) or self._watched(move)
        except (Conflict, TargetImportFailed, TargetImportRefused):
            self._begun.end(path)
            raise
        finally:
            served.revoke(token)
        self._begun.end(path)
        return repository

    @property
    def _begun(self) -> BegunImports:
        return BegunImports.at(self.archive, self.target.platform, self.target.url)

    def _watched(self, move: Move) -> TargetRepository:
        """Look until all is there, or nothing more comes.

        Raises:
            TargetImportFailed: it is there no more.
            ImportUnfinished: it takes longer than anybody waits.
        """
        path, before, still = move.target_path, None, 0
        for _ in range(LOOK_FOR // LOOK_EVERY):
            self.pulling.pause(LOOK_EVERY.total_seconds())
            repository = self.target.find(path.namespace, path.name)
            if repository is None:
                raise TargetImportFailed("the import ended, and nothing is there: {fault}", fault=path)
            found = self._seen(move, repository)
            still = still + 1 if found is not None and found == before else 0
            if found is not None and (not found.differences or still >= LOOKS_WITHOUT_CHANGE):
                return repository
            before = found
        raise ImportUnfinished(
            "the target is at work on it still", advice="run this again later: what came is proven then"
        )

    def _seen(self, move: Move, repository: TargetRepository) -> ConversationProof | None:
        """None while nothing can be read, or the code is not there."""
        try:
            there = list_refs(self.pushing.git, repository.clone_url).refs
            refs = below(listing_to_move(self.archive, move.candidate.line)[1], CODE)
            return (
                self._compared(move, repository) if all(there.get(name) == oid for name, oid in refs.items()) else None
            )
        except MatouError:
            return None

    def _proven(self, moved: Moved, move: Move, repository: TargetRepository) -> Moved:
        """The same with what the target shows of what was said, and of the wiki."""
        proof, is_project = self._compared(move, repository), move.candidate.is_project
        if is_project and not moved.is_new and proof.differences and not any(proof.arrived.values()):
            raise EmptyRepositoryThere(
                "the target has a repository there that has nothing of this project, and an importer makes its own:"
                " nothing was changed",
                advice="delete it there, or give the project's issues another place with --map FILE",
            )
        faults = [*moved.problems, *map(NotThereAsSaved, proof.differences[:MOST_DIFFERENCES])]
        if len(proof.differences) > MOST_DIFFERENCES:
            more = len(proof.differences) - MOST_DIFFERENCES
            faults.append(NotThereAsSaved(Plural("{count} more of that kind", "{count} more of that kind", count=more)))
        arrived = Counter(of_project(proof.arrived) if is_project else proof.arrived)
        if not moved.problems:
            arrived.update(code_of(move.candidate))
        faults.extend(self._wiki_faults(move, repository, arrived))
        outcome = moved.outcome
        if faults and outcome is not MoveOutcome.PLANNED:
            outcome = MoveOutcome.INCOMPLETE
        notes = (*moved.notes, *self._advice(proof, moved, move), *_notes(proof, is_new=moved.is_new))
        return replace(moved, outcome=outcome, problems=tuple(faults), notes=notes, arrived=arrived)

    def _advice(self, proof: ConversationProof, moved: Moved, move: Move) -> Iterator[Phrase]:
        """What to do about a repository that was there before and lacks something."""
        if moved.is_new:
            return
        since, place = self._begun.cut_off_since(move.target_path), moved.clone_url.removesuffix(".git")
        if not proof.differences:
            if since is not None and moved.outcome is not MoveOutcome.PLANNED:
                self._begun.end(move.target_path)
        elif since is None:
            yield Phrase(
                "what is missing no import adds: either write it at {place} yourself or, where nobody has worked since,"
                " delete the repository there and run this again, which imports all of it anew",
                place=place,
            )
        elif proof.strangers:
            yield Phrase(
                "the import of {at} was cut off, no target goes on with one, and somebody has written there since:"
                " keep what they wrote, delete the repository there, {place}, and run this again, which imports all of"
                " it anew",
                at=f"{since:%Y-%m-%d %H:%M} UTC",
                place=place,
            )
        else:
            yield Phrase(
                "the import of {at} was cut off, and no target goes on with one: delete the repository there, {place},"
                " on its page of settings, and run this again, which imports all of it anew",
                at=f"{since:%Y-%m-%d %H:%M} UTC",
                place=place,
            )

    def _assigned(self, moved: Moved, move: Move, repository: TargetRepository) -> Moved:
        """The same once those are assigned who are known there: once, for what somebody changes there is theirs."""
        tree = metadata_of(self.archive, move.candidate.line) if self.people else None
        if tree is None:
            return moved
        platform, faults = move.candidate.owner.platform, list(moved.problems)
        arrived = Counter(moved.arrived)
        for number, keys in assignments(tree, self._which(move)):
            names = [name for key in keys if (name := self.people.get(f"{platform}:{key}"))]
            try:
                if names:
                    self.target.assign(repository, number, names)
                    arrived[MigratedKind.ASSIGNEE] += len(names)
            except MatouError as fault:
                faults.append(fault)
        outcome = MoveOutcome.INCOMPLETE if faults else moved.outcome
        return replace(moved, problems=tuple(faults), outcome=outcome, arrived=arrived)

    def _compared(self, move: Move, repository: TargetRepository) -> ConversationProof:
        """Raises MatouError: the target could not be read to the end, which proves nothing."""
        expected = metadata_of(self.archive, move.candidate.line)
        if expected is None:
            return ConversationProof({}, ())
        with self.pulling.reader.read(repository) as (found, faults):
            for fault in faults:
                raise fault
            return ConversationComparison(
                expected, found, self._which(move), self._tags(move), self.account, self._known(move)
            ).compare()

    def _known(self, move: Move) -> Mapping[str, str]:
        start = f"{move.candidate.owner.platform}:"
        return {key.removeprefix(start): name for key, name in self.people.items() if key.startswith(start)}

    def _tags(self, move: Move) -> frozenset[str]:
        refs = below(listing_to_move(self.archive, move.candidate.line)[1], (TAGS,))
        return frozenset(name.removeprefix(TAGS) for name in refs)

    def _wiki_faults(
        self, move: Move, repository: TargetRepository, arrived: Counter[MigratedKind]
    ) -> Iterator[MatouError]:
        wiki = self.wikis.get(move.candidate.owner)
        if wiki is None:
            return
        expected = below(listing_to_move(self.archive, wiki)[1], (HEADS,))
        try:
            there = list_refs(self.pushing.git, f"{repository.clone_url.removesuffix('.git')}.wiki.git").refs
        except MatouError as fault:
            yield _wiki_is_missing(fault)
            return
        # Which branch a wiki has, the target decides.
        if set(expected.values()) <= set(there.values()):
            arrived[MigratedKind.WIKI] += 1
        else:
            yield _wiki_is_missing(None)


def _without_code(move: Move, existing: TargetRepository) -> Moved:
    """A project's, which is there: whatever somebody pushed into it is theirs."""
    return Moved(move, MoveOutcome.UNCHANGED, clone_url=existing.clone_url, notes=move.notes, repository=existing)


def _wiki_is_missing(fault: MatouError | None) -> MatouError:
    reason = fault.fact if fault else Phrase("it has other commits, or none")
    return NotThereAsSaved(
        "the wiki is not there as it was saved: {reason}",
        reason=reason,
        advice="older servers import no wiki whose branch is not called master: push it there yourself",
    )


def _notes(proof: ConversationProof, *, is_new: bool) -> Iterator[Phrase]:
    """What is new is assigned after this."""
    if proof.unassigned and not is_new:
        yield Plural(
            "{count} assignment is not there, and no later run makes it: assign it there yourself",
            "{count} assignments are not there, and no later run makes them: assign them there yourself",
            count=proof.unassigned,
        )
    if proof.tagless:
        yield Plural(
            "{count} release stays in the archive, since its tag is gone",
            "{count} releases stay in the archive, since their tags are gone",
            count=proof.tagless,
        )
    if proof.strangers:
        yield Plural(
            "{count} comment is there that the archive does not have",
            "{count} comments are there that the archive does not have",
            count=proof.strangers,
        )
