"""What a migration did, and what it would do."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeAlias

from matou.errors import MatouError, Phrase
from matou.model.names import RefName
from matou.model.targets import TargetRepository
from matou.transfer.migrate.budget import WriteBudget
from matou.transfer.migrate.carried import CarriedKind
from matou.transfer.migrate.conversation.report import ConversationReport
from matou.transfer.migrate.inventory import Inventory
from matou.transfer.migrate.plan import Move, SkippedRepository
from matou.transfer.migrate.submodules import SubmoduleLink


class MoveOutcome(StrEnum):
    """What became of one repository."""

    PLANNED = "planned"
    MOVED = "moved"
    UNCHANGED = "unchanged"
    INCOMPLETE = "incomplete"
    FAILED = "failed"

    @property
    def is_done(self) -> bool:
        return self not in (MoveOutcome.INCOMPLETE, MoveOutcome.FAILED)


OUTCOME_NAMES: Final[Mapping[MoveOutcome, Phrase]] = {
    MoveOutcome.PLANNED: Phrase("planned"),
    MoveOutcome.MOVED: Phrase("moved"),
    MoveOutcome.UNCHANGED: Phrase("there already, the same"),
    MoveOutcome.INCOMPLETE: Phrase("moved in part"),
    MoveOutcome.FAILED: Phrase("not moved"),
}


@dataclass(frozen=True, slots=True)
class Moved:
    """One repository's part of the report.

    Attributes:
        is_new: it was created, or would be.
        clone_url: where it is now; empty where it is nowhere.
        notes: what is otherwise than it was.
        problems: why it is not there, or not in full.
        held, arrived: how many of each kind the archive has, and how many are proven to be there.
        repository: what it is at the target, with the names of the refs that are there.
        conversation: what became of what was said around it; None where nothing was, or nothing is written.
    """

    move: Move
    outcome: MoveOutcome
    is_new: bool = False
    clone_url: str = ""
    refs: int = 0
    lfs_bytes: int = 0
    notes: tuple[Phrase, ...] = ()
    problems: tuple[MatouError, ...] = ()
    submodules: tuple[SubmoduleLink, ...] = field(default=())
    held: Inventory = field(default_factory=dict)
    arrived: Inventory = field(default_factory=dict)
    repository: TargetRepository | None = None
    refs_there: frozenset[RefName] = frozenset()
    conversation: ConversationReport | None = None

    def with_conversation(self, conversation: ConversationReport) -> "Moved":
        """The same, in part where a part of what was said is not there."""
        outcome = self.outcome
        if conversation.problems:
            outcome = MoveOutcome.INCOMPLETE
        elif conversation.has_changed and outcome is MoveOutcome.UNCHANGED:
            outcome = MoveOutcome.MOVED
        return replace(self, outcome=outcome, conversation=conversation)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One `insteadOf` of git's configuration: what is written in a `.gitmodules`, and what is meant now."""

    written: str
    clone_url: str


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What a migration did.

    Attributes:
        platform: of the target, whose API is at `url`.
        account: whom the credential stands for.
        new_namespaces: those that were made, or would be.
        unmatched: what the map says of no repository of the archive.
        carried: the table: of each kind that there is any of.
        budget: what all of it takes of the target, in a dry run alone; None where the target does the work.
        page: where the report stands in the archive; None in a dry run.
        rewrites: what makes submodules of moved repositories come from where they are now; each once.
    """

    platform: str
    url: str
    account: str
    is_dry_run: bool
    new_namespaces: tuple[str, ...]
    repositories: tuple[Moved, ...]
    left_behind: tuple[SkippedRepository, ...]
    unmatched: tuple[str, ...]
    rewrites: tuple[Rewrite, ...]
    carried: tuple[CarriedKind, ...] = ()
    page: Path | None = None
    budget: WriteBudget | None = None

    @property
    def everything_is_moved(self) -> bool:
        """Something was to be moved, and all of it stands there. Never so in a dry run."""
        return bool(self.repositories) and not self.is_dry_run and self.nothing_is_wrong

    @property
    def nothing_is_wrong(self) -> bool:
        """Of what was looked at; a dry run may end so."""
        is_left = any(left.is_wanted for left in self.left_behind)
        return not is_left and all(moved.outcome.is_done for moved in self.repositories)

    @property
    def outcomes(self) -> Mapping[MoveOutcome, int]:
        counts = Counter(moved.outcome for moved in self.repositories)
        return {outcome: counts[outcome] for outcome in MoveOutcome if counts[outcome]}


Progress: TypeAlias = Callable[[str, int, int], None]
"""Told a path, how many are done, and of how many; called from several threads."""


def no_progress(_path: str, _done: int, _expected: int) -> None:
    pass
