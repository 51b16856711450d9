"""Everything that we send to Gitee's API v5 is in Gitee's own description of it, and what that describes is read.

No account at Gitee stands behind these tests. The description (Swagger 5.3.85, `tests/data/gitee/SOURCE.md`) is of what
a request may hold; of answers it calls nearly everything a text and requires nothing, so that examples are made of its
fields, with the types of real answers where they are known to be others.
"""

import json
from datetime import UTC, datetime
from types import GeneratorType
from typing import Any

import msgspec
import pytest

from matou import Gitee
from matou.credentials import Secret
from matou.errors import UnknownShape
from matou.http.session import Session
from matou.model.platform import Visibility
from matou.model.targets import NewTargetRepository
from matou.platforms.gitee import wire_issues, wire_project, wire_pulls, wire_releases, wire_v5
from matou.platforms.gitee.calls_conversation import GiteeConversationCalls
from matou.platforms.gitee.calls_v5 import EVERY_AFFILIATION, GiteeV5Calls
from matou.platforms.gitee.errors import DECODER
from matou.platforms.gitee.source import GiteeSource
from matou.platforms.gitee.target import GiteeTarget
from support.gitee_calls import CASES, TOKEN, Case, sample
from support.gitee_source import TOKEN as TOKEN_OF_DIRECTED
from support.gitee_source import GiteeSource as DirectedSource
from support.gitee_swagger import NEWER, OPERATIONS, example_of, faults_of, fields_of, in_quotes, operation_of
from support.recording_server import RecordingServer, Reply, SeenRequest, json_reply

NOW = datetime(2026, 1, 1, tzinfo=UTC)

READ_AS: dict[str, type[msgspec.Struct]] = {
    "UserDetail": wire_v5.GiteeUser,
    "UserBasic": wire_v5.GiteeUser,
    "Namespace": wire_v5.GiteeNamespace,
    "Group": wire_v5.GiteeOrganization,
    "EnterpriseBasic": wire_v5.GiteeEnterprise,
    "EnterpriseMember": wire_v5.EnterpriseMember,
    "Project": wire_v5.GiteeRepository,
    "Branch": wire_v5.GiteeBranch,
    "Issue": wire_issues.GiteeIssue,
    "Note": wire_issues.GiteeNote,
    "Label": wire_issues.GiteeLabel,
    "Milestone": wire_issues.GiteeMilestone,
    "OperateLog": wire_issues.GiteeOperateLog,
    "PullRequest": wire_pulls.GiteePullRequest,
    "PullRequestComments": wire_pulls.GiteePullComment,
    "Release": wire_releases.GiteeRelease,
    "ProjectMember": wire_project.GiteeProjectMember,
    "Hook": wire_project.GiteeHook,
}

READ_OTHERWISE: dict[str, type[msgspec.Struct]] = {
    # A note as well, of which the description does not say that it may stand at a line of a commit.
    "/v5/repos/{owner}/{repo}/comments": wire_pulls.GiteeCommitComment,
}

NEEDED: dict[str, set[str]] = {
    "UserDetail": {"id", "login"},
    "UserBasic": {"id", "login"},
    "Namespace": {"id", "path"},
    "Group": {"id", "login"},
    "EnterpriseBasic": {"id", "path"},
    "EnterpriseMember": {"user"},
    "Project": {"id", "full_name", "namespace"},
    "Branch": {"name", "commit"},
    "Issue": {"id", "number", "state", "title"},
    "Note": {"id"},
    "Label": {"name"},
    "Milestone": {"number", "title"},
    "OperateLog": set(),
    "PullRequest": {"id", "number", "state", "title", "head", "base"},
    "PullRequestComments": {"id", "pull_request_url"},
    "Release": {"id", "tag_name"},
    "ProjectMember": set(),
    "Hook": {"id", "url"},
}
"""What an answer must hold for us; the description requires nothing."""

METHODS_OF_NEWER = {"release_files"}
"""They call what only later descriptions have."""

