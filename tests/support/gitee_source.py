"""A Gitee API, v5 or v3, that a test directs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from support.v5_account import Answer, ReceivedRequest, V5Account, answer, serving_account

TOKEN = "s3cr3tGiteeT0ken0123456789abcdef"
CAPTAIN = {"id": 898013, "login": "captain", "name": "The Captain", "type": "User"}


def failure(status: int, message: str) -> Answer:
    return answer({"message": message}, status)


@dataclass
class GiteeSource(V5Account):
    """With enterprises besides organizations.

    Attributes:
        has_v5: whether anything is below `/api/v5`.
        projects: what v3 tells of.
    """

    has_v5: bool = True
    projects: dict[int, dict[str, Any]] = field(default_factory=dict)

    def _of_repository(self, namespace: Mapping[str, Any], full_name: str) -> dict[str, Any]:
        return {
            "human_name": f"{namespace['name']}/{full_name.rpartition('/')[2]}",
            "owner": CAPTAIN,
            "description": None,
            "fork": False,
            "html_url": f"{self.origin}/{full_name}.git",
            "ssh_url": f"git@gitee.com:{full_name}.git",
            "default_branch": "master",
            "has_wiki": True,
            "pushed_at": "2024-07-29T15:42:45+08:00",
            "created_at": "2024-07-29T15:42:45+08:00",
        }

    def project(self, path: str, **values: Any) -> dict[str, Any]:
        """A repository as v3 tells of it."""
        owner, _, name = path.partition("/")
        id_ = 7000 + len(self.projects)
        namespace = {"id": 100, "name": owner, "path": owner, "owner_id": 898013, "description": ""}
        times = {"created_at": "2013-12-25T18:03:20+08:00", "updated_at": "2013-12-25T18:03:20+08:00"}
        self.projects[id_] = {
            "id": id_,
            "name": name,
            "description": "",
            "default_branch": "master",
            "owner": {"id": 898013, "username": owner, "name": owner, "new_portrait": "", "created_at": ""},
            "public": False,
            "path": name,
            "path_with_namespace": path,
            "wiki_enabled": True,
            "created_at": "2014-08-10T22:46:22.000+08:00",
            "namespace": {**namespace, **times},
            "last_push_at": None,
            "fork?": False,
            **values,
        }
        return self.projects[id_]

    def _in_the_api(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer | None:
        if path.startswith("/api/v5") and self.has_v5:
            return self._within(path.removeprefix("/api/v5"), query, headers.get("authorization"), f"Bearer {TOKEN}")
        if path.startswith("/api/v3"):
            return self._within(path.removeprefix("/api"), query, headers.get("private-token"), TOKEN)
        return None

    def _within(self, below: str, query: Mapping[str, str], shown: str | None, right: str) -> Answer:
        self.requests_seen.append(ReceivedRequest(below, query, shown))
        if below in ("/user/repos", "/v3/projects") and self.stumbles:
            return self.stumbles.popleft()
        if shown != right:
            return failure(401, "401 Unauthorized: Access token does not exist")
        return self.always.get(below) or self._right_answer(below, query)

    def _without_wiki(self) -> Answer:
        return Answer(404, b"not found")

    def _right_answer(self, path: str, query: Mapping[str, str]) -> Answer:
        if path == "/user":
            return answer(CAPTAIN)
        if path == "/v3/user":
            return answer({**CAPTAIN, "username": "captain", "email": "", "new_portrait": "", "created_at": ""})
        if path == "/v3/projects":
            return self._page(list(self.projects.values()), query, names=("X-Total", "X-Total-Pages"))
        if path == "/user/namespaces":
            return answer(list(self.namespaces.values()))
        if path in ("/user/orgs", "/user/enterprises"):
            return self._page(self._of_type("group" if path == "/user/orgs" else "enterprise"), query)
        if path == "/user/repos":
            return self._own_repositories(query)
        if path.startswith(("/orgs/", "/enterprises/")):
            return self._of_namespace(path, query)
        return failure(404, "Not Found")

    def _of_type(self, type_: str) -> list[dict[str, Any]]:
        rows = [row for row in self.namespaces.values() if row["type"] == type_]
        return [self._described(row, number) for number, row in enumerate(rows)]

    def _described(self, namespace: Mapping[str, Any], number: int) -> dict[str, Any]:
        path = namespace["path"]
        named = {"id": number, "name": namespace["name"], "avatar_url": self.avatars.get(path)}
        if namespace["type"] == "group":
            return {**named, "login": path, "description": f"all about {path}", "follow_count": 0}
        return {**named, "path": path}

    def _of_namespace(self, path: str, query: Mapping[str, str]) -> Answer:
        kind, _, rest = path.removeprefix("/").partition("/")
        name, _, what = rest.rpartition("/")
        if what == "repos":
            return self._repositories_in(name, query)
        members = self.members.get(name, [])
        if kind == "enterprises":
            return answer([{"role": row["role"], "active": True, "user": row} for row in members])
        return self._page([row for row in members if row["role"] == query["role"]], query)


@contextmanager
def running_gitee_source() -> Iterator[GiteeSource]:
    with serving_account(GiteeSource()) as source:
        yield source
