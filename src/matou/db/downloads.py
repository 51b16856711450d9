"""Rows that count downloads of a repository, one a day."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from matou.db.repositories import RepositoryId
from matou.db.schema import download_days, repositories

Day = tuple[RepositoryId, date]


def add_downloads(connection: Connection, counts: Mapping[Day, int]) -> None:
    """Add to what was counted before. A repository that is no longer there is passed over."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    for (repository_id, day), count in sorted(counts.items()):
        there = select(repositories.c.id, literal(day.isoformat()), literal(count)).where(
            repositories.c.id == repository_id
        )
        statement = dialect.insert(download_days).from_select(list(download_days.c), there)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[download_days.c.repository_id, download_days.c.day],
                set_={"downloads": download_days.c.downloads + statement.excluded.downloads},
            )
        )


def downloads_before(connection: Connection, repository_id: RepositoryId, day: date) -> int:
    """How many there were in all on the days before this one."""
    chosen = (download_days.c.repository_id == repository_id, download_days.c.day < day.isoformat())
    total = connection.execute(select(func.sum(download_days.c.downloads)).where(*chosen)).scalar_one()
    # PostgreSQL gives the sum of a bigint as a decimal.
    return int(total or 0)


def downloads_on(connection: Connection, repository_id: RepositoryId, first: date, last: date) -> dict[date, int]:
    """The days from first to last, both included, that have any."""
    statement = select(download_days.c.day, download_days.c.downloads).where(
        download_days.c.repository_id == repository_id,
        download_days.c.day.between(first.isoformat(), last.isoformat()),
    )
    return {date.fromisoformat(row.day): row.downloads for row in connection.execute(statement)}
