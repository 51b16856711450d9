"""What a backup tells the one who started it: while it runs, and at the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from matou.archive.manifest import KindState, ListingState, Outcome
from matou.errors import MatouError, Refused, TryLater
from matou.model.metadata.kinds import MetadataKind
from matou.model.platform import Account, Inaccessible

NOT_LOOKED_FOR = (Outcome.GONE, Outcome.UNLISTED, Outcome.EXCLUDED)

LONGEST_PROBLEM_LIST = 1_000
"""The manifest has every line; a report that is held in memory has so many."""


class ProgressListener(Protocol):
    """Called from several threads, a handful of times a repository; must return at once and not raise."""

    def connected(self, account: Account, /) -> None: ...

    def planned(self, *, to_ask: int, finished: int) -> None:
        """How many repositories are asked for their refs, and about how many everything is known already."""

    def budgeted(self, budget: "CallBudget", /) -> None:
        """A first run: what lies around the code will take so much at least."""

    def saving(self, path: str, /) -> None:
        """This repository has changed or is new."""

    def received(self, path: str, size_bytes: int, /) -> None:
        """So much more has come for this repository, about a mebibyte at a time."""

    def reading(self, path: str, kind: MetadataKind, count: int, /) -> None:
        """So many items of a kind of this repository or namespace have come; told each hundred, and at the end."""

    def finished(self, path: str, outcome: Outcome, /) -> None: ...


class Silence:
    """The listener that does not listen."""

    def connected(self, account: Account, /) -> None: ...

    def planned(self, *, to_ask: int, finished: int) -> None: ...

    def budgeted(self, budget: "CallBudget", /) -> None: ...

    def saving(self, path: str, /) -> None: ...

    def received(self, path: str, size_bytes: int, /) -> None: ...

    def reading(self, path: str, kind: MetadataKind, count: int, /) -> None: ...

    def finished(self, path: str, outcome: Outcome, /) -> None: ...


SILENCE = Silence()


@dataclass(frozen=True, slots=True)
class BackupProblem:
    """Why something was not saved, or not in full. `outcome` is None where it is no repository."""

    what: str
    outcome: Outcome | None
    cause: MatouError


class Intention(StrEnum):
    """What a backup would do about a repository, as far as the listing tells."""

    FETCH = "fetch"
    ASK = "ask"
    TRUST = "trust"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Planned:
    """`outcome` is what its line would say, where that is known without asking it."""

    path: str
    intention: Intention
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class CallBudget:
    """How many requests the metadata will take, and what the platform grants.

    Attributes:
        calls_per_hour: None where it counts none.
        duration: how long that takes at the platform's pace.
    """

    calls: int
    calls_per_hour: int | None
    duration: timedelta


@dataclass(frozen=True, slots=True)
class KindTotal:
    """One kind of metadata over all that a run read: how many are kept, and what this run did about them.

    Attributes:
        not_done: of how many repositories and namespaces not all of it was read.
        left_out: how many files this run came upon that are larger than is wanted.
    """

    items: int = 0
    changed: int = 0
    gone: int = 0
    missing: int = 0
    not_done: int = 0
    left_out: int = 0

    def with_state(self, state: KindState) -> "KindTotal":
        return KindTotal(
            self.items + state.items,
            self.changed + state.changed,
            self.gone + state.gone,
            self.missing + state.missing,
            self.not_done + (not state.state.is_done),
            self.left_out,
        )

    def plus(self, other: "KindTotal") -> "KindTotal":
        return KindTotal(
            self.items + other.items,
            self.changed + other.changed,
            self.gone + other.gone,
            self.missing + other.missing,
            self.not_done + other.not_done,
            self.left_out + other.left_out,
        )

    def with_left_out(self, count: int) -> "KindTotal":
        return replace(self, left_out=self.left_out + count)


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a run did.

    Attributes:
        run: its number in the archive; None for a dry run, for which `planned` says what would be done.
        outcomes: how many repositories have which outcome; those without a repository are left out.
        problems: the first thousand; the manifest has all of them.
        problem_count: all of them.
        notes: what there is to say of what is whole, the first thousand.
        kept: how many refs keep tips that the source has dropped since the last run.
        trusted: how many were taken for unchanged on the listing's word.
        received_bytes: of packs and LFS objects.
        unmatched: patterns that match nothing here and may be about another source.
        paths: where there are such, the repositories that there are.
        kinds: what was read of what lies around the code, by the names of kinds; those of which there is nothing are
            left out.
        budget: what a dry run says of how long the metadata will take.
    """

    run: int | None
    account: Account
    listing: ListingState
    outcomes: Mapping[Outcome, int]
    problems: tuple[BackupProblem, ...]
    problem_count: int
    unseen: tuple[Inaccessible, ...]
    kept: int
    trusted: int
    received_bytes: int
    requests: int
    duration: timedelta
    planned: tuple[Planned, ...] = ()
    notes: tuple[BackupProblem, ...] = ()
    unmatched: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    kinds: Mapping[str, KindTotal] = field(default_factory=dict)
    budget: CallBudget | None = None

    @property
    def everything_is_saved(self) -> bool:
        """Whether something was looked for, and all of it is in the archive; a dry run saves nothing."""
        return self.run is not None and self.looked_for > 0 and self.nothing_is_wrong

    @property
    def nothing_is_wrong(self) -> bool:
        """Whether all that was listed is done with, and the lists came to their end; for a dry run, would be."""
        return self.problem_count == 0 and all(outcome.is_done for outcome in self.outcomes)

    @property
    def is_for_later(self) -> bool:
        """Whether of all that was wanted nothing could be had, and waiting may help with each: the server is away."""
        got = {outcome for outcome, count in self.outcomes.items() if count} - {*NOT_LOOKED_FOR}
        return (
            self.run is not None
            and got == {Outcome.FAILED}
            and all(isinstance(problem.cause, TryLater) for problem in self.problems)
        )

    @property
    def looked_for(self) -> int:
        """How many repositories are listed and wanted; in a dry run, would be asked for."""
        if self.run is None:
            return sum(plan.intention is not Intention.NOTHING for plan in self.planned)
        return sum(count for outcome, count in self.outcomes.items() if outcome not in NOT_LOOKED_FOR)


class CredentialDied(Refused):
    """The credential was refused in the middle of a run, which has ended: its manifest says what is saved.

    `report` is the run's.
    """

    report: BackupReport

    @staticmethod
    def of(refusal: MatouError, report: BackupReport) -> "CredentialDied":
        died = CredentialDied(
            "the credential was good and then refused: {fault}",
            fault=refusal,
            advice="what is saved stays saved, and show, verify and restore know of it; the same command with a good"
            " credential goes on from there",
        )
        died.report = report
        return died
