"""Moves a repository as another mover does, and writes what was said around it after that."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from matou.archive.layout import Archive
from matou.errors import Phrase
from matou.model.fidelity import MigratedKind
from matou.model.platform import Visibility
from matou.model.targets import TargetRepository
from matou.platforms.base.target import MigrationTarget
from matou.transfer.migrate.conversation.conversations import Conversations
from matou.transfer.migrate.conversation.migration import CLOSED_CHANGES, PROJECT_ISSUES, RELEASE_DRAFTS
from matou.transfer.migrate.conversation.report import ConversationReport
from matou.transfer.migrate.conversation.wiki_writer import PAGE
from matou.transfer.migrate.inventory import code_inventory
from matou.transfer.migrate.mover import Mover
from matou.transfer.migrate.plan import Move
from matou.transfer.migrate.report import Moved

_LINES: Final[Mapping[str, MigratedKind]] = {
    "issue": MigratedKind.ISSUE,
    PROJECT_ISSUES: MigratedKind.PROJECT_ISSUE,
    "change": MigratedKind.OPEN_CHANGE,
    CLOSED_CHANGES: MigratedKind.CLOSED_CHANGE,
    "issue-comment": MigratedKind.COMMENT,
    "change-comment": MigratedKind.COMMENT,
    "change-review": MigratedKind.REVIEW,
    "change-thread": MigratedKind.LINE_COMMENT,
    "release": MigratedKind.RELEASE,
    RELEASE_DRAFTS: MigratedKind.RELEASE_DRAFT,
    "asset": MigratedKind.ASSET,
    "file": MigratedKind.ATTACHMENT,
    PAGE: MigratedKind.PROJECT_WIKI,
}


@dataclass(frozen=True, slots=True)
class ConversationMover:
    """See `Mover`."""

    mover: Mover
    conversations: Conversations

    @property
    def archive(self) -> Archive:
        return self.mover.archive

    @property
    def target(self) -> MigrationTarget:
        return self.mover.target

    @property
    def existing(self) -> Mapping[tuple[str, str], TargetRepository]:
        return self.mover.existing

    def move(self, move: Move) -> Moved:
        """Whatever of the code is missing, what was said is of use."""
        moved = self.mover.move(move)
        if moved.repository is None:
            return moved
        is_private = move.visibility is Visibility.PRIVATE
        report = self.conversations.write(move, moved.repository, moved.refs_there, is_private=is_private)
        if report is None:
            return moved
        code = {} if moved.problems else code_inventory(move.candidate.line)
        arrived = Counter(code) + Counter(_arrived(report))
        return replace(moved.with_conversation(report), arrived=arrived)

    def preview(self, move: Move, existing: TargetRepository) -> Moved:
        return self.mover.preview(move, existing)

    def foreseen(self, move: Move) -> tuple[Phrase, ...]:
        return (*self.mover.foreseen(move), *self.conversations.foreseen(move))

    def cancel(self) -> None:
        self.mover.cancel()


def _arrived(report: ConversationReport) -> dict[MigratedKind, int]:
    """Of each kind what is there, whenever it was written; those whose rows are counted otherwise are left out."""
    arrived = Counter[MigratedKind]()
    for kind, count in report.there.items():
        if kind in _LINES:
            arrived[_LINES[kind]] += count
    arrived[MigratedKind.LABEL] = report.written["label"] + report.unchanged["label"]
    arrived[MigratedKind.MILESTONE] = report.written["milestone"] + report.unchanged["milestone"]
    return arrived
