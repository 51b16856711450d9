"""A plan's table says of every kind that there is how it will be carried; the report is the same with what arrived."""

from collections import Counter

import pytest

from matou.model.fidelity import CODE_ALONE, MigratedKind, MigrationMethod
from matou.platforms.registry import PLATFORMS
from matou.transfer.migrate.carried import KIND_NAMES, CarriedKind, carried_kinds, manner_of
from matou.transfer.migrate.holdings import Holdings
from matou.transfer.migrate.page import text

BY_PULL = PLATFORMS["gitea"].methods[MigrationMethod.PULL]
BY_REST = PLATFORMS["gitcode"].methods[MigrationMethod.REST]


def test_only_what_there_is_has_a_row() -> None:
    held = [
        Counter({MigratedKind.CODE: 1, MigratedKind.ISSUE: 2}),
        Counter({MigratedKind.ISSUE: 3, MigratedKind.HOOK: 0}),
    ]
    arrived = [Counter({MigratedKind.CODE: 1, MigratedKind.ISSUE: 4})]

    rows = carried_kinds(BY_PULL, held, arrived)

    assert [(row.kind, row.held, row.arrived) for row in rows] == [
        (MigratedKind.CODE, 1, 1),
        (MigratedKind.ISSUE, 5, 4),
    ]


def test_what_stands_around_projects_is_not_said_to_arrive_where_they_go_nowhere() -> None:
    labels = {MigratedKind.LABEL: 2, MigratedKind.MEMBER: 1}
    around = Counter(
        {MigratedKind.LABEL: 1, MigratedKind.COMMENT: 5, MigratedKind.PROJECT_ISSUE: 3, MigratedKind.MEMBER: 4}
    )

    by_pull, by_rest = (
        [
            (row.kind, row.held, row.fidelity.arrives)
            for row in Holdings(table, {"a": labels}, (around,), goes).carried(())
        ]
        for table, goes in ((BY_PULL, False), (BY_REST, True))
    )

    assert by_pull == [
        (MigratedKind.LABEL, 2, True),
        (MigratedKind.MEMBER, 5, False),
        (MigratedKind.PROJECT_ISSUE, 3, False),
        (MigratedKind.COMMENT, 5, False),
        (MigratedKind.LABEL, 1, False),
    ]
    assert by_rest == [
        (MigratedKind.PROJECT_ISSUE, 3, True),
        (MigratedKind.COMMENT, 5, True),
        (MigratedKind.LABEL, 3, True),
        (MigratedKind.MEMBER, 5, False),
    ]


@pytest.mark.parametrize(
    ("table", "kind", "told"),
    [
        (BY_PULL, MigratedKind.ISSUE, "with number, time and author"),
        (BY_PULL, MigratedKind.COMMENT, "with time and author"),
        (BY_PULL, MigratedKind.LABEL, "whole"),
        (BY_PULL, MigratedKind.EVENT, "stay in the archive"),
        (BY_REST, MigratedKind.ISSUE, "with a line at the head that says what is lost"),
        (BY_REST, MigratedKind.CLOSED_CHANGE, "as issues, with what is lost in a line at the head"),
        (CODE_ALONE, MigratedKind.ISSUE, "stay in the archive"),
    ],
)
def test_how_a_kind_is_carried_is_said_in_words(
    table: dict[MigratedKind, object], kind: MigratedKind, told: str
) -> None:
    row = CarriedKind(kind, table[kind], 1, 0)  # type: ignore[arg-type]

    assert manner_of(kind, row.fidelity) == told
    assert row.manner.startswith(told)


def test_every_kind_has_a_name_and_every_platform_words_for_it() -> None:
    assert set(KIND_NAMES) == set(MigratedKind)
    for platform in PLATFORMS.values():
        for table in platform.methods.values():
            assert all(manner_of(kind, fidelity) for kind, fidelity in table.items())


def test_what_a_repository_is_called_is_no_mark_up_on_the_page() -> None:
    assert text("<img src=x>|a\n# b [c](javascript:d)") == r"\<img src=x\>\|a \# b \[c\]\(javascript:d\)"
