"""38: what happened to a repository, in the document's shape."""

import json
from datetime import UTC, datetime

import pytest

from matou.db.users import User
from matou.forge.repositories.events import record_event
from matou.model.events import EventKind
from matou.server.dialects.gitcode_v5.events import ACTIONS, KINDS, Filter
from support.gitcode_server import Harbour

EVENTS = "/repos/harbour/light/events"


def record(harbour: Harbour, kind: EventKind, user: User | None, day: datetime, **details: object) -> None:
    with harbour.forge.database.begin_write() as connection:
        record_event(connection, harbour.repository("light").id, user, kind, details, day)


def china(day: int, hour: int = 12) -> datetime:
    """An hour of a day of December 2024 in China, where the answers' days are."""
    return datetime(2024, 12, day, (hour - 8) % 24, tzinfo=UTC)


def test_an_event_has_the_keys_and_types_of_the_document(harbour: Harbour) -> None:
    mei = harbour.people["mei"]
    record(harbour, EventKind.MEMBER_ADDED, mei, china(1), userid=496, username="xiaogang")

    found = harbour.ask("GET", EVENTS, params={"filter": "team"}).json()

    assert found == {
        "events": [
            {
                "action": 22,
                "action_name": "opened",
                "author": {
                    "id": mei.id,
                    "iam_id": f"{mei.id:032x}",
                    "username": "mei",
                    "state": "active",
                    "email": "",
                    "name": "Mei",
                    "name_cn": "",
                    "web_url": "http://code.example.org/mei",
                },
                "author_id": mei.id,
                "author_username": "mei",
                "created_at": "2024-12-01T04:00:00.000Z",
                "project_id": harbour.repository("light").id,
                "title": '{"userid":[496],"username":["xiaogang"]}',
                "filter_sensitive": True,
            }
        ],
        "has_next_page": False,
    }


def test_every_kind_has_a_number_of_its_own_and_belongs_to_one_filter() -> None:
    numbers = [ACTIONS[kind][0] for kind in EventKind]
    members = [kind for which, kinds in KINDS.items() if which is not Filter.ALL for kind in kinds]

    assert len(set(numbers)) == len(numbers)
    assert sorted(members) == sorted(EventKind)
    assert KINDS.keys() == set(Filter)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ({}, [EventKind.STARRED, EventKind.PUSH]),
        ({"filter": "all"}, [EventKind.STARRED, EventKind.PUSH]),
        ({"filter": "push"}, [EventKind.PUSH]),
        ({"filter": "project"}, [EventKind.STARRED]),
        ({"filter": "merged"}, []),
        ({"filter": "issue"}, []),
        ({"filter": "comments"}, []),
        ({"filter": ""}, [EventKind.STARRED, EventKind.PUSH]),
        ({"author": "mei"}, [EventKind.STARRED]),
        ({"author": "nobody"}, []),
    ],
)
def test_events_can_be_filtered(harbour: Harbour, asked: dict[str, str], kept: list[EventKind]) -> None:
    record(harbour, EventKind.PUSH, harbour.people["dora"], china(1), ref="refs/heads/main")
    record(harbour, EventKind.STARRED, harbour.people["mei"], china(2))

    found = harbour.ask("GET", EVENTS, params={"before": "2024-12-01", "after": "2024-12-31", **asked}).json()

    assert [event["action"] for event in found["events"]] == [ACTIONS[kind][0] for kind in kept]


@pytest.mark.parametrize(
    ("span", "days"),
    [
        ({"before": "2024-12-02", "after": "2024-12-03"}, [3, 2]),
        ({"before": "2024-12-03", "after": "2024-12-02"}, [3, 2]),
        ({"before": "2024-12-02", "after": "2024-12-02"}, [2]),
        ({"before": "2024-12-02"}, [1]),
        ({"after": "2024-12-02", "filter": "push"}, [4, 3]),
        ({"before": "0001-01-01"}, []),
        ({"after": "9999-12-31"}, []),
    ],
)
def test_days_bound_the_events_and_a_day_is_chinas(harbour: Harbour, span: dict[str, str], days: list[int]) -> None:
    for day, hour in ((1, 23), (2, 0), (3, 23), (4, 0)):
        record(harbour, EventKind.PUSH, None, china(day, hour) if hour else _midnight(day), ref=str(day))

    found = harbour.ask("GET", EVENTS, params=span).json()

    assert [int(json.loads(event["title"])["ref"]) for event in found["events"]] == days


