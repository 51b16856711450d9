"""A GitLab API v4 that a test directs: who owns what, groups in groups, lists from an id on, pages that are counted."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from support.v5_account import Answer, ReceivedRequest, V5Account, answer, serving_account

TOKEN = "glpat-s3cr3tGitLabT0ken"
API = "/api/v4"
CAPTAIN = {"id": 898013, "username": "captain", "name": "The Captain", "state": "active"}
MOMENT = "2024-07-29T07:42:45.000Z"
TOTALS = ("X-Total", "X-Total-Pages")
USERS = 40_000
"""Where the ids of namespaces begin that are users' own: they are of one kind with those of groups."""


@dataclass
class GitLabAccount(V5Account):
    """An account at a GitLab; namespaces are its groups, and whoever owns something.

    Attributes:
        unlisted: groups that no list has, which may be asked for by their ids.
        snippets: by the path of their project; one's own by an empty one.
        strange: the ids of projects that the account is no member of, and has starred.
    """

    strange: set[int] = field(default_factory=set)

    unlisted: set[int] = field(default_factory=set)
    snippets: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{self.origin}{API}"

    def group(self, path: str, within: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A group within another one; `path` is its own part."""
        above = f"{within['path']}/" if within else ""
        group = self.namespace(f"{above}{path}")
        group["parent_id"] = within["id"] if within else None
        return group

    def snippet(self, number: int, project: Mapping[str, Any] | None = None, **values: Any) -> dict[str, Any]:
        within = f"/{project['full_name']}" if project else ""
        row = {
            "id": number,
            "title": "一段代码",
            "file_name": "crane.c",
            "description": None,
            "visibility": "private",
            "author": CAPTAIN,
            "project_id": project["id"] if project else None,
            "web_url": f"{self.origin}{within}/-/snippets/{number}",
            "ssh_url_to_repo": f"git@gitlab.example:{within.lstrip('/')}/snippets/{number}.git",
            "http_url_to_repo": f"{self.origin}{within}/snippets/{number}.git",
            "created_at": MOMENT,
            "updated_at": MOMENT,
            **values,
        }
        self.snippets.setdefault(project["full_name"] if project else "", []).append(row)
        return row

    def _of_repository(self, namespace: Mapping[str, Any], full_name: str) -> dict[str, Any]:
        return {
            "path_with_namespace": full_name,
            "description": None,
            "visibility": "private",
            "http_url_to_repo": f"{self.origin}/{full_name}.git",
            "default_branch": "main",
            "archived": False,
            "issues_enabled": True,
            "issues_access_level": "enabled",
            "merge_requests_enabled": True,
            "merge_requests_access_level": "enabled",
            "wiki_enabled": True,
            "wiki_access_level": "enabled",
            "snippets_enabled": True,
            "snippets_access_level": "enabled",
            "last_activity_at": MOMENT,
            "created_at": MOMENT,
        }

    def _in_the_api(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer | None:
        if not path.startswith(f"{API}/"):
            return None
        below, shown = path.removeprefix(API), headers.get("authorization")
        self.requests_seen.append(ReceivedRequest(below, query, shown))
        if below == "/projects" and self.stumbles:
            return self.stumbles.popleft()
        if shown != f"Bearer {TOKEN}":
            return answer({"message": "401 Unauthorized"}, 401)
        if below in self.always:
            return self.always[below]
        return self._right_answer(below, query)

    def _right_answer(self, path: str, query: Mapping[str, str]) -> Answer:
        given = self._lists(query).get(path)
        if given is not None:
            return given()
        match path.split("/"):
            case ["", "groups", id_]:
                return self._one(self.namespaces.get(int(id_)), "404 Group Not Found")
            case ["", "groups", id_, "members", "all"]:
                return self._page(self.members.get(self.namespaces[int(id_)]["path"], []), query, names=TOTALS)
            case ["", "projects", id_, "snippets"]:
                rows = self.snippets.get(self.repositories[int(id_)]["full_name"], [])
                return self._page(rows, query, names=TOTALS)
            case ["", "namespaces", login] if login == CAPTAIN["username"]:
                return answer(self._namespace({"id": USERS, "path": login, "type": "user"}))
        return answer({"message": "404 Not Found"}, 404)

    def _lists(self, query: Mapping[str, str]) -> dict[str, Callable[[], Answer]]:
        everyone = [row for rows in self.snippets.values() for row in rows]
        groups = [one for one in self.namespaces.values() if one["type"] == "group" and one["id"] not in self.unlisted]
        return {
            "/user": lambda: answer(CAPTAIN),
            "/groups": lambda: self._page([self._group(one) for one in groups], query, names=TOTALS),
            "/projects": lambda: self._projects(query),
            "/snippets": lambda: self._page(everyone, query, names=TOTALS),
        }

    def _one(self, namespace: Mapping[str, Any] | None, missing: str) -> Answer:
        return answer({"message": missing}, 404) if namespace is None else answer(self._group(namespace))

    def _projects(self, query: Mapping[str, str]) -> Answer:
        assert (query["order_by"], query["sort"]) == ("id", "asc")
        is_own = query.get("membership") == "true"
        assert is_own or query["starred"] == "true"
        chosen = [row for row in self.repositories.values() if (row["id"] not in self.strange) is is_own]
        after = [row for row in chosen if row["id"] > int(query["id_after"])]
        rows = [
            {**row, "path": row["name"], "name": f"The {row['name']}", "namespace": self._namespace(row["namespace"])}
            for row in after
        ]
        return self._page(rows, query, uncounted=self.uncounted, names=TOTALS)

    def _group(self, namespace: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "id": namespace["id"],
            "name": namespace["path"],
            "path": namespace["path"],
            "full_path": namespace["path"],
            "parent_id": namespace.get("parent_id"),
            "description": "",
            "visibility": "private",
            "avatar_url": self.avatars.get(namespace["path"]),
            "created_at": MOMENT,
        }

    def _namespace(self, namespace: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "id": namespace["id"],
            "name": namespace["path"],
            "path": namespace["path"],
            "kind": namespace["type"],
            "full_path": namespace["path"],
            "parent_id": namespace.get("parent_id"),
            "avatar_url": None,
            "web_url": f"{self.origin}/{namespace['path']}",
        }

    def _without_wiki(self) -> Answer:
        return Answer(404, b"The project you were looking for could not be found.")


@contextmanager
def running_gitlab_account() -> Iterator[GitLabAccount]:
    with serving_account(GitLabAccount()) as account:
        yield account
