"""What moves one repository after another to a target: by pushing to it, or by having it import."""

from collections.abc import Mapping
from typing import Protocol

from matou.archive.layout import Archive
from matou.errors import Phrase
from matou.model.targets import TargetRepository
from matou.platforms.base.target import MigrationTarget
from matou.transfer.migrate.plan import Move
from matou.transfer.migrate.report import Moved


class Mover(Protocol):
    """May be used by several threads."""

    @property
    def archive(self) -> Archive: ...

    @property
    def target(self) -> MigrationTarget: ...

    @property
    def existing(self) -> Mapping[tuple[str, str], TargetRepository]:
        """What the target has, by the folded namespace and name."""

    def move(self, move: Move) -> Moved:
        """Bring a repository to its place, or up to date there; what is there is only ever added to.

        Raises:
            MatouError: it is not there, or not proven to be.
        """

    def preview(self, move: Move, existing: TargetRepository) -> Moved:
        """What would become of a repository whose place is taken; only asks.

        Raises: what `move` raises before it changes anything.
        """

    def foreseen(self, move: Move) -> tuple[Phrase, ...]:
        """What a plan tells of what was said around it, besides the counts; of nothing where only code is moved."""

    def cancel(self) -> None:
        """End what is under way, and refuse to begin anything."""