@pytest.mark.parametrize(
    "asked",
    [
        {"filter": "everything"},
        {"before": "yesterday"},
        {"after": "2024-02-30"},
        {"after": "2024-12-01T00:00:00Z"},
        {"before": "20241201"},
        {"page": "-1"},
    ],
)
def test_what_cannot_be_meant_is_refused(harbour: Harbour, asked: dict[str, str]) -> None:
    assert harbour.ask("GET", EVENTS, params=asked).status_code == 400


def test_the_body_says_whether_there_is_a_next_page(harbour: Harbour) -> None:
    for number in range(3):
        record(harbour, EventKind.PUSH, None, china(1), ref=str(number))

    pages = [
        harbour.ask("GET", EVENTS, params={"filter": "push", "per_page": 2, "page": page}).json() for page in (1, 2, 3)
    ]

    assert [(len(page["events"]), page["has_next_page"]) for page in pages] == [(2, True), (1, False), (0, False)]


def test_an_event_of_nobody_in_particular_has_an_author_without_a_name(harbour: Harbour) -> None:
    record(harbour, EventKind.PUSH, None, china(1))

    (event,) = harbour.ask("GET", EVENTS, params={"filter": "push"}).json()["events"]

    assert (event["author"]["id"], event["author_id"], event["author_username"]) == (0, 0, "")


def test_the_public_is_not_told_who_joined_what_is_set_or_an_address(harbour: Harbour) -> None:
    for kind in (EventKind.PUSH, EventKind.MEMBER_ADDED, EventKind.SETTINGS_CHANGED):
        record(harbour, kind, harbour.people["mei"], china(1), username="gu", settings="push_rules")

    shown = {
        person: harbour.ask("GET", EVENTS, person=person, params={"before": "2024-12-01", "after": "2024-12-01"})
        for person in (None, "xiao", "rui", "dora")
    }

    assert {person: len(answer.json()["events"]) for person, answer in shown.items()} == {
        None: 1,
        "xiao": 1,
        "rui": 2,
        "dora": 3,
    }
    assert all("@example.org" not in answer.text for answer in shown.values())


@pytest.mark.parametrize(("person", "status"), [("rui", 200), ("gu", 403), ("xiao", 404), (None, 404)])
def test_the_events_of_a_private_repository_are_for_those_who_read_its_code(
    harbour: Harbour, person: str | None, status: int
) -> None:
    answer = harbour.ask("GET", "/repos/harbour/ferry/events", person=person)

    assert answer.status_code == status


def _midnight(day: int) -> datetime:
    return datetime(2024, 12, day - 1, 16, tzinfo=UTC)


def test_what_people_do_by_the_api_becomes_events(harbour: Harbour) -> None:
    content = {"content": "aGVsbG8=", "message": "say hello", "branch": "main"}
    harbour.ask("POST", "/repos/harbour/light/contents/hello.txt", person="dora", json=content)
    harbour.ask("POST", "/repos/harbour/light/branches", person="dora", json={"refs": "main", "branch_name": "topic"})
    harbour.ask("PUT", "/user/starred/harbour/light", person="xiao")
    harbour.ask("POST", "/repos/harbour/light/file/upload", person="dora", files={"file": ("a.txt", b"a")})

    shown = harbour.ask("GET", EVENTS, person=None).json()["events"]

    told = [(event["action_name"], event["author_username"], json.loads(event["title"])) for event in shown[:4]]
    assert [(name, author) for name, author, _ in told] == [
        ("uploaded", "dora"),
        ("starred", "xiao"),
        ("pushed new", "dora"),
        ("pushed to", "dora"),
    ]
    assert told[2][2]["ref"] == "refs/heads/topic"
    assert (told[3][2]["ref"], told[3][2]["title"]) == ("refs/heads/main", "say hello")
    assert (
        told[3][2]["after"]
        == harbour.git("rev-parse", "refs/heads/main", repository=harbour.repository("light")).strip()
    )
