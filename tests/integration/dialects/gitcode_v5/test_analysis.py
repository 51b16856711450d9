"""8, 9 and 37 as a client sees them."""

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from matou.forge.analysis.memory import analysis_cache
from matou.forge.jobs import Jobs
from matou.platforms.gitcode import wire
from matou.server.api import soon
from support.gitcode_server import Harbour

if TYPE_CHECKING:
    from concurrent.futures import Future

LANGUAGES = "/repos/harbour/ferry/languages"
CONTRIBUTORS = "/repos/harbour/ferry/contributors"
STATISTICS = "/repos/harbour/ferry/contributors/statistic"
FIRST = {"date": "2023-11-15", "additions": 3, "deletions": 0, "total_changes": 3, "commit_count": 1}
SECOND = {"date": "2023-11-16", "additions": 1, "deletions": 1, "total_changes": 2, "commit_count": 1}


def ask(harbour: Harbour, path: str, **parameters: Any) -> httpx.Response:
    return harbour.ask("GET", path, params=parameters)


def statistics(harbour: Harbour, **parameters: Any) -> Any:
    answer = ask(harbour, STATISTICS, **parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_languages_are_shares_in_percent(harbour: Harbour) -> None:
    harbour.commit({"src/a.py": b"a = 1\n".ljust(16), "src/b.go": b"package b\n".ljust(16)}, "c", at=1_700_200_000)

    first, warm = ask(harbour, LANGUAGES), ask(harbour, LANGUAGES)

    assert first.json() == warm.json() == {"C": 33.34, "Go": 33.33, "Python": 33.33}
    assert list(first.json()) == ["C", "Go", "Python"]


def test_contributors_are_counted_as_authors_by_default(harbour: Harbour) -> None:
    answer = ask(harbour, CONTRIBUTORS)

    assert answer.json() == [{"name": "王芳", "contributions": 2, "email": "fang@example.org"}]
    assert (answer.headers["total_count"], answer.headers["total_page"]) == ("1", "1")
    assert ask(harbour, CONTRIBUTORS, type="authors").json() == answer.json()
    assert ask(harbour, CONTRIBUTORS, type="committers").json() == [
        {"name": "Committer", "contributions": 2, "email": "committer@example.org"}
    ]


def test_contributors_come_in_pages_the_most_active_first(harbour: Harbour) -> None:
    stream = b"".join(
        b"commit refs/heads/main\ncommitter P%d <p%d@x> 1700300000 +0000\ndata 0\n%b\n"
        % (number % 7, number % 7, b"from refs/heads/main^0\n" if number == 0 else b"")
        for number in range(30)
    )
    harbour.git("fast-import", "--quiet", stdin=stream)

    pages = [ask(harbour, CONTRIBUTORS, page=page, per_page=3) for page in (1, 2, 3, 4)]

    rows = [row for page in pages for row in page.json()]
    assert [len(page.json()) for page in pages] == [3, 3, 2, 0]
    assert [(row["name"], row["contributions"]) for row in rows] == [
        ("P0", 5), ("P1", 5), ("P2", 4), ("P3", 4), ("P4", 4), ("P5", 4), ("P6", 4), ("王芳", 2),
    ]  # fmt: skip
    assert {page.headers["total_count"] for page in pages} == {"8"}


def test_statistics_have_the_shape_of_the_document(harbour: Harbour) -> None:
    (one,) = statistics(harbour)

    assert one == {
        "name": "王芳",
        "email": "fang@example.org",
        "overview": {"additions": 4, "deletions": 1, "total_changes": 5, "commit_count": 2},
        "contributions": [FIRST, SECOND],
    }
    assert tuple(one) == wire.ContributorStatistics.__struct_fields__


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ({"since": "2023-11-16"}, [SECOND]),
        ({"until": "2023-11-15"}, [FIRST]),
        ({"since": "2023-11-15", "until": "2023-11-16"}, [FIRST, SECOND]),
        ({"since": "2023-11-15 06:13:15"}, [FIRST, SECOND]),
        ({"since": "2023-11-15 06:13:16"}, [SECOND]),
        ({"until": "2023-11-16 09:59:55"}, [FIRST, SECOND]),
        ({"until": "2023-11-16T09:59:54"}, [FIRST]),
        ({"since": "2024-01-01"}, []),
        ({"since": "2023-11-16", "until": "2023-11-15"}, []),
        ({"author": "王芳"}, [FIRST, SECOND]),
        ({"author": "FANG@example.org"}, [FIRST, SECOND]),
        ({"author": "somebody"}, []),
        ({"author": "mei"}, []),
        ({"author": "王芳", "current_user": "true"}, []),
        ({"author": "", "current_user": "false", "since": "", "until": "", "ref_name": ""}, [FIRST, SECOND]),
        ({"ref_name": "main"}, [FIRST, SECOND]),
        ({"ref_name": "refs/heads/main"}, [FIRST, SECOND]),
    ],
)
def test_statistics_are_of_whom_when_and_where_was_asked_for(
    harbour: Harbour, asked: dict[str, str], days: list[object]
) -> None:
    found = statistics(harbour, **asked)

    assert [day for one in found for day in one["contributions"]] == days


