"""Every method of the client: what it sends, and that it reads what GitCode's document shows for an answer."""

import io
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import GeneratorType
from typing import Any
from urllib.parse import unquote

import pytest

from matou import GitCode
from matou.credentials import Secret
from matou.errors import Conflict, MatouError, NotFound, Refused, TryLater, UnknownShape
from matou.platforms.gitcode.asking import PACE, PATIENCE, UnusableToken
from matou.platforms.gitcode.client import api_address
from matou.platforms.gitcode.errors import CredentialRefused, GitCodeFailed
from matou.platforms.gitcode.wire import Content, as_received
from matou.platforms.gitcode.words import (
    ArchiveFormat,
    Author,
    ContributorKind,
    EventFilter,
    ForkOrder,
    MembersOf,
    MergeMethod,
    Role,
)
from matou.remote.limiter import Limiter
from matou.remote.proxies import Proxies
from matou.remote.session import Session
from support.recording_server import RecordingServer, Reply, SeenRequest, json_reply
from support.steered_clock import SteeredClock

DATA = Path(__file__).parents[1] / "data" / "gitcode"
TOKEN = "s3cr3tGitCodeT0ken0123456789"
R = "docks/ship"
COMMIT = "668cb104692b30d537b07f3721df9956d073d343"

Call = Callable[[GitCode], Any]


