"""How many requests a migration will take that make something, and how long that is at the target's pace."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from matou.http.rate_limit import UNLIMITED, RateLimit
from matou.model.fidelity import COMMITTED, CarriedForm, MigratedKind, MigrationMethod
from matou.transfer.migrate.carried import CarriedKind

_BY_GIT: Final[Mapping[MigratedKind, int]] = {MigratedKind.CODE: 2, MigratedKind.WIKI: 2}
"""A repository is made, and told its default branch; what is pushed counts nowhere."""

_SPOKEN: Final = frozenset({MigratedKind.COMMENT, MigratedKind.LINE_COMMENT, MigratedKind.REVIEW})

_BY_REST: Final[Mapping[MigratedKind, int]] = {
    **_BY_GIT,
    **dict.fromkeys(_SPOKEN, 1),
    MigratedKind.ISSUE: 1,
    MigratedKind.PROJECT_ISSUE: 1,
    MigratedKind.OPEN_CHANGE: 1,
    MigratedKind.CLOSED_CHANGE: 2,
    MigratedKind.LABEL: 1,
    MigratedKind.MILESTONE: 1,
    MigratedKind.RELEASE: 1,
    MigratedKind.RELEASE_DRAFT: 1,
    MigratedKind.ASSET: 1,
    MigratedKind.ATTACHMENT: 1,
}
"""What is closed is made and closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRate:
    """How fast a target lets itself be written to.

    Attributes:
        limit: of what is made there.
        per_hour: the number that the platform names, if it names one.
        imports_issues: whether an issue comes in one request with all that was said on it.
    """

    limit: RateLimit = UNLIMITED
    per_hour: int | None = None
    imports_issues: bool = False


UNHURRIED: Final = WriteRate()


@dataclass(frozen=True, slots=True)
class WriteBudget:
    """`duration` is nothing where the platform limits nothing."""

    requests: int
    per_hour: int | None
    duration: timedelta


def write_budget(rows: Iterable[CarriedKind], method: MigrationMethod, pace: WriteRate) -> WriteBudget | None:
    """For all that there is, whether or not an earlier run has brought some; None where the target takes it itself."""
    if method not in (MigrationMethod.REST, MigrationMethod.GIT):
        return None
    requests = sum(row.held * _requests_of_each(row, method, pace) for row in rows)
    at_pace = max(requests - pace.limit.burst, 0) / pace.limit.per_second
    return WriteBudget(requests, pace.per_hour, timedelta(seconds=round(at_pace)))


def _requests_of_each(row: CarriedKind, method: MigrationMethod, pace: WriteRate) -> int:
    if row.fidelity.form not in (CarriedForm.ITSELF, CarriedForm.ISSUE) or row.fidelity == COMMITTED:
        return 0
    if pace.imports_issues and (row.kind in _SPOKEN or row.kind is MigratedKind.CLOSED_CHANGE):
        return int(row.kind is MigratedKind.CLOSED_CHANGE)
    return (_BY_REST if method is MigrationMethod.REST else _BY_GIT).get(row.kind, 0)
