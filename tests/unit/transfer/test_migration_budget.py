"""How long writing takes, as the plan says it: by the target's limits, and never more than it needs."""

from datetime import timedelta

import pytest

from matou.http.rate_limit import RateLimit
from matou.model.fidelity import AS_ISSUE, IN_HEADER, UNCARRIED, WHOLE, Fidelity, MigratedKind, MigrationMethod
from matou.platforms.registry import PLATFORMS
from matou.transfer.migrate.budget import UNHURRIED, WriteRate, write_budget
from matou.transfer.migrate.carried import CarriedKind

ROWS = [
    (MigratedKind.CODE, WHOLE, 3),
    (MigratedKind.ISSUE, IN_HEADER, 100),
    (MigratedKind.COMMENT, IN_HEADER, 1_000),
    (MigratedKind.CLOSED_CHANGE, AS_ISSUE, 50),
    (MigratedKind.ATTACHMENT, WHOLE, 20),
    (MigratedKind.ASSIGNEE, WHOLE, 70),
    (MigratedKind.EVENT, UNCARRIED, 9_000),
]
GITHUB = WriteRate(limit=RateLimit(500 / 3600, 60), per_hour=500, imports_issues=True)


def rows(given: list[tuple[MigratedKind, Fidelity, int]]) -> list[CarriedKind]:
    return [CarriedKind(kind, fidelity, held, 0) for kind, fidelity, held in given]


@pytest.mark.parametrize(
    ("method", "pace", "expected"),
    [
        (MigrationMethod.REST, UNHURRIED, (1_226, timedelta())),
        (MigrationMethod.REST, WriteRate(limit=RateLimit(1, 26)), (1_226, timedelta(minutes=20))),
        # With an import an issue takes one request, whatever was said on it.
        (MigrationMethod.REST, GITHUB, (176, timedelta(seconds=835))),
        (MigrationMethod.GIT, WriteRate(limit=RateLimit(0.5, 1)), (6, timedelta(seconds=10))),
    ],
)
def test_it_is_what_there_is_by_the_pace(
    method: MigrationMethod, pace: WriteRate, expected: tuple[int, timedelta]
) -> None:
    budget = write_budget(rows(ROWS), method, pace)

    assert budget is not None
    assert (budget.requests, budget.duration) == expected
    assert budget.per_hour == pace.per_hour


def test_what_the_target_takes_by_itself_takes_none_of_its_requests() -> None:
    assert write_budget(rows(ROWS), MigrationMethod.PULL, UNHURRIED) is None


def test_every_target_that_names_a_limit_is_kept_to_it() -> None:
    supports = [platform.metadata_target for platform in PLATFORMS.values() if platform.metadata_target]
    named = [(one.writes_per_hour, one.writes.per_second) for one in supports if one.writes_per_hour]

    assert named
    assert all(per_second * 3600 <= per_hour for per_hour, per_second in named)