def test_statistics_of_a_commit_and_of_a_tag_are_those_of_its_history(harbour: Harbour) -> None:
    first = harbour.git("rev-parse", "main~1").strip()
    harbour.git("tag", "-a", "-m", "t", "v1", first)

    for name in (first, "v1"):
        assert [one["contributions"] for one in statistics(harbour, ref_name=name)] == [[FIRST]]


def test_a_user_is_found_by_login_and_as_who_asks(harbour: Harbour) -> None:
    harbour.git(
        "fast-import",
        "--quiet",
        stdin=b"commit refs/heads/main\ncommitter chen from home <CHEN@example.org> 1700300000 +0000\ndata 0\n"
        b"from refs/heads/main^0\n\n",
    )

    assert [one["name"] for one in statistics(harbour, author="chen")] == ["chen from home"]
    assert [one["name"] for one in statistics(harbour, current_user="true")] == ["chen from home"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"since": "2023-13-01"}, 400),
        ({"since": "yesterday"}, 400),
        ({"until": "2023-11-15 25:00:00"}, 400),
        ({"until": "9999-12-31"}, 200),
        ({"since": "0001-01-01"}, 200),
        ({"since": "2023-11-15\n"}, 400),
        ({"ref_name": "no-such-branch"}, 404),
        ({"ref_name": "main~1"}, 404),
        ({"ref_name": "--all"}, 404),
        ({"ref_name": "a" * 40}, 404),
        ({"ref_name": "refs/matou/kept/000001/heads/main"}, 404),
    ],
)
def test_what_cannot_be_meant_is_refused(harbour: Harbour, asked: dict[str, str], status: int) -> None:
    assert ask(harbour, STATISTICS, **asked).status_code == status


def test_a_blob_or_a_tree_has_no_statistics(harbour: Harbour) -> None:
    for name in ("main:README.md", "main^{tree}"):
        assert ask(harbour, STATISTICS, ref_name=harbour.git("rev-parse", name).strip()).status_code == 404


def test_a_repository_without_commits_has_none_of_it(harbour: Harbour) -> None:
    harbour.add_repository("empty")

    assert harbour.ask("GET", "/repos/harbour/empty/languages").json() == {}
    assert harbour.ask("GET", "/repos/harbour/empty/contributors").json() == []
    assert harbour.ask("GET", "/repos/harbour/empty/contributors/statistic").json() == []


@pytest.mark.parametrize("path", [LANGUAGES, CONTRIBUTORS, STATISTICS])
def test_a_private_repositorys_numbers_are_for_those_who_may_read_it(harbour: Harbour, path: str) -> None:
    missing = path.replace("ferry", "no-such-thing")

    statuses = {person: harbour.ask("GET", path, person=person).status_code for person in ("rui", "xiao", None)}

    assert statuses["rui"] == 200
    assert statuses["xiao"] == harbour.ask("GET", missing, person="xiao").status_code == 404
    assert statuses[None] == harbour.ask("GET", missing, person=None).status_code
    assert harbour.ask("GET", path.replace("ferry", "light"), person=None).status_code == 200


@pytest.mark.parametrize("path", [LANGUAGES, STATISTICS])
def test_who_asks_while_it_is_being_computed_gets_the_answer_or_is_told_when_to_come_back(
    harbour: Harbour, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    jobs = SlowJobs()
    monkeypatch.setattr(analysis_cache(harbour.forge), "jobs", jobs)
    monkeypatch.setattr(soon, "PATIENCE", timedelta(seconds=0.1))

    early = ask(harbour, path)
    monkeypatch.setattr(soon, "PATIENCE", timedelta(seconds=30))
    in_time = ask(harbour, path)

    assert (early.status_code, early.json()["error_code_name"]) == (503, "TRY_LATER")
    assert int(early.headers["retry-after"]) > 0
    assert in_time.status_code == 200
    assert in_time.json()


class SlowJobs(Jobs):
    """Jobs that take their time: trouble, made to order."""

    def begin(self, key: Any, work: Any) -> "Future[Any]":
        def slow_work() -> Any:
            time.sleep(0.5)
            return work()

        return super().begin(key, slow_work)
