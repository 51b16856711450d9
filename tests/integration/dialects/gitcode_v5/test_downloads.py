"""35: downloads of a repository, a row for every day."""

from datetime import UTC, datetime

import pytest

from support.deciding import count_download
from support.gitcode_server import Harbour

STATISTICS = "/repos/harbour/light/download_statistics"


@pytest.fixture
def counted(harbour: Harbour) -> Harbour:
    """Five downloads on 16 November 2024 and two on the 21st, in China."""
    for day, downloads in ((15, 5), (20, 2)):
        harbour.clock.moment = datetime(2024, 11, day, 16, 0, tzinfo=UTC)
        for _ in range(downloads):
            count_download(harbour.forge, harbour.repository("light"))
    return harbour


def test_the_answer_has_the_keys_and_types_of_the_document(counted: Harbour) -> None:
    asked = {"direction": "asc", "start_date": "2024-11-15", "end_date": "2024-11-17"}

    found = counted.ask("GET", STATISTICS, params=asked)

    repository_id = str(counted.repository("light").id)
    assert found.json() == {
        "download_statistics_detail": [
            {"pdate": "2024-11-15", "repo_id": repository_id, "today_dl_cnt": 0, "total_dl_cnt": 0},
            {"pdate": "2024-11-16", "repo_id": repository_id, "today_dl_cnt": 5, "total_dl_cnt": 5},
            {"pdate": "2024-11-17", "repo_id": repository_id, "today_dl_cnt": 0, "total_dl_cnt": 5},
        ],
        "download_statistics_total": 5,
        "download_statistics_history_total": 5,
    }


def test_the_last_day_comes_first_by_default(counted: Harbour) -> None:
    found = counted.ask("GET", STATISTICS, params={"start_date": "2024-11-20", "end_date": "2024-11-21"}).json()

    days = [(day["pdate"], day["today_dl_cnt"], day["total_dl_cnt"]) for day in found["download_statistics_detail"]]
    assert days == [("2024-11-21", 2, 7), ("2024-11-20", 0, 5)]
    assert (found["download_statistics_total"], found["download_statistics_history_total"]) == (2, 7)


def test_without_days_it_is_the_last_thirty(counted: Harbour) -> None:
    days = [day["pdate"] for day in counted.ask("GET", STATISTICS).json()["download_statistics_detail"]]

    assert (days[0], days[-1], len(days)) == ("2024-11-21", "2024-10-23", 30)


def test_a_year_as_in_the_documents_own_request_can_be_asked_for(counted: Harbour) -> None:
    asked = {"direction": "asc", "start_date": "2024-01-11", "end_date": "2024-12-11"}

    assert len(counted.ask("GET", STATISTICS, params=asked).json()["download_statistics_detail"]) == 336


@pytest.mark.parametrize(
    "asked",
    [
        {"start_date": "2024-11-17", "end_date": "2024-11-16"},
        {"start_date": "2024-11-31"},
        {"end_date": "today"},
        {"start_date": "0001-01-01", "end_date": "9999-12-31"},
        {"direction": "up"},
    ],
)
def test_days_that_cannot_be_a_range_are_refused(harbour: Harbour, asked: dict[str, str]) -> None:
    assert harbour.ask("GET", STATISTICS, params=asked).status_code == 400


@pytest.mark.parametrize(("person", "status"), [("rui", 200), ("xiao", 404), (None, 404)])
def test_the_downloads_of_a_private_repository_are_nobody_elses_business(
    harbour: Harbour, person: str | None, status: int
) -> None:
    assert harbour.ask("GET", "/repos/harbour/ferry/download_statistics", person=person).status_code == status