def sample(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Case:
    """One call: what goes out and what stands in the answer; `answer` is a sample's name."""

    call: Call
    request: str
    answer: str
    sends: Any = None
    gives: str = "as it is"


CASES = {
    "01": Case(
        lambda it: it.tree(R, COMMIT, recursive=True),
        f"GET /repos/docks/ship/git/trees/{COMMIT}?recursive=1&page=1&per_page=100",
        "01.response",
        gives="tree",
    ),
    "02": Case(
        lambda it: it.contents(R, "码头/Note 2.md", ref="a/b"),
        "GET /repos/docks/ship/contents/码头/Note 2.md?ref=a/b",
        "02.response",
    ),
    "03": Case(
        lambda it: it.file_list(R, name="/test.rs", ref="main"),
        "GET /repos/docks/ship/file_list?ref_name=main&file_name=/test.rs",
        "03.response",
    ),
    "04": Case(
        lambda it: it.create_file(R, "a/b", b"hello", message="m", branch="dev", author=Author("n", "e@x")),
        "POST /repos/docks/ship/contents/a/b",
        "04.response",
        {"content": "aGVsbG8=", "message": "m", "branch": "dev", "author[name]": "n", "author[email]": "e@x"},
    ),
    "05": Case(
        lambda it: it.update_file(R, "a", b"hello", sha=COMMIT, message="m"),
        "PUT /repos/docks/ship/contents/a",
        "05.response",
        {"content": "aGVsbG8=", "sha": COMMIT, "message": "m"},
    ),
    "06": Case(
        lambda it: it.delete_file(R, "a", sha=COMMIT, message="m", branch="dev"),
        "DELETE /repos/docks/ship/contents/a",
        "06.response",
        {"sha": COMMIT, "message": "m", "branch": "dev"},
    ),
    "07": Case(lambda it: it.blob(R, COMMIT), f"GET /repos/docks/ship/git/blobs/{COMMIT}", "07.response"),
    "08": Case(lambda it: it.languages(R), "GET /repos/docks/ship/languages", "08.response"),
    "09": Case(
        lambda it: it.contributors(R, kind=ContributorKind.COMMITTERS),
        "GET /repos/docks/ship/contributors?type=committers&page=1&per_page=100",
        "09.response",
    ),
    "10": Case(
        lambda it: it.set_modules(R, has_wiki=False, has_fork=True),
        "PUT /repos/docks/ship/module/setting",
        "10.response",
        {"has_wiki": False, "has_fork": True},
        gives="nothing",
    ),
    "11": Case(
        lambda it: it.update_repository(R, name="n", private=False, default_branch="dev", lfs_enabled=True),
        "PATCH /repos/docks/ship",
        "11.response",
        {"name": "n", "private": False, "default_branch": "dev", "lfs_enabled": True},
    ),
    "12": Case(
        lambda it: it.set_reviewers(R, assignees=["a", "b"], testers_number=1),
        "PUT /repos/docks/ship/reviewer",
        "12.response",
        {"assignees": "a,b", "testers_number": 1},
    ),
    "13": Case(
        lambda it: it.archive_repository(R, password=Secret("pw")),
        "PUT /org/docks/repo/ship/status",
        "13.response",
        {"status": 2, "password": "pw"},
        gives="nothing",
    ),
    "13 back": Case(
        lambda it: it.reopen_repository(R),
        "PUT /org/docks/repo/ship/status",
        "13.response",
        {"status": 0},
        gives="nothing",
    ),
    "14": Case(
        lambda it: it.transfer_to_organization(R, organization="o", password=Secret("pw")),
        "POST /org/docks/projects/ship/transfer",
        "14.response",
        {"transfer_to": "o", "password": "pw"},
        gives="nothing",
    ),
    "15": Case(lambda it: it.members_of(R), "GET /repos/docks/ship/transition", "15.response", gives="mode"),
    "16": Case(
        lambda it: it.set_members_of(R, MembersOf.REPOSITORY),
        "PUT /repos/docks/ship/transition",
        "16.response",
        {"mode": 2},
        gives="nothing",
    ),
    "17": Case(
        lambda it: it.set_push_rules(R, deny_force_push=True, max_file_size=10),
        "PUT /repos/docks/ship/push_config",
        "17.response",
        {"deny_force_push": True, "max_file_size": 10},
    ),
    "18": Case(lambda it: it.push_rules(R), "GET /repos/docks/ship/push_config", "18.response"),
    "20": Case(
        lambda it: it.create_repository("4", organization="xiaogang", private=True, auto_init=True),
        "POST /orgs/xiaogang/repos",
        "20.response",
        {"name": "4", "private": True, "auto_init": True},
    ),
    "21": Case(
        lambda it: it.fork(R, organization="o", name="n", path="p"),
        "POST /repos/docks/ship/forks",
        "21.response",
        {"organization": "o", "name": "n", "path": "p"},
    ),
    "22": Case(
        lambda it: it.forks(R, order=ForkOrder.NEWEST, created_after=datetime(2024, 1, 2, tzinfo=UTC)),
        "GET /repos/docks/ship/forks?sort=newest&created_after=2024-01-02T00:00:00+00:00&page=1&per_page=100",
        "22.response",
    ),
    "23": Case(
        lambda it: it.upload_image(R, "2.png", b"\x89PNG"),
        "POST /repos/docks/ship/img/upload",
        "23.response",
        {"body": b64encode(b"\x89PNG").decode(), "file_name": "2.png"},
    ),
    "25": Case(lambda it: it.subscribers(R), "GET /repos/docks/ship/subscribers?page=1&per_page=100", "25.response"),
    "26": Case(lambda it: it.stargazers(R), "GET /repos/docks/ship/stargazers?page=1&per_page=100", "26.response"),
    "27": Case(
        lambda it: it.set_repository_settings(R, disable_fork=True, forbidden_developer_create_branch_user_ids=[1, 2]),
        "PUT /repos/docks/ship/repo_settings",
        "27.response",
        {"disable_fork": True, "forbidden_developer_create_branch_user_ids": "1,2"},
    ),
    "28": Case(lambda it: it.repository_settings(R), "GET /repos/docks/ship/repo_settings", "28.response"),
    "29": Case(lambda it: it.pull_request_settings(R), "GET /repos/docks/ship/pull_request_settings", "29.response"),
    "30": Case(
        lambda it: it.set_pull_request_settings(R, merge_method=MergeMethod.FAST_FORWARD, approval_approver_ids=[]),
        "PUT /repos/docks/ship/pull_request_settings",
        "30.response",
        {"merge_method": "ff", "approval_approver_ids": ""},
    ),
    "31": Case(
        lambda it: it.create_repository("4", path="four", import_url="https://x/y.git"),
        "POST /user/repos",
        "31.response",
        {"name": "4", "path": "four", "import_url": "https://x/y.git"},
    ),
    "32": Case(
        lambda it: it.set_member_role(R, "xiaogang2", Role.CUSTOMIZED, customized_role="e6cd"),
        "PUT /repos/docks/ship/members/xiaogang2",
        "32.response",
        {"permission": "customized", "role_id": "e6cd"},
    ),
    "33": Case(
        lambda it: it.transfer_repository(R, new_owner="tiandi", new_name="new_repo_name"),
        "POST /repos/docks/ship/transfer",
        "33.response",
        {"new_owner": "tiandi", "new_name": "new_repo_name"},
    ),
    "34": Case(lambda it: it.customized_roles(R), "GET /repos/docks/ship/customized_roles", "34.response"),
    "35": Case(
        lambda it: it.download_statistics(R, start=date(2024, 1, 11), end=date(2024, 12, 11), ascending=True),
        "GET /repos/docks/ship/download_statistics?start_date=2024-01-11&end_date=2024-12-11&direction=asc",
        "35.response",
    ),
    "37": Case(
        lambda it: it.contributor_statistics(
            R, author="test", only_me=True, since=date(2024, 12, 5), until=datetime(2024, 12, 9, tzinfo=UTC), ref="main"
        ),
        "GET /repos/docks/ship/contributors/statistic"
        "?author=test&current_user=true&since=2024-12-05&until=2024-12-09 08:00:00&ref_name=main",
        "37.response",
    ),
    "38": Case(
        lambda it: it.events(R, kind=EventFilter.TEAM, before=date(2024, 11, 19)),
        "GET /repos/docks/ship/events?filter=team&before=2024-11-19&page=1&per_page=100",
        "38.response",
        gives="events",
    ),
    "user": Case(lambda it: it.user(), "GET /user", "user.later"),
    "a user": Case(lambda it: it.find_user("Mavan"), "GET /users/Mavan", "users-login.later"),
    "repository": Case(lambda it: it.repository("team/docks/ship"), "GET /repos/team/docks/ship", "repository.later"),
    "branch": Case(lambda it: it.branch(R, "fix/7"), "GET /repos/docks/ship/branches/fix/7", "branch.later"),
    "branch made": Case(
        lambda it: it.create_branch(R, "fix/7", start="main"),
        "POST /repos/docks/ship/branches",
        "branch-created.later",
        {"branch_name": "fix/7", "refs": "main"},
    ),
    "tag made": Case(
        lambda it: it.create_tag(R, "v1", start="main", message="one"),
        "POST /repos/docks/ship/tags",
        "tag-created.later",
        {"tag_name": "v1", "refs": "main", "tag_message": "one"},
    ),
    "commit": Case(
        lambda it: it.commit(R, "main", with_patches=True),
        "GET /repos/docks/ship/commits/main?show_diff=true",
        "commit.later",
    ),
}

LISTS: dict[str, tuple[Call, str, str]] = {
    "branches": (lambda it: it.branches(R), "/repos/docks/ship/branches", "branches.later"),
    "tags": (lambda it: it.tags(R), "/repos/docks/ship/tags", "tags.later"),
    "mine": (lambda it: it.my_repositories(), "/user/repos", "user-repos.later"),
    "a user's": (lambda it: it.repositories_of("x"), "/users/x/repos", "users-login-repos.later"),
    "an organization's": (lambda it: it.repositories_of_organization("x"), "/orgs/x/repos", "orgs-repos.later"),
    "starred": (lambda it: it.starred(), "/user/starred", "user-starred.later"),
    "watched": (lambda it: it.watched(), "/user/subscriptions", "user-starred.later"),
    "organizations": (lambda it: it.organizations(), "/users/orgs", "users-orgs.later"),
    "members": (lambda it: it.organization_members("x"), "/orgs/x/members", "orgs-members.later"),
}

SILENT: dict[str, tuple[Call, str]] = {
    "19": (lambda it: it.delete_repository(R), "DELETE /repos/docks/ship"),
    "branch": (lambda it: it.delete_branch(R, "fix/7"), "DELETE /repos/docks/ship/branches/fix/7"),
    "tag": (lambda it: it.delete_tag(R, "v1"), "DELETE /repos/docks/ship/tags/v1"),
    "star": (lambda it: it.star(R), "PUT /user/starred/docks/ship"),
    "unstar": (lambda it: it.unstar(R), "DELETE /user/starred/docks/ship"),
    "watch": (lambda it: it.watch(R), "PUT /user/subscriptions/docks/ship"),
    "unwatch": (lambda it: it.unwatch(R), "DELETE /user/subscriptions/docks/ship"),
}


@pytest.fixture
def time_() -> SteeredClock:
    return SteeredClock()


@pytest.fixture
def session(recording_server: RecordingServer, time_: SteeredClock) -> Iterator[Session]:
    with Session(named=[recording_server.url], clock=time_.clock, jitter=lambda: 0.0, patience=PATIENCE) as session:
        yield session


@pytest.fixture
def gitcode(recording_server: RecordingServer, session: Session, time_: SteeredClock) -> GitCode:
    return GitCode(TOKEN, recording_server.url, session=session, now=time_.now)


def asked(request: SeenRequest) -> str:
    return f"{request.method} {unquote(request.target.replace('+', ' ')).removeprefix('/api/v5')}"


def given(result: Any) -> Any:
    return as_received(list(result) if isinstance(result, GeneratorType) else result)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_call_sends_what_the_document_says_and_reads_its_sample(
    recording_server: RecordingServer, gitcode: GitCode, case: Case
) -> None:
    answer = sample(case.answer)
    recording_server.replies = [json_reply(answer, headers={"total_count": "1", "total_page": "1"})]

    result = given(case.call(gitcode))

    [request] = recording_server.requests
    expected = {"nothing": None, "mode": MembersOf.ORGANIZATION}.get(case.gives, answer)
    assert asked(request) == case.request
    assert (json.loads(request.body) if request.body else None) == case.sends
    assert result == (answer[case.gives] if case.gives in {"tree", "events"} else expected)


@pytest.mark.parametrize(("call", "path", "answer"), LISTS.values(), ids=LISTS)
def test_a_list_is_read_page_by_page(
    recording_server: RecordingServer, gitcode: GitCode, call: Call, path: str, answer: str
) -> None:
    recording_server.replies = [json_reply([sample(answer)], headers={"total_count": "1", "total_page": "1"})]

    result = given(call(gitcode))

    assert [asked(request) for request in recording_server.requests] == [f"GET {path}?page=1&per_page=100"]
    assert result == [sample(answer)]


@pytest.mark.parametrize(("call", "request_"), SILENT.values(), ids=SILENT)
def test_what_answers_nothing_is_done_without_a_body(
    recording_server: RecordingServer, gitcode: GitCode, call: Call, request_: str
) -> None:
    recording_server.replies = [Reply(204)]

    assert call(gitcode) is None

    assert [(asked(request), request.body) for request in recording_server.requests] == [(request_, b"")]


def test_a_slash_within_a_name_is_no_slash_of_the_address(recording_server: RecordingServer, gitcode: GitCode) -> None:
    recording_server.replies = [Reply(204)]

    gitcode.delete_branch("team/docks/ship", "fix/7")

    assert recording_server.requests[0].target == "/api/v5/repos/team%2Fdocks/ship/branches/fix%2F7"


@pytest.mark.parametrize("path", ["../x", "a/../b", "a//b", "./a", ""])
def test_a_path_that_leads_elsewhere_is_not_asked(
    recording_server: RecordingServer, gitcode: GitCode, path: str
) -> None:
    with pytest.raises(NotFound):
        gitcode.raw(R, path)

    assert recording_server.requests == []


@pytest.mark.parametrize("repository", ["ship", "/ship", "docks/", ""])
def test_a_repository_without_an_owner_is_a_mistake_of_the_caller(gitcode: GitCode, repository: str) -> None:
    with pytest.raises(ValueError, match="owner/name"):
        gitcode.repository(repository)


def test_a_directory_is_a_list_and_the_root_has_no_path(recording_server: RecordingServer, gitcode: GitCode) -> None:
    entry = {key: value for key, value in sample("02.response").items() if key not in {"content", "encoding"}}
    recording_server.replies = [json_reply([{**entry, "type": "dir"}])]

    listed = gitcode.contents(R)

    assert isinstance(listed, list)
    assert [(row.type, row.decoded) for row in listed] == [("dir", b"")]
    assert asked(recording_server.requests[0]) == "GET /repos/docks/ship/contents"


def test_a_files_content_is_decoded(recording_server: RecordingServer, gitcode: GitCode) -> None:
    recording_server.replies = [json_reply(sample("02.response"))]

    content = gitcode.contents(R, "Note2.md")

    assert isinstance(content, Content)
    assert content.decoded == b"%u6D4B%u8BD5webhook"


def test_content_that_is_no_base64_is_named(recording_server: RecordingServer, gitcode: GitCode) -> None:
    recording_server.replies = [json_reply({**sample("07.response"), "content": "你好"})]

    with pytest.raises(UnknownShape, match=r"Blob\.content"):
        _ = gitcode.blob(R, COMMIT).decoded


def test_a_raw_file_is_its_bytes(recording_server: RecordingServer, gitcode: GitCode) -> None:
    recording_server.replies = [Reply(body=b"\x00\xff", headers={"Content-Type": "application/octet-stream"})]

    assert gitcode.raw(R, "a b.bin", ref="main") == b"\x00\xff"
    assert recording_server.requests[0].target == "/api/v5/repos/docks/ship/raw/a%20b.bin?ref=main"


def test_an_archive_is_written_as_it_comes(recording_server: RecordingServer, gitcode: GitCode) -> None:
    recording_server.replies = [Reply(body=b"PK" * 3_000_000)]
    into = io.BytesIO()

    assert gitcode.download_archive(R, into, ref="main", kind=ArchiveFormat.TAR_GZ) == 6_000_000
    assert into.getvalue() == b"PK" * 3_000_000
    assert asked(recording_server.requests[0]) == "GET /repos/docks/ship/archive?ref=main&format=tar.gz"


def test_a_file_is_uploaded_as_a_form_has_it(recording_server: RecordingServer, gitcode: GitCode) -> None:
    recording_server.replies = [json_reply(sample("24.response"))]

    assert as_received(gitcode.upload_file(R, '码"头\r\n.txt', b"--x\r\n")) == sample("24.response")

    [request] = recording_server.requests
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    assert request.body.startswith(b"--" + boundary + b"\r\n")
    assert 'name="file"; filename="码%22头%0D%0A.txt"'.encode() in request.body
    assert request.body.endswith(b"\r\n\r\n--x\r\n\r\n--" + boundary + b"--\r\n")


def test_a_list_that_holds_less_than_it_announces_is_given_and_then_an_error(
    recording_server: RecordingServer, gitcode: GitCode
) -> None:
    recording_server.replies = [json_reply([sample("branches.later")], headers={"total_count": "2"})]
    given_: list[str] = []

    with pytest.raises(UnknownShape, match="does not add up"):
        given_.extend(branch.name for branch in gitcode.branches(R))

    assert given_ == ["main"]


def test_one_row_that_cannot_be_read_does_not_hide_the_others(
    recording_server: RecordingServer, gitcode: GitCode
) -> None:
    rows = [{"name": "odd"}, sample("branches.later")]
    recording_server.replies = [json_reply(rows, headers={"total_count": "2"})]
    given_: list[str] = []

    with pytest.raises(UnknownShape, match=r"Branch\.commit"):
        given_.extend(branch.name for branch in gitcode.branches(R))

    assert given_ == ["main"]


def test_a_star_that_is_not_there_is_none(recording_server: RecordingServer, gitcode: GitCode) -> None:
    recording_server.replies = [Reply(204), json_reply({"message": "404 Not Found"}, 404)]

    assert (gitcode.has_starred(R), gitcode.is_watching(R)) == (True, False)


# --- histories and trees


def commits(count: int) -> list[dict[str, Any]]:
    return [{**sample("commits.later"), "sha": f"{number:040x}"} for number in range(count)]


def paged(rows: list[Any], *, counts: bool) -> Callable[[SeenRequest], Reply]:
    def reply(request: SeenRequest) -> Reply:
        query = dict(pair.split("=") for pair in request.target.partition("?")[2].split("&"))
        number, size = int(query.get("page", 1)), int(query["per_page"])
        headers = {"total_count": str(len(rows)), "total_page": str(-(-len(rows) // size))} if counts else {}
        return json_reply(rows[(number - 1) * size : number * size], headers=headers)

    return reply


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_a_history_is_that_of_the_commit_that_the_branch_was_at(
    recording_server: RecordingServer, gitcode: GitCode, count: int, counts: bool
) -> None:
    recording_server.handler = paged(commits(count), counts=counts)

    read = [commit.sha for commit in gitcode.commits(R, ref="main")]

    first, *rest = recording_server.requests
    assert read == [row["sha"] for row in commits(count)]
    assert asked(first) == "GET /repos/docks/ship/commits?sha=main&per_page=1"
    assert all(f"sha={0:040x}&" in request.target for request in rest)


def test_a_history_that_ends_before_what_was_announced_is_an_error(
    recording_server: RecordingServer, gitcode: GitCode
) -> None:
    recording_server.replies = [
        json_reply(commits(2), headers={"total_count": "3"}),
        json_reply([], headers={"total_count": "3"}),
    ]

    with pytest.raises(UnknownShape, match="3 rows were announced and 2 came"):
        list(gitcode.commits(R, ref=COMMIT))


def test_a_tree_of_a_branch_is_that_of_one_commit(recording_server: RecordingServer, gitcode: GitCode) -> None:
    recording_server.replies = [
        json_reply(commits(1)),
        json_reply(sample("01.response"), headers={"total_count": "1"}),
    ]

    assert [entry.path for entry in gitcode.tree(R, "fix/7")] == ["a/b"]
    assert recording_server.requests[1].target.startswith(f"/api/v5/repos/docks/ship/git/trees/{0:040x}?")


def test_events_that_move_to_the_next_page_meanwhile_come_once(
    recording_server: RecordingServer, gitcode: GitCode
) -> None:
    one, two, three = ({**sample("38.response")["events"][0], "action": number} for number in (1, 2, 3))
    recording_server.replies = [
        json_reply({"events": [one, two], "has_next_page": True}),
        json_reply({"events": [two, three], "has_next_page": False}),
    ]

    assert [event.action for event in gitcode.events(R)] == [1, 2, 3]


# --- failures


def said(code: int, name: str, message: str) -> dict[str, object]:
    return {"error_code": code, "error_code_name": name, "error_message": message}


EXISTS = said(400, "UN_KNOW", "The path cannot be created: X ,because X already exist.")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, said(401, "UNAUTHORIZED", "401, token not found"), CredentialRefused),
        (404, said(404, "error", "404, token not found"), CredentialRefused),
        (401, {"message": "401 Unauthorized"}, CredentialRefused),
        (403, said(403, "FORBIDDEN", "no scopes:read_user"), Refused),
        (400, said(400, "UN_KNOW", "403 Forbidden - You don't have the authority"), Refused),
        (404, said(404, "UN_KNOW", "Project not found"), NotFound),
        (400, said(404, "UN_KNOW", "404 Not Found Commit"), NotFound),
        (404, {"message": "404 Not Found"}, NotFound),
        (404, "<html>", NotFound),
        (400, EXISTS, Conflict),
        (400, said(409, "UN_KNOW", "it has changed"), Conflict),
        (409, {"message": "conflict"}, Conflict),
        (400, said(1000, "PARAMETER_ERROR", "must not be blank"), GitCodeFailed),
        (418, "<html>no</html>", GitCodeFailed),
        (200, said(404, "UN_KNOW", "Project not found"), NotFound),
    ],
)
def test_a_failure_is_of_the_kind_that_says_what_can_be_done(
    recording_server: RecordingServer, gitcode: GitCode, status: int, body: Any, kind: type[MatouError]
) -> None:
    recording_server.replies = [Reply(status, (body if isinstance(body, str) else json.dumps(body)).encode())]

    with pytest.raises(kind) as caught:
        gitcode.repository(R)

    assert type(caught.value) is not MatouError
    assert len(recording_server.requests) == 1
    assert (body if isinstance(body, str) else str(body.get("error_message", body.get("message")))) in str(caught.value)


@pytest.mark.parametrize("body", [{}, said(429, "TOO_MANY_REQUESTS", "too many")])
def test_too_many_requests_say_how_long_to_wait(
    recording_server: RecordingServer, gitcode: GitCode, body: object
) -> None:
    recording_server.replies = [json_reply(body, 429, {"Retry-After": "17"})]

    with pytest.raises(TryLater) as caught:
        gitcode.fork(R)

    assert caught.value.wait == timedelta(seconds=17)


def test_what_may_be_repeated_is_asked_again_after_the_wait(
    recording_server: RecordingServer, gitcode: GitCode, time_: SteeredClock
) -> None:
    recording_server.replies = [Reply(429, b"{}"), json_reply(sample("08.response"))]

    assert gitcode.languages(R) == {"Shell": 49.77, "Python": 50.23}
    assert time_.waits == [60]


@pytest.mark.parametrize(
    "call",
    [
        lambda it: it.fork(R),
        lambda it: it.create_repository("x"),
        lambda it: it.update_repository(R, path="y"),
        lambda it: it.update_file(R, "a", b"", sha=COMMIT, message="m"),
        lambda it: it.transfer_repository(R, new_owner="x"),
        lambda it: it.delete_repository(R),
    ],
)
def test_what_may_not_be_repeated_is_not(recording_server: RecordingServer, gitcode: GitCode, call: Call) -> None:
    recording_server.replies = [Reply(503, b"later")]

    with pytest.raises(TryLater):
        call(gitcode)

    assert len(recording_server.requests) == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>please log in</html>", UnknownShape),
        (b"", TryLater),
        (b'{"Python": 5', TryLater),
        (b"[" * 100_000, UnknownShape),
        (b'{"Python": NaN}', UnknownShape),
        (b'{"Python": 1e400}', UnknownShape),
        (b'{"Python": "\xff"}', UnknownShape),
        (b'{"Python": {}}', UnknownShape),
        (b"null", UnknownShape),
    ],
)
def test_an_answer_that_is_none_is_named(
    recording_server: RecordingServer, gitcode: GitCode, body: bytes, kind: type[MatouError]
) -> None:
    recording_server.replies = [Reply(body=body)]

    with pytest.raises(kind):
        gitcode.languages(R)


