"""Every method of the client: what it sends, and that it reads what GitCode's document shows for an answer."""

import io
import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest

from matou import GitCode
from matou.credentials import Secret
from matou.errors import NotFound, UnknownShape
from matou.platforms.gitcode.changes import (
    ModuleChange,
    PullRequestSettingsChange,
    PushRuleChange,
    RepositorySettingsChange,
    ReviewerChange,
)
from matou.platforms.gitcode.enums import (
    ArchiveFormat,
    Author,
    ContributorKind,
    EventFilter,
    ForkSort,
    GitCodeRole,
    MembersOf,
    MergeMethod,
)
from matou.platforms.gitcode.wire import Content, as_received
from support.gitcode_calls import COMMIT, Call, R, given, requests_seen, sample
from support.recording_server import RecordingServer, Reply, json_reply


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
        lambda it: it.set_modules(R, ModuleChange(has_wiki=False, has_fork=True)),
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
        lambda it: it.set_reviewers(R, ReviewerChange(assignees=["a", "b"], testers_number=1)),
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
        lambda it: it.set_push_rules(R, PushRuleChange(deny_force_push=True, max_file_size=10)),
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
        lambda it: it.forks(R, order=ForkSort.NEWEST, created_after=datetime(2024, 1, 2, tzinfo=UTC)),
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
        lambda it: it.set_repository_settings(
            R, RepositorySettingsChange(disable_fork=True, forbidden_developer_create_branch_user_ids=[1, 2])
        ),
        "PUT /repos/docks/ship/repo_settings",
        "27.response",
        {"disable_fork": True, "forbidden_developer_create_branch_user_ids": "1,2"},
    ),
    "28": Case(lambda it: it.repository_settings(R), "GET /repos/docks/ship/repo_settings", "28.response"),
    "29": Case(lambda it: it.pull_request_settings(R), "GET /repos/docks/ship/pull_request_settings", "29.response"),
    "30": Case(
        lambda it: it.set_pull_request_settings(
            R, PullRequestSettingsChange(merge_method=MergeMethod.FAST_FORWARD, approval_approver_ids=[])
        ),
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
        lambda it: it.set_member_role(R, "xiaogang2", GitCodeRole.CUSTOMIZED, customized_role="e6cd"),
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


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_call_sends_what_the_document_says_and_reads_its_sample(
    recording_server: RecordingServer, gitcode: GitCode, case: Case
) -> None:
    answer = sample(case.answer)
    recording_server.replies = [json_reply(answer, headers={"total_count": "1", "total_page": "1"})]

    result = given(case.call(gitcode))

    [request] = recording_server.requests
    expected = {"nothing": None, "mode": MembersOf.ORGANIZATION}.get(case.gives, answer)
    assert requests_seen(request) == case.request
    assert (json.loads(request.body) if request.body else None) == case.sends
    assert result == (answer[case.gives] if case.gives in {"tree", "events"} else expected)


@pytest.mark.parametrize(("call", "path", "answer"), LISTS.values(), ids=LISTS)
def test_a_list_is_read_page_by_page(
    recording_server: RecordingServer, gitcode: GitCode, call: Call, path: str, answer: str
) -> None:
    recording_server.replies = [json_reply([sample(answer)], headers={"total_count": "1", "total_page": "1"})]

    result = given(call(gitcode))

    assert [requests_seen(request) for request in recording_server.requests] == [f"GET {path}?page=1&per_page=100"]
    assert result == [sample(answer)]


@pytest.mark.parametrize(("call", "request_"), SILENT.values(), ids=SILENT)
def test_what_answers_nothing_is_done_without_a_body(
    recording_server: RecordingServer, gitcode: GitCode, call: Call, request_: str
) -> None:
    recording_server.replies = [Reply(204)]

    assert call(gitcode) is None

    assert [(requests_seen(request), request.body) for request in recording_server.requests] == [(request_, b"")]


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
    assert requests_seen(recording_server.requests[0]) == "GET /repos/docks/ship/contents"


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
    assert requests_seen(recording_server.requests[0]) == "GET /repos/docks/ship/archive?ref=main&format=tar.gz"


def test_a_file_is_uploaded_as_a_form_has_it(recording_server: RecordingServer, gitcode: GitCode) -> None:
    recording_server.replies = [json_reply(sample("24.response"))]

    assert as_received(gitcode.upload_file(R, '码"头\r\n.txt', b"--x\r\n")) == sample("24.response")

    [request] = recording_server.requests
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    assert request.body.startswith(b"--" + boundary + b"\r\n")
    assert 'name="file"; filename="码%22头%0D%0A.txt"'.encode() in request.body
    assert request.body.endswith(b"\r\n\r\n--x\r\n\r\n--" + boundary + b"--\r\n")


def test_a_star_that_is_not_there_is_none(recording_server: RecordingServer, gitcode: GitCode) -> None:
    recording_server.replies = [Reply(204), json_reply({"message": "404 Not Found"}, 404)]

    assert (gitcode.has_starred(R), gitcode.is_watching(R)) == (True, False)
