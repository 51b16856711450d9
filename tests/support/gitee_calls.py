"""The calls of Gitee's API v5 that our client offers: what each sends, and a sample of what is answered."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from matou import Gitee
from matou.model.platform import Visibility
from support.recording_server import SeenRequest

DATA = Path(__file__).parents[1] / "data" / "gitee"
TOKEN = "s3cr3tGiteeT0ken0123"
PASSWORD = "p+a&s%s w=örd"
R = "oschina/gitee-cli"
SINCE = datetime(2026, 11, 1, 8, tzinfo=UTC)
SINCE_TEXT = "2026-11-01T08:00:00+00:00"

Call = Callable[[Gitee], Any]


def sample(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def requests_seen(request: SeenRequest) -> str:
    return f"{request.method} {unquote(request.target)}"


def form(request: SeenRequest) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True))


@dataclass(frozen=True)
class Case:
    """One call: what goes out, and which sample stands in the answer; `is_list` where that is one without pages."""

    call: Call
    request: str
    answer: str
    sends: dict[str, str] | None = None
    is_list: bool = False

    @property
    def answers_many(self) -> bool:
        return self.is_list or "page=1" in self.request


REPOSITORIES = "visibility=all&affiliation=owner,collaborator,organization_member,enterprise_member,admin"
NEW = {"name": "Ship", "path": "ship", "description": "d"}

CASES = {
    "user": Case(lambda it: it.user(), "GET /user", "v5-user"),
    "namespaces": Case(lambda it: it.namespaces(), "GET /user/namespaces?mode=all&page=1&per_page=100", "v5-namespace"),
    "organizations": Case(lambda it: it.organizations(), "GET /user/orgs?page=1&per_page=100", "v5-organization"),
    "enterprises": Case(
        lambda it: it.enterprises(), "GET /user/enterprises?admin=false&page=1&per_page=100", "v5-enterprise"
    ),
    "repositories": Case(
        lambda it: it.repositories(),
        f"GET /user/repos?{REPOSITORIES}&sort=created&direction=asc&page=1&per_page=100",
        "v5-repository",
    ),
    "of organization": Case(
        lambda it: it.repositories_of_organization("oschina"),
        "GET /orgs/oschina/repos?type=all&page=1&per_page=100",
        "v5-repository",
    ),
    "of enterprise": Case(
        lambda it: it.repositories_of_enterprise("harbour"),
        "GET /enterprises/harbour/repos?type=all&direct=false&page=1&per_page=100",
        "v5-repository",
    ),
    "organization members": Case(
        lambda it: it.organization_members("oschina", role="admin"),
        "GET /orgs/oschina/members?role=admin&page=1&per_page=100",
        "v5-user",
    ),
    "enterprise members": Case(
        lambda it: it.enterprise_members("harbour"),
        "GET /enterprises/harbour/members?role=all&page=1&per_page=100",
        "v5-enterprise-member",
    ),
    "repository": Case(lambda it: it.repository(R), f"GET /repos/{R}", "v5-repository"),
    "branches": Case(lambda it: it.branches(R), f"GET /repos/{R}/branches?page=1&per_page=100", "v5-branch"),
    "issues": Case(
        lambda it: it.issues(R, since=SINCE),
        f"GET /repos/{R}/issues?state=all&sort=created&direction=asc&since={SINCE_TEXT}&page=1&per_page=100",
        "v5-issue",
    ),
    "issues of enterprise": Case(
        lambda it: it.issues_of_enterprise("harbour"),
        "GET /enterprises/harbour/issues?state=all&sort=created&direction=asc&page=1&per_page=100",
        "v5-issue",
    ),
    "comments of enterprise issue": Case(
        lambda it: it.comments_of_enterprise_issue("harbour", "I6D3AV"),
        "GET /enterprises/harbour/issues/I6D3AV/comments?page=1&per_page=100",
        "v5-note",
    ),
    "issue comments": Case(
        lambda it: it.issue_comments(R, since=SINCE),
        f"GET /repos/{R}/issues/comments?sort=created&direction=asc&since={SINCE_TEXT}&page=1&per_page=100",
        "v5-note",
    ),
    "comments of one issue": Case(
        lambda it: it.comments_of_issue(R, "I6D3AV"),
        f"GET /repos/{R}/issues/I6D3AV/comments?page=1&per_page=100",
        "v5-note",
    ),
    "issue log": Case(
        lambda it: it.issue_log(R, "I6D3AV"),
        "GET /repos/oschina/issues/I6D3AV/operate_logs?repo=gitee-cli&sort=asc",
        "v5-operate-log",
        is_list=True,
    ),
    "labels": Case(lambda it: it.labels(R), f"GET /repos/{R}/labels?page=1&per_page=100", "v5-label"),
    "labels of enterprise": Case(
        lambda it: it.labels_of_enterprise("harbour"),
        "GET /enterprises/harbour/labels?page=1&per_page=100",
        "v5-label",
    ),
    "milestones": Case(
        lambda it: it.milestones(R),
        f"GET /repos/{R}/milestones?state=all&direction=asc&page=1&per_page=100",
        "v5-milestone",
    ),
    "pull requests": Case(
        lambda it: it.pull_requests(R),
        f"GET /repos/{R}/pulls?state=all&sort=created&direction=asc&page=1&per_page=100",
        "v5-pull",
    ),
    "pull request comments": Case(
        lambda it: it.pull_request_comments(R, since=SINCE),
        f"GET /repos/{R}/pulls/comments?sort=created&direction=asc&since={SINCE_TEXT}&page=1&per_page=100",
        "v5-pull-comment",
    ),
    "comments of one pull request": Case(
        lambda it: it.comments_of_pull_request(R, 12),
        f"GET /repos/{R}/pulls/12/comments?page=1&per_page=100",
        "v5-pull-comment",
    ),
    "pull request log": Case(
        lambda it: it.pull_request_log(R, 12),
        f"GET /repos/{R}/pulls/12/operate_logs?sort=asc",
        "v5-operate-log",
        is_list=True,
    ),
    "commit comments": Case(
        lambda it: it.commit_comments(R), f"GET /repos/{R}/comments?order=asc&page=1&per_page=100", "v5-note"
    ),
    "releases": Case(lambda it: it.releases(R), f"GET /repos/{R}/releases?page=1&per_page=100", "v5-release"),
    "collaborators": Case(
        lambda it: it.collaborators(R), f"GET /repos/{R}/collaborators?page=1&per_page=100", "v5-collaborator"
    ),
    "hooks": Case(lambda it: it.hooks(R), f"GET /repos/{R}/hooks?page=1&per_page=100", "v5-hook"),
    "create an organization": Case(
        lambda it: it.create_organization("Docks", path="docks"),
        "POST /users/organization",
        "v5-organization",
        {"name": "Docks", "org": "docks"},
    ),
    "create": Case(
        lambda it: it.create_repository("Ship", path="ship", description="d", private=True),
        "POST /user/repos",
        "v5-repository",
        {**NEW, "private": "true", "has_wiki": "true"},
    ),
    "create in organization": Case(
        lambda it: it.create_organization_repository(
            "oschina", "Ship", path="ship", description="d", visibility=Visibility.PUBLIC
        ),
        "POST /orgs/oschina/repos",
        "v5-repository",
        {**NEW, "public": "1"},
    ),
    "create in enterprise": Case(
        lambda it: it.create_enterprise_repository(
            "harbour", "Ship", path="ship", description="d", visibility=Visibility.INTERNAL
        ),
        "POST /enterprises/harbour/repos",
        "v5-repository",
        {**NEW, "private": "2"},
    ),
    "update": Case(
        lambda it: it.update_repository(R, name="Ship", private=False, default_branch="dev"),
        f"PATCH /repos/{R}",
        "v5-repository",
        {"name": "Ship", "private": "false", "default_branch": "dev"},
    ),
}


def shown_of(answer: Any, read: Any) -> Any:
    """What was answered, without the keys that we do not read."""
    if not isinstance(answer, dict):
        return answer
    return {key: shown_of(answer.get(key), read[key]) for key in read}