@pytest.mark.parametrize("body", [b"[" * 60_000, b"\xff\xfe", b"null", b'{"error_code": {}}'])
def test_a_failure_in_no_form_keeps_its_kind(recording_server: RecordingServer, gitcode: GitCode, body: bytes) -> None:
    recording_server.replies = [Reply(404, body)]

    with pytest.raises(NotFound):
        gitcode.languages(R)


# --- the token, the address, the pace


def test_the_token_goes_into_headers_and_nowhere_else(recording_server: RecordingServer, gitcode: GitCode) -> None:
    recording_server.replies = [Reply(400, f"you said {TOKEN}".encode())]

    with pytest.raises(MatouError) as caught:
        gitcode.user()

    [request] = recording_server.requests
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["private-token"] == TOKEN
    assert request.body == b""
    assert TOKEN not in request.target
    assert TOKEN not in f"{caught.value!r} {caught.value} {caught.value.__cause__} {gitcode.__dict__!r}"


def test_without_a_token_none_is_sent(recording_server: RecordingServer, session: Session) -> None:
    recording_server.replies = [json_reply(sample("repository.later"))]

    GitCode(None, recording_server.url, session=session).repository(R)

    assert not {"authorization", "private-token"} & recording_server.requests[0].headers.keys()


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "码头"])
def test_what_cannot_be_a_token_is_refused_unseen(token: str) -> None:
    with pytest.raises(UnusableToken) as caught:
        GitCode(token)

    assert not token or token not in str(caught.value)


