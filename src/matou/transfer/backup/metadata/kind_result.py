"""What came of reading one kind, until it stands in the manifest."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from matou.archive.manifest import KindState, ReadState
from matou.archive.metadata import MetadataCommit
from matou.errors import MatouError, Refused
from matou.model.metadata.kinds import MetadataKind

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""No platform is older."""


@dataclass(slots=True)
class Checkpoint:
    """From when on the next run asks: the latest change in a list, if that was read to its end.

    Attributes:
        before: what the last manifest says.
        until: when this run began: a change that claims to be of a later time, as some that were imported do, must not
            keep the next run from asking for all that happens until then.
        latest: the latest change that came.
        covers_all: all of the list was asked for, and not only what has changed.
        is_held: something of it is not saved.
    """

    before: datetime | None
    until: datetime
    latest: datetime | None = None
    covers_all: bool = False
    is_held: bool = False

    def __post_init__(self) -> None:
        """What an earlier run believed of such a time is brought to where times are; one of year 1 has none before."""
        if self.before is not None:
            self.before = max(EARLIEST, min(self.before, self.until))

    def saw(self, moment: datetime | None) -> None:
        if moment is not None and (self.latest is None or moment > self.latest):
            self.latest = min(moment, self.until)

    def hold(self) -> None:
        """Something of the list is not saved: the next run asks for it again."""
        self.is_held = True

    def hold_all(self) -> None:
        """What is not saved may have changed before all that was asked for: the next run asks for everything."""
        self.is_held = self.covers_all = True

    def after(self) -> datetime | None:
        if self.is_held:
            return None if self.covers_all else self.before
        return max((moment for moment in (self.before, self.latest) if moment is not None), default=None)


@dataclass(slots=True)
class KindResult:
    """Of one kind.

    Attributes:
        faults: why it is not complete; the first says it in the manifest.
        is_refused: whether all of them, where there is any, are refusals: asking again will not help.
        unseen: why no program can have it; `is_switched_off` where that is as its owner wants it.
    """

    kind: MetadataKind
    items: Checkpoint
    comments: Checkpoint
    faults: list[MatouError] = field(default_factory=list)
    is_refused: bool = True
    unseen: MatouError | None = None
    is_switched_off: bool = False
    is_off: bool = False

    @classmethod
    def of(cls, kind: MetadataKind, before: KindState | None, began_at: datetime) -> "KindResult":
        return cls(
            kind,
            Checkpoint(before.since if before else None, began_at),
            Checkpoint(before.comments_since if before else None, began_at),
        )

    def failed(self, fault: MatouError) -> None:
        """Note why something of it was not read, so that the next run asks for it again."""
        self.items.hold()
        self.is_refused &= isinstance(fault, Refused)
        if not self.faults:
            self.faults.append(fault)

    @property
    def state(self) -> ReadState:
        if self.unseen is not None:
            return ReadState.UNSEEN
        if self.is_off:
            return ReadState.OFF
        if not self.faults:
            return ReadState.COMPLETE
        return ReadState.REFUSED if self.is_refused else ReadState.BROKEN_OFF

    def line(self, commit: MetadataCommit | None) -> KindState:
        """What the manifest says of it."""
        name = self.kind.name
        count = commit.counts.get(name) if commit is not None else None
        reason = self.unseen or (self.faults[0] if self.faults else None)
        return KindState(
            state=self.state,
            items=count.items if count else 0,
            changed=commit.changed.get(name, 0) if commit else 0,
            gone=commit.gone.get(name, 0) if commit else 0,
            missing=(count.missing or 0) if count else 0,
            bytes=(count.bytes or 0) if count else 0,
            since=self.items.after(),
            comments_since=self.comments.after(),
            reason=None if reason is None else str(reason.fact),
        )