NOT_DESCRIBED = {("Group", "name"), ("UserBasic", "email")}
"""Fields of ours that may come all the same: real organizations have a name, and an e-mail is `UserDetail`'s alone."""


def api_requests(server: RecordingServer) -> list[SeenRequest]:
    return [request for request in server.requests if request.path.startswith("/api/v5/")]


def all_faults(server: RecordingServer) -> dict[str, list[str]]:
    return {
        f"{request.method} {request.target}": faults
        for request in api_requests(server)
        if (faults := faults_of(request))
    }


def answered(case: Case, row: object) -> Reply:
    return json_reply([row] if case.answers_many else row, headers={"total_count": "1"} if case.answers_many else {})


# --- what is sent


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_call_of_the_client_is_described(recording_server: RecordingServer, gitee: Gitee, case: Case) -> None:
    recording_server.replies = [answered(case, sample(case.answer))]

    result = case.call(gitee)
    list(result) if isinstance(result, GeneratorType) else None

    assert len(api_requests(recording_server)) == 1
    assert all_faults(recording_server) == {}


def test_every_method_of_the_client_is_among_these_calls() -> None:
    methods = {name for name in {**vars(GiteeV5Calls), **vars(GiteeConversationCalls)} if not name.startswith("_")}
    methods -= METHODS_OF_NEWER

    assert methods == {name for case in CASES.values() for name in case.call.__code__.co_names if name in methods}


def test_every_operation_that_is_kept_is_called(recording_server: RecordingServer, gitee: Gitee) -> None:
    for case in CASES.values():
        recording_server.replies = [answered(case, sample(case.answer))]
        result = case.call(gitee)
        list(result) if isinstance(result, GeneratorType) else None

    called = [operation_of(request) for request in recording_server.requests]
    assert [operation for operation in OPERATIONS if operation not in called] == []


def test_every_word_of_an_affiliation_is_one_that_the_description_explains() -> None:
    [own] = [row for row in OPERATIONS if (row.method, row.path) == ("GET", "/v5/user/repos")]

    explained = own.parameters("query")["affiliation"]["description"]
    assert [word for word in EVERY_AFFILIATION.split(",") if f"{word}(" not in explained] == []


@pytest.mark.parametrize(
    ("target", "body", "fault"),
    [
        ("/api/v5/users/orgs", b"", "GET /api/v5/users/orgs is not described"),
        ("/api/v5/user/orgs?size=3", b"", "size is not described"),
        ("/api/v5/user/orgs?page=one", b"", "page cannot be 'one'"),
        ("/api/v5/user/orgs?admin=1", b"", "admin cannot be '1'"),
        ("/api/v5/user/repos?visibility=internal", b"", "visibility cannot be 'internal'"),
        ("/api/v5/user/orgs?page=1&page=2", b"", "page is given twice"),
        ("/api/v5/user/orgs", b"page=1", "page is not described"),
    ],
)
def test_what_is_not_described_is_seen(target: str, body: bytes, fault: str) -> None:
    """So that the tests above can fail."""
    headers = {"content-type": "application/x-www-form-urlencoded"} if body else {}

    assert faults_of(SeenRequest("GET", target, headers, body, 1, 0.0)) == [fault]


def test_a_form_without_what_is_required_is_seen() -> None:
    request = SeenRequest("PATCH", "/api/v5/repos/a/b", {"content-type": "application/json"}, b"path=x", 1, 0.0)

    assert faults_of(request) == ["the body is application/json", "name is missing"]


# --- the source and the target


@pytest.fixture
def account(recording_server: RecordingServer) -> DirectedSource:
    """A user in an organization and an enterprise, with a repository in each, and members."""
    directed = DirectedSource(origin=recording_server.url)
    recording_server.handler = lambda request: reply_of(directed, request)
    for path, type_ in (("captain", "personal"), ("docks", "group"), ("harbour", "enterprise")):
        directed.repository(directed.namespace(path, type_), f"ship-of-{path}")
        directed.members[path] = [{"id": 9, "login": "mei", "name": "Mei", "role": "admin"}]
    return directed