@pytest.mark.parametrize(
    ("given_", "address"),
    [
        ("https://api.gitcode.com", "https://api.gitcode.com/api/v5"),
        ("https://api.gitcode.com/api/v5", "https://api.gitcode.com/api/v5"),
        ("https://api.gitcode.com/api/v5/", "https://api.gitcode.com/api/v5"),
        ("http://127.0.0.1:8585/", "http://127.0.0.1:8585/api/v5"),
        ("https://code.example/forge", "https://code.example/forge/api/v5"),
    ],
)
def test_an_address_is_good_with_the_apis_path_and_without(given_: str, address: str) -> None:
    assert api_address(given_) == address


def test_gitcode_itself_is_asked_no_more_than_it_allows_in_any_minute() -> None:
    in_a_minute = PACE.burst + PACE.per_second * 60

    assert in_a_minute <= 50
    assert in_a_minute * 60 <= 4000


@pytest.mark.parametrize(("host", "waits"), [("api.gitcode.com", [1.5] * 5), ("code.example.org", [])])
def test_only_gitcode_itself_is_paced(
    recording_server: RecordingServer, time_: SteeredClock, host: str, waits: list[float]
) -> None:
    limiter = Limiter(monotonic=time_.clock.monotonic, per_second=PACE.per_second, burst=PACE.burst)
    recording_server.replies = [json_reply(sample("user.later"))]
    proxies = Proxies({"http": Secret(recording_server.url)}, "")
    with Session(named=[f"http://{host}"], clock=time_.clock, limiter=limiter, proxies=proxies) as session:
        client = GitCode(TOKEN, f"http://{host}", session=session)
        for _ in range(PACE.burst + 5):
            client.user()

    assert [round(wait, 6) for wait in time_.waits] == waits
