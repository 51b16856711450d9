"""A GitHub API that a test directs: who owns what, in pages that links lead through."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

from support.v5_account import BODY, Answer, ReceivedRequest, V5Account, answer, serving_account

TOKEN = "ghp_s3cr3tGitHubT0ken0123456789abcdefghij"
API = "/api/v3"
GRAPHQL = "/api/graphql"
CAPTAIN = {"id": 898013, "login": "captain", "name": "The Captain", "type": "User"}
MOMENT = "2024-07-29T07:42:45Z"


def failure(status: int, message: str) -> Answer:
    documentation = "https://docs.github.com/rest"
    return answer({"message": message, "documentation_url": documentation, "status": str(status)}, status)


@dataclass
class GitHubAccount(V5Account):
    """An account at a GitHub Enterprise Server; namespaces are its organizations, and whoever owns something.

    Attributes:
        spent: how many requests count against its limit: those of REST that are not answered with 304.
        queries: what answers a query of GraphQL, by a word that stands in it, from its variables; `graphql` else.
        queried: the variables of each that came.
    """

    spent: int = 0
    starred: list[dict[str, Any]] = field(default_factory=list)
    watched: list[dict[str, Any]] = field(default_factory=list)
    queries: dict[str, Callable[[dict[str, Any]], object]] = field(default_factory=dict)
    queried: list[dict[str, Any]] = field(default_factory=list)
    gists: list[dict[str, Any]] = field(default_factory=list)
    graphql: Answer = field(default_factory=lambda: failure(404, "Not Found"))
    _at: str = ""

    @property
    def url(self) -> str:
        return f"{self.origin}{API}"

    def owner(self, namespace: Mapping[str, Any]) -> dict[str, Any]:
        type_ = "User" if namespace["type"] == "user" else "Organization"
        return {"id": namespace["id"], "login": namespace["path"], "type": type_, "site_admin": False}

    def gist(self, id_: str, **values: Any) -> dict[str, Any]:
        times = {"created_at": MOMENT, "updated_at": MOMENT}
        own = {"id": id_, "public": False, "description": "密", "owner": CAPTAIN, "comments": 0}
        self.gists.append({**own, **times, "git_pull_url": f"{self.origin}/gist/{id_}.git", **values})
        return self.gists[-1]

    def _of_repository(self, namespace: Mapping[str, Any], full_name: str) -> dict[str, Any]:
        return {
            "owner": self.owner(namespace),
            "visibility": "private",
            "description": None,
            "fork": False,
            "html_url": f"{self.origin}/{full_name}",
            "clone_url": f"{self.origin}/{full_name}.git",
            "default_branch": "master",
            "has_issues": True,
            "has_wiki": True,
            "has_discussions": False,
            "has_projects": False,
            "permissions": {"admin": True, "maintain": True, "push": True, "triage": True, "pull": True},
            "pushed_at": MOMENT,
            "created_at": MOMENT,
        }

    def _in_the_api(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer | None:
        if path == GRAPHQL:
            return self._queried(headers[BODY])
        if not path.startswith(f"{API}/"):
            return None
        below, shown = path.removeprefix(API), headers.get("authorization")
        self.requests_seen.append(ReceivedRequest(below, query, shown))
        assert headers["user-agent"], "GitHub refuses who says nothing of himself"
        if below == "/user/repos" and self.stumbles:
            return self.stumbles.popleft()
        if shown != f"Bearer {TOKEN}":
            return failure(401, "Bad credentials")
        self._at = f"{self.url}{quote(below)}"
        given = self.always[below] if below in self.always else self._right_answer(below, query)
        return self._unless_known(given, headers.get("if-none-match"))

    def _queried(self, body: str) -> Answer:
        query = json.loads(body)
        for word, given in self.queries.items():
            if word in query["query"]:
                self.queried.append(query["variables"])
                return answer(given(query["variables"]))
        return self.graphql

    def _unless_known(self, given: Answer, known: str | None) -> Answer:
        """Its ETags are of the body alone; a 304 has nothing of it, and no word of where a list goes on."""
        etag = f'W/"{sha256(given.body).hexdigest()}"'
        if given.status == 200 and known == etag:
            return Answer(304, b"", {"ETag": etag})
        self.spent += 1
        return Answer(given.status, given.body, {**given.headers, **({"ETag": etag} if given.status == 200 else {})})

    def _right_answer(self, path: str, query: Mapping[str, str]) -> Answer:
        given = self._lists(query).get(path)
        if given is not None:
            return given()
        match path.split("/"):
            case ["", "orgs", login, "repos"]:
                return self._repositories_in(login, query)
            case ["", "orgs", login, "members"]:
                rows = [row for row in self.members.get(login, ()) if row["role"] == query["role"]]
                return self._page(rows, query)
        return failure(404, "Not Found")

    def _lists(self, query: Mapping[str, str]) -> dict[str, Callable[[], Answer]]:
        return {
            "/user": lambda: answer(CAPTAIN),
            "/user/orgs": lambda: self._page(self._organizations(), query),
            "/user/repos": lambda: self._own_repositories(query),
            "/user/starred": lambda: self._page(self.starred, query),
            "/user/subscriptions": lambda: self._page(self.watched, query),
            "/gists": lambda: self._page(self.gists, query),
        }

    def _organizations(self) -> list[dict[str, Any]]:
        groups = [one for one in self.namespaces.values() if one["type"] == "group"]
        return [
            {"id": one["id"], "login": one["path"], "description": "", "avatar_url": self.avatars.get(one["path"])}
            for one in groups
        ]

    def _page(
        self,
        rows: list[dict[str, Any]],
        query: Mapping[str, str],
        *,
        uncounted: int = 0,
        names: tuple[str, str] = ("", ""),
    ) -> Answer:
        number, size = int(query.get("page", 1)), min(int(query.get("per_page", 30)), 100)
        last = -(-(len(rows) + uncounted) // size)
        pages = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
        links = [
            f'<{self._at}?{urlencode({**query, "page": pages[name]})}>; rel="{name}"'
            for name in pages
            if (number < last if name in ("next", "last") else number > 1)
        ]
        headers = {"Link": ", ".join(links)} if links and self.counts else {}
        return answer(rows[(number - 1) * size : number * size], headers=headers)

    def _without_wiki(self) -> Answer:
        return Answer(404, b"Not Found")


@contextmanager
def running_github_account() -> Iterator[GitHubAccount]:
    with serving_account(GitHubAccount()) as account:
        yield account