def reply_of(directed: DirectedSource, request: SeenRequest) -> Reply:
    given = directed.answer(request.target, request.headers)
    return Reply(given.status, given.body, {"Content-Type": "application/json", **given.headers})


def test_all_that_a_backup_asks_is_described(
    recording_server: RecordingServer, gitee_session: Session, account: DirectedSource
) -> None:
    token = Secret(TOKEN_OF_DIRECTED)
    source = GiteeSource(gitee_session, account.url, token, record=lambda _: None, now=lambda: NOW)

    source.account()
    repositories, namespaces = list(source.repositories()), list(source.namespaces())
    members = {namespace.name: json.loads(source.members(namespace)) for namespace in namespaces}

    assert [repository.name for repository in repositories] == [f"ship-of-{name}" for name in members]
    assert {name: len(rows) for name, rows in members.items()} == {"captain": 0, "docks": 1, "harbour": 1}
    assert source.unseen == ()
    assert all_faults(recording_server) == {}
    called = {operation.path for request in api_requests(recording_server) if (operation := operation_of(request))}
    about_code = (
        row for row in OPERATIONS if row.method == "GET" and not {"issues", "labels"} & set(row.path.split("/"))
    )
    assert called == {row.path for row in about_code if "{repo}" not in row.path}


@pytest.fixture
def target(recording_server: RecordingServer, gitee_session: Session) -> GiteeTarget:
    def reply(request: SeenRequest) -> Reply:
        operation = operation_of(request)
        assert operation is not None, request.target
        row = {**sample("v5-repository"), "full_name": "captain/ship"}
        if operation.path == "/v5/user":
            return json_reply({**sample("v5-user"), "login": "captain"})
        if operation.path == "/v5/users/organization":
            return json_reply(sample("v5-organization"), 201)
        if operation.path == "/v5/user/enterprises":
            return json_reply([sample("v5-enterprise")], headers={"total_count": "1"})
        is_list = request.method == "GET" and "{repo}" not in operation.path
        return json_reply([row], headers={"total_count": "1"}) if is_list else json_reply(row)

    recording_server.handler = reply
    return GiteeTarget(gitee_session, recording_server.url, Secret(TOKEN), now=lambda: NOW)


@pytest.mark.parametrize("namespace", ["captain", "docks", "harbour"])
@pytest.mark.parametrize("visibility", [Visibility.PRIVATE, Visibility.PUBLIC])
def test_all_that_a_migration_asks_is_described(
    recording_server: RecordingServer, target: GiteeTarget, namespace: str, visibility: Visibility
) -> None:
    target.login()
    target.create_namespace("docks")
    list(target.repositories(namespace))
    made = target.create(NewTargetRepository(namespace, "ship", "a description", visibility))
    target.set_default_branch(made, "dev")

    assert {request.method for request in api_requests(recording_server)} == {"GET", "POST", "PATCH"}
    assert all_faults(recording_server) == {}


# --- what is read


@pytest.mark.parametrize(("definition", "kind"), READ_AS.items(), ids=READ_AS)
def test_every_field_that_we_read_is_in_the_schema(definition: str, kind: type[msgspec.Struct]) -> None:
    named = {field.encode_name for field in msgspec.structs.fields(kind)}

    described = fields_of(definition).keys() | NEWER.get(definition, set())
    assert {(definition, name) for name in named - described} <= NOT_DESCRIBED


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_call_is_answered_by_what_we_read_it_as(recording_server: RecordingServer, gitee: Gitee, case: Case) -> None:
    """By way of the client: the schema that stands at the operation, and not one that we think of."""
    recording_server.replies = [answered(case, sample(case.answer))]
    result = case.call(gitee)
    [result] = result if isinstance(result, GeneratorType | list) else [result]

    operation = operation_of(recording_server.requests[0])

    assert operation is not None
    assert type(result) is READ_OTHERWISE.get(operation.path, READ_AS[operation.answer])


