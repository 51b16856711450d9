"""How each target is asked for a namespace that is not there, request by request."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from matou.credentials import Secret
from matou.errors import Conflict, NotFound, Refused, UnknownShape
from matou.http.session import Session
from matou.platforms.coding.target import CodingTarget
from matou.platforms.gitcode.target import GitCodeTarget
from matou.platforms.gitee.target import GiteeTarget
from matou.platforms.matou.target import MatouTarget
from support.gitee_calls import TOKEN, form, requests_seen, sample
from support.gitee_swagger import faults_of
from support.recording_server import RecordingServer, json_reply
from support.steered_clock import SYSTEM_CLOCK

TEAM = {"Response": {"Data": {"Id": 1, "Name": "The Acme", "TeamHost": "https://acme.coding.net"}, "RequestId": "r"}}


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def session(recording_server: RecordingServer) -> Iterator[Session]:
    with Session(named=[recording_server.url], clock=SYSTEM_CLOCK) as session:
        yield session


@pytest.fixture
def gitee_target(recording_server: RecordingServer, session: Session) -> GiteeTarget:
    recording_server.replies = [json_reply(sample("v5-user"))]
    target = GiteeTarget(session, recording_server.url, Secret(TOKEN), now=now)
    target.login()
    recording_server.requests.clear()
    return target


def test_gitee_makes_an_organization_by_v5(recording_server: RecordingServer, gitee_target: GiteeTarget) -> None:
    recording_server.replies = [json_reply({"id": 1, "login": "harbour"}, 201)]

    gitee_target.create_namespace("harbour")

    [request] = recording_server.requests
    assert requests_seen(request) == "POST /api/v5/users/organization"
    assert form(request) == {"name": "harbour", "org": "harbour"}
    assert faults_of(request) == []


@pytest.mark.parametrize(
    ("status", "message", "kind"), [(400, "path has already been taken", Conflict), (403, "没有权限", Refused)]
)
def test_gitee_may_not_make_it(
    recording_server: RecordingServer, gitee_target: GiteeTarget, status: int, message: str, kind: type[Exception]
) -> None:
    recording_server.replies = [json_reply({"message": message}, status)]

    with pytest.raises(kind):
        gitee_target.create_namespace("harbour")


def test_gitee_is_not_asked_for_a_name_that_it_cannot_have(gitee_target: GiteeTarget) -> None:
    assert gitee_target.fault_of_new_namespace("harbour") is None
    assert gitee_target.fault_of_new_namespace("har/bour") == "it holds a character that is not allowed"


def test_v3_of_gitee_reaches_one_namespace_only(recording_server: RecordingServer, session: Session) -> None:
    recording_server.handler = lambda _: json_reply(sample("v3-session"))
    target = GiteeTarget(session, f"{recording_server.url}/api/v3", Secret(TOKEN), now=now)

    assert target.fault_of_new_namespace("harbour") == f"Gitee's API v3 reaches nothing but {target.login()!r}"
    with pytest.raises(NotFound):
        list(target.repositories("harbour"))
    with pytest.raises(NotFound):
        target.create_namespace("harbour")
    assert {request.method for request in recording_server.requests} == {"GET"}


def test_gitcode_makes_none(recording_server: RecordingServer, session: Session) -> None:
    target = GitCodeTarget(session, recording_server.url, Secret("t" * 32), now=now)

    assert target.fault_of_new_namespace("harbour") == "GitCode's API makes no organizations"
    with pytest.raises(Refused):
        target.create_namespace("harbour")
    assert recording_server.requests == []


@pytest.mark.parametrize("namespace", ["harbour", "acme/harbour"])
def test_coding_makes_a_project_for_code_that_nobody_else_sees(
    recording_server: RecordingServer, session: Session, namespace: str
) -> None:
    recording_server.replies = [json_reply({"Response": {"ProjectId": 12, "RequestId": "r"}})]
    target = CodingTarget(session, f"{recording_server.url}/open-api", Secret("t" * 32), now=now)

    target.create_namespace(namespace)

    [request] = recording_server.requests
    assert request.json() == {
        "Action": "CreateCodingProject",
        "Name": "harbour",
        "DisplayName": "harbour",
        "ProjectTemplate": "CODE_HOST",
        "Shared": 0,
    }


@pytest.mark.parametrize(
    ("namespace", "fault"),
    [
        ("acme/harbour", None),
        ("ACME/harbour", None),
        ("other/harbour", "this token's projects are in 'acme'"),
        ("acme/web/harbour", "this token's projects are in 'acme'"),
        ("acme/渡船", "it holds a character that is not allowed"),
    ],
)
def test_a_project_is_made_in_no_other_team_than_the_one_that_is_named(
    recording_server: RecordingServer, session: Session, namespace: str, fault: str | None
) -> None:
    recording_server.handler = lambda _: json_reply(TEAM)
    target = CodingTarget(session, f"{recording_server.url}/open-api", Secret("t" * 32), now=now)

    assert target.fault_of_new_namespace(namespace) == fault


def test_an_organization_of_a_matou_is_made_where_it_runs(recording_server: RecordingServer, session: Session) -> None:
    projects = MatouTarget(session, recording_server.url, Secret("t" * 32), now=now)

    assert "matou org create" in str(projects.fault_of_new_namespace("harbour"))
    assert recording_server.requests == []


def test_nothing_is_sent_where_nobody_knows_who_may_see_it(
    recording_server: RecordingServer, session: Session, gitee_target: GiteeTarget
) -> None:
    row = {**sample("v5-repository"), "public": "perhaps"}
    namespace = row["full_name"].rpartition("/")[0]
    recording_server.handler = lambda request: json_reply(
        [row] if "/repos" in request.path else {"id": 1, "login": "captain"}, headers={"total_count": "1"}
    )
    gitcode_target = GitCodeTarget(session, recording_server.url, Secret(TOKEN), now=now)

    for target in (gitee_target, gitcode_target):
        with pytest.raises(UnknownShape, match=r"Repository\.public"):
            list(target.repositories(namespace))
