"""What a Gitea is asked that is written to, or that imports by itself: held to its own description of its API."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from matou.credentials import Secret
from matou.errors import Conflict, MatouError, Refused, TryLater
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.model.metadata_targets import ItemKind, TargetItem
from matou.model.platform import Visibility
from matou.model.targets import NewTargetRepository, TargetRepository
from matou.platforms.base.importer import NotAssigned, RepositoryImport, TargetImportFailed, TargetImportRefused
from matou.platforms.gitea.metadata_target import GiteaMetadataTarget
from matou.platforms.gitea.target import GiteaTarget
from support.recording_server import RecordingServer, Reply, SeenRequest, json_reply
from support.steered_clock import SYSTEM_CLOCK, SteeredClock

DOCUMENT: Mapping[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "gitea" / "swagger-1.22.json").read_text(encoding="utf-8")
)
TYPES = {"string": str, "boolean": bool, "integer": int, "object": dict, "array": list}
OURS = "f" * 40
ROW = {"id": 7, "name": "light", "full_name": "anna/light", "private": True, "internal": False}


def row(server: RecordingServer, **values: Any) -> dict[str, Any]:
    owner = {"id": 1, "login": "anna"}
    return {**ROW, "owner": owner, "clone_url": f"{server.url}/anna/light.git", **values}


def require_described(request: SeenRequest, path: str) -> Any:
    """That its body is one that the description has for that path; the body."""
    described = DOCUMENT["paths"][path][request.method.lower()]
    [parameter] = described["parameters"]
    schema = DOCUMENT["definitions"][parameter["schema"]["$ref"].rpartition("/")[2]]
    body = request.json()
    assert isinstance(body, dict)
    assert set(schema.get("required", ())) <= body.keys() <= schema["properties"].keys()
    for name, value in body.items():
        known = schema["properties"][name]
        assert isinstance(value, TYPES[known["type"]]), name
        assert value in known.get("enum", [value]), name
    return body


@pytest.fixture
def target(recording_server: RecordingServer) -> Iterator[GiteaTarget]:
    named = [recording_server.url]
    with Session(named=named, clock=SYSTEM_CLOCK, patience=RetryPolicy(attempts=1)) as session:
        recording_server.replies = [json_reply({"id": 1, "login": "anna"})]
        target = GiteaTarget(session, f"{recording_server.url}/api/v1", Secret("a" * 40), now=lambda: datetime.now(UTC))
        target.login()
        recording_server.requests.clear()
        yield target


def wanted(visibility: Visibility = Visibility.PRIVATE, **values: Any) -> RepositoryImport:
    known: dict[str, Any] = {"namespace": "anna", "name": "light", "description": "灯", "has_lfs": False}
    address = "http://matou:8585/harbour/light"
    return RepositoryImport(visibility=visibility, address=address, token=Secret(OURS), **{**known, **values})


def test_an_import_asks_for_everything_that_the_importer_offers(
    recording_server: RecordingServer, target: GiteaTarget
) -> None:
    recording_server.replies = [json_reply(row(recording_server), 201)]

    there = target.start_import(wanted(has_lfs=True))

    [request] = recording_server.requests
    body = require_described(request, "/repos/migrate")
    parts = ("issues", "pull_requests", "labels", "milestones", "releases", "wiki", "lfs", "private")
    assert {name: body[name] for name in parts} == dict.fromkeys(parts, True)
    assert (body["service"], body["clone_addr"], body["auth_token"]) == ("github", wanted().address, OURS)
    assert (body["repo_owner"], body["repo_name"], body["description"]) == ("anna", "light", "灯")
    assert there == TargetRepository(
        "anna/light", "anna", "light", f"{recording_server.url}/anna/light.git", Visibility.PRIVATE
    )


def test_what_is_public_is_imported_so_and_a_long_description_as_far_as_it_fits(
    recording_server: RecordingServer, target: GiteaTarget
) -> None:
    recording_server.replies = [json_reply(row(recording_server, private=False), 201)]

    target.start_import(wanted(Visibility.PUBLIC, description="灯" * 3000))

    body = require_described(recording_server.requests[0], "/repos/migrate")
    assert (body["private"], len(body["description"])) == (False, 2048)


DISALLOWED = "You can not import from disallowed hosts."
FORBIDDEN = "Given user is not allowed to create repository in organization harbour."


@pytest.mark.parametrize(
    ("status", "message", "kind", "advice"),
    [
        (409, "The repository with the same name already exists.", Conflict, ""),
        (422, DISALLOWED, TargetImportRefused, "ALLOW_LOCALNETWORKS"),
        (403, FORBIDDEN, TargetImportRefused, "write:repository"),
        (422, "Authentication failed: Bad credentials.", TargetImportFailed, ""),
        (401, "token is required", Refused, ""),
    ],
)
def test_why_nothing_was_imported(
    recording_server: RecordingServer,
    target: GiteaTarget,
    status: int,
    message: str,
    kind: type[Exception],
    advice: str,
) -> None:
    recording_server.replies = [json_reply({"message": f"{message} {OURS}"}, status)]

    with pytest.raises(kind) as caught:
        target.start_import(wanted())

    assert isinstance(caught.value, MatouError)
    assert (message in str(caught.value), advice in caught.value.advice) == (True, True)
    assert OURS not in str(caught.value)
    assert OURS not in repr(caught.value.__cause__)


@pytest.mark.parametrize(
    "reply", [json_reply({"message": ""}, 500), Reply(raw=[], resets=True), Reply(201), Reply(status=504)]
)
def test_an_import_that_ended_with_nothing_there_has_failed(
    recording_server: RecordingServer, target: GiteaTarget, reply: Reply
) -> None:
    recording_server.replies = [reply, json_reply({"message": "The target couldn't be found."}, 404)]

    with pytest.raises(TargetImportFailed):
        target.start_import(wanted())

    assert [request.method for request in recording_server.requests] == ["POST", "GET"]


def test_where_a_proxy_gave_up_it_may_be_at_work_still(recording_server: RecordingServer, target: GiteaTarget) -> None:
    """It is not told to begin again."""
    recording_server.replies = [Reply(status=504), json_reply(row(recording_server))]

    assert target.start_import(wanted()) is None
    assert [request.path for request in recording_server.requests] == [
        "/api/v1/repos/migrate",
        "/api/v1/repos/anna/light",
    ]


def test_too_many_requests_are_no_failed_import(recording_server: RecordingServer, target: GiteaTarget) -> None:
    recording_server.replies = [Reply(status=429), json_reply(row(recording_server))]

    assert target.start_import(wanted()) is None


@pytest.mark.parametrize(
    ("reply", "may"),
    [
        (json_reply({"migrations_disabled": False}), True),
        (json_reply({"migrations_disabled": True}), False),
        (json_reply({"message": "The target couldn't be found."}, 404), True),
        (json_reply({"message": "token does not have at least one of required scope(s)"}, 403), True),
    ],
)
def test_a_server_that_imports_nothing_says_so_beforehand(
    recording_server: RecordingServer, target: GiteaTarget, reply: Reply, may: bool
) -> None:
    recording_server.replies = [reply, json_reply({}, 422), json_reply([])]

    def is_allowed() -> bool:
        try:
            target.require_importer()
        except TargetImportRefused:
            return False
        return True

    assert is_allowed() is may


def test_repositories_are_those_of_the_namespace_alone(recording_server: RecordingServer, target: GiteaTarget) -> None:
    other = row(recording_server, id=8, full_name="bo/dock", name="dock", owner={"id": 2, "login": "bo"})
    rows = [row(recording_server), other]
    recording_server.replies = [json_reply(rows, headers={"X-Total-Count": "2"})]

    assert [one.name for one in target.repositories("Anna")] == ["light"]
    assert recording_server.requests[0].path == "/api/v1/user/repos"


def test_a_repository_is_made_empty_with_the_visibility_that_it_is_to_have(
    recording_server: RecordingServer, target: GiteaTarget
) -> None:
    recording_server.replies = [json_reply(row(recording_server), 201), json_reply(row(recording_server), 201)]

    target.create(NewTargetRepository("anna", "light", "", Visibility.PRIVATE))
    target.create(NewTargetRepository("harbour", "light", "", Visibility.PUBLIC))

    own, other = recording_server.requests
    assert require_described(own, "/user/repos")["private"] is True
    assert (other.path, require_described(other, "/orgs/{org}/repos")["private"]) == (
        "/api/v1/orgs/harbour/repos",
        False,
    )


def test_what_is_there_is_changed_by_its_name(recording_server: RecordingServer, target: GiteaTarget) -> None:
    recording_server.replies = [json_reply(row(recording_server))]
    there = target.find("anna", "light")
    assert there is not None
    recording_server.replies = [json_reply(row(recording_server)), json_reply(row(recording_server))]

    target.set_default_branch(there, "trunk")
    target.set_visibility(there, Visibility.PUBLIC)

    bodies = [require_described(request, "/repos/{owner}/{repo}") for request in recording_server.requests[1:]]
    assert bodies == [{"default_branch": "trunk"}, {"private": False}]


def test_people_are_assigned_by_their_names(recording_server: RecordingServer, target: GiteaTarget) -> None:
    there = TargetRepository("anna/light", "anna", "light", "", Visibility.PRIVATE)
    recording_server.replies = [json_reply({}, 201)]

    target.assign(there, "7", ["li", "wang"])

    [request] = recording_server.requests
    assert request.path == "/api/v1/repos/anna/light/issues/7"
    assert require_described(request, "/repos/{owner}/{repo}/issues/{index}") == {"assignees": ["li", "wang"]}


def test_somebody_who_may_not_see_the_repository_is_not_assigned_and_it_is_said_what_to_do(
    recording_server: RecordingServer, target: GiteaTarget
) -> None:
    there = TargetRepository("anna/light", "anna", "light", "", Visibility.PRIVATE)
    recording_server.replies = [json_reply({"message": "user doesn't have access to repo [user_id: 2]"}, 500)]

    with pytest.raises(NotAssigned, match=r"li, wang cannot be assigned to 7: .*doesn't have access") as caught:
        target.assign(there, "7", ["li", "wang"])

    assert "let them into the repository" in caught.value.advice
    assert len(recording_server.requests) == 1


NO_SUCH: Mapping[str, Any] = {"message": "The target couldn't be found."}


@pytest.mark.parametrize("is_seen_at", [1, 2])
def test_pull_requests_are_asked_for_again_once_what_was_pushed_is_seen(
    recording_server: RecordingServer, is_seen_at: int
) -> None:
    looks = [json_reply(row(recording_server, empty=look < is_seen_at)) for look in range(1, is_seen_at + 1)]
    recording_server.replies = [json_reply(NO_SUCH, 404), *looks, json_reply([], headers={"X-Total-Count": "0"})]

    assert change_requests(recording_server) == []
    assert [request.path.rpartition("/")[2].partition("?")[0] for request in recording_server.requests] == [
        "pulls", *["light"] * is_seen_at, "pulls",
    ]  # fmt: skip


def test_a_repository_without_code_has_no_pull_requests(recording_server: RecordingServer) -> None:
    recording_server.replies = [json_reply(NO_SUCH, 404), *[json_reply(row(recording_server, empty=True))] * 6]

    assert change_requests(recording_server) == []
    assert len(recording_server.requests) == 7


def change_requests(server: RecordingServer) -> list[TargetItem]:
    clock = SteeredClock()
    with Session(named=[server.url], clock=clock.clock, patience=RetryPolicy(attempts=1)) as session:
        there = TargetRepository("anna/light", "anna", "light", "", Visibility.PRIVATE)
        written = GiteaMetadataTarget(
            session, f"{server.url}/api/v1", Secret("a" * 40), there, now=lambda: datetime.now(UTC)
        )
        return list(written.items(ItemKind.CHANGE))


def test_an_organization_is_made_for_its_members(recording_server: RecordingServer, target: GiteaTarget) -> None:
    recording_server.replies = [json_reply({"id": 2, "username": "harbour"}, 201)]

    target.create_namespace("harbour")

    assert require_described(recording_server.requests[0], "/orgs") == {"username": "harbour", "visibility": "private"}
    assert target.fault_of_new_namespace("harbour") is None
    assert target.fault_of_new_namespace("x" * 41) == "it is too long"
    assert target.fault_of_new_namespace("har/bour") == "it holds a character that is not allowed"


@pytest.mark.parametrize(
    ("message", "kind"), [("user already exists [name: harbour]", Conflict), ("name is reserved", MatouError)]
)
def test_an_organization_that_cannot_be_made(
    recording_server: RecordingServer, target: GiteaTarget, message: str, kind: type[Exception]
) -> None:
    recording_server.replies = [json_reply({"message": message}, 422)]

    with pytest.raises(kind):
        target.create_namespace("harbour")


def test_a_server_that_is_busy_says_so(recording_server: RecordingServer, target: GiteaTarget) -> None:
    recording_server.replies = [Reply(status=503)]

    with pytest.raises(TryLater):
        target.find("anna", "light")


@pytest.mark.parametrize("missing", [0, 1, None])
def test_a_token_without_a_scope_is_refused_beforehand(
    recording_server: RecordingServer, target: GiteaTarget, missing: int | None
) -> None:
    """What lacks nothing is refused for its address, as an import of nothing is, or finds no issue."""
    answers = [json_reply([{"message": "[CloneAddr]: Required"}], 422), json_reply([])]
    if missing is not None:
        answers[missing] = json_reply({"message": "token does not have at least one of required scope(s)"}, 403)
    recording_server.replies = [json_reply({"migrations_disabled": False}), *answers]

    def require() -> None:
        target.require_importer()

    if missing is None:
        require()
    else:
        with pytest.raises(TargetImportRefused, match="lets this token import nothing") as refused:
            require()
        assert "write:issue" in str(refused.value.advice)
    asked = [(request.method, request.path.partition("?")[0]) for request in recording_server.requests]
    assert asked[1:2] == [("POST", "/api/v1/repos/migrate")]
    assert recording_server.requests[1].json() == {}


@pytest.mark.parametrize("missing", [(), ("write:repository",), ("write:issue",)])
@pytest.mark.parametrize("has_repositories", [True, False])
def test_scopes_that_a_token_lacks_are_found_out_by_what_makes_nothing(
    recording_server: RecordingServer, target: GiteaTarget, missing: tuple[str, ...], *, has_repositories: bool
) -> None:
    refused = json_reply({"message": "token does not have at least one of required scope(s)"}, 403)
    known = json_reply([row(recording_server)] if has_repositories else [])
    issues = json_reply({"message": "[Title]: Required"}, 422) if has_repositories else json_reply([])
    recording_server.replies = [
        refused if "write:repository" in missing else json_reply({"message": "[CloneAddr]: Required"}, 422),
        known,
        refused if "write:issue" in missing else issues,
    ]

    assert tuple(target.missing_scopes({Visibility.PRIVATE}, has_conversation=True)) == missing
    assert all(one.json() == {} for one in recording_server.requests if one.method == "POST")
