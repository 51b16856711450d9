"""Where nothing was pushed or said since the last run, one list of a Gitea stands for all that a repository has."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from matou.credentials import Secret
from matou.http.session import Session
from matou.platforms.gitea.api import GiteaApi
from matou.platforms.gitea.quiet_repositories import PATH, QuietRepositories
from support.gitea_recording import TOKEN, GiteaRecording, running_gitea_recording
from support.steered_clock import SYSTEM_CLOCK
from support.v5_account import Answer

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def gitea() -> Iterator[GiteaRecording]:
    with running_gitea_recording() as gitea:
        yield gitea


@pytest.fixture
def quiet(gitea: GiteaRecording) -> Iterator[QuietRepositories]:
    with Session(named=[gitea.url], clock=SYSTEM_CLOCK) as session:
        yield QuietRepositories(GiteaApi(session, gitea.url, Secret(TOKEN), lambda: SINCE), lambda: datetime.now(UTC))


def changed(gitea: GiteaRecording, *names: str) -> None:
    rows = [
        {"id": number, "updated_at": "2026-02-01T00:00:00Z", "repository": {"full_name": name}}
        for number, name in enumerate(names)
    ]
    gitea.answers[PATH] = {"total": str(len(rows)), "answer": rows}


def test_one_list_tells_of_all_repositories_of_an_owner(gitea: GiteaRecording, quiet: QuietRepositories) -> None:
    changed(gitea, "harbour/Crane", *["harbour/light"] * 60)

    told = [quiet.is_quiet(f"harbour/{name}", SINCE) for name in ("crane", "Light", "ferry", "boat")]

    assert told == [False, False, True, True]
    assert Counter(one.path for one in gitea.requests_seen) == {PATH: 2}
    assert {one.query["owner"] for one in gitea.requests_seen} == {"harbour"}
    assert {one.query["since"][:10] for one in gitea.requests_seen} == {"2026-01-01"}


def test_nothing_is_quiet_where_the_server_does_not_say(gitea: GiteaRecording, quiet: QuietRepositories) -> None:
    assert not quiet.is_quiet("harbour/crane", SINCE)

    changed(gitea, "harbour/light")
    gitea.answers[PATH]["total"] = None
    assert not quiet.is_quiet("anna/crane", SINCE)


def test_nothing_is_quiet_where_too_much_has_changed(gitea: GiteaRecording, quiet: QuietRepositories) -> None:
    changed(gitea, *["harbour/light"] * 1001)

    assert not quiet.is_quiet("harbour/crane", SINCE)


@pytest.mark.parametrize("off", [timedelta(minutes=6), timedelta(minutes=-6), None])
def test_nothing_is_quiet_where_the_servers_clock_is_another(off: timedelta | None) -> None:
    """What changed there then has a time before that of the last run here."""
    date = {} if off is None else {"date": format_datetime(SINCE + off, usegmt=True)}

    class Api:
        size_parameter, page_size, totals = "limit", 50, ("x-total-count", "x-total-pages")

        def request(self, *_: object, **__: object) -> Answer:
            return Answer(200, b"[]", {"x-total-count": "0", **date})

        def parsed(self, answer: Answer) -> Any:
            return json.loads(answer.body)

    assert not QuietRepositories(Api(), lambda: SINCE).is_quiet("harbour/crane", SINCE)  # type: ignore[arg-type]