@pytest.mark.parametrize(("definition", "kind"), READ_AS.items(), ids=READ_AS)
@pytest.mark.parametrize("spelled", [lambda it: it, in_quotes], ids=["as they are", "in quotes"])
def test_an_answer_with_every_field_is_read(definition: str, kind: type[msgspec.Struct], spelled: Any) -> None:
    example = example_of(definition)

    found = msgspec.to_builtins(DECODER.read(kind, spelled(example)))

    assert found == shown_of(example, found)


def shown_of(example: Any, found: Any) -> Any:
    """What stands in an example of all that was read of it."""
    if not isinstance(found, dict):
        return example
    return {name: shown_of(example.get(name), found[name]) for name in found}


@pytest.mark.parametrize(("definition", "kind"), READ_AS.items(), ids=READ_AS)
def test_an_answer_with_only_what_we_cannot_do_without_is_read(definition: str, kind: type[msgspec.Struct]) -> None:
    example = {name: value for name, value in example_of(definition).items() if name in NEEDED[definition]}

    found = msgspec.to_builtins(DECODER.read(kind, example))

    assert {name for name, value in found.items() if value is not None} == NEEDED[definition]


@pytest.mark.parametrize(("definition", "kind"), READ_AS.items(), ids=READ_AS)
def test_an_answer_with_null_wherever_we_can_do_without_is_read(definition: str, kind: type[msgspec.Struct]) -> None:
    needed = NEEDED[definition]
    example = {name: value if name in needed else None for name, value in example_of(definition).items()}

    found = msgspec.to_builtins(DECODER.read(kind, example))

    assert {name for name, value in found.items() if value is not None} == NEEDED[definition]


@pytest.mark.parametrize(
    ("definition", "kind", "name"),
    [(definition, kind, name) for definition, kind in READ_AS.items() for name in sorted(NEEDED[definition])],
)
@pytest.mark.parametrize("given", [{}, {"null": None}], ids=["missing", "null"])
def test_an_answer_without_what_we_need_is_named(
    definition: str, kind: type[msgspec.Struct], name: str, given: dict[str, None]
) -> None:
    example = {key: value for key, value in example_of(definition).items() if key != name}
    example.update(dict.fromkeys([name] * len(given)))

    with pytest.raises(UnknownShape, match=name):
        DECODER.read(kind, example)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"private": False, "public": True, "internal": False}, Visibility.PUBLIC),
        ({"private": True, "public": False, "internal": False}, Visibility.PRIVATE),
        ({"private": False, "public": False, "internal": True}, Visibility.INTERNAL),
    ],
)
def test_a_repository_of_the_schema_becomes_one_of_ours(
    gitee_session: Session, account: DirectedSource, said: dict[str, bool], expected: Visibility
) -> None:
    """In the description's own spelling, where truths are texts."""
    moment = "2024-07-29T15:42:45+08:00"
    times = dict.fromkeys(("pushed_at", "created_at", "updated_at"), moment)
    page = f"{account.origin}/docks/ship"
    row = {**example_of("Project"), **times, "full_name": "docks/ship", "path": "ship", "html_url": page, **said}
    quoted = in_quotes(row)
    assert isinstance(quoted, dict)
    account.repositories = {7: {**quoted, "id": "7"}}
    source = GiteeSource(gitee_session, account.url, Secret(TOKEN_OF_DIRECTED), record=lambda _: None, now=lambda: NOW)

    [repository] = source.repositories()

    assert (repository.name, repository.visibility) == ("ship", expected)
    assert (repository.clone_url, repository.default_branch) == (f"{page}.git", "the default_branch")
    assert repository.last_push_at == datetime(2024, 7, 29, 7, 42, 45, tzinfo=UTC)
