"""A GitCode API v5 that a test directs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from support.v5_account import Answer, ReceivedRequest, V5Account, answer, serving_account

TOKEN = "s3cr3tGitCodeT0ken0123456789"


def failure(status: int, message: str, *, code: int | None = None, name: str = "UN_KNOW") -> Answer:
    said = {
        "error_code": status if code is None else code,
        "error_code_name": name,
        "error_message": message,
        "trace_id": "0123456789abcdef0123456789abcdef",
    }
    return answer(said, status)


@dataclass
class GitCodeSource(V5Account):
    def _of_repository(self, namespace: Mapping[str, Any], full_name: str) -> dict[str, Any]:
        return {
            "human_name": f"{namespace['name']} / {full_name.rpartition('/')[2]}",
            "description": "",
            "status": "开始",
            "http_url_to_repo": f"{self.origin}/{full_name}.git",
            "ssh_url_to_repo": f"git@gitcode.com:{full_name}.git",
            "created_at": "2024-07-29T15:42:45.149+08:00",
            "updated_at": "2024-07-29T15:42:45.149+08:00",
            "default_branch": "main",
            "owner": {"id": "898013", "login": "captain", "name": "The Captain"},
        }

    def _in_the_api(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer | None:
        if not path.startswith("/api/v5"):
            return None
        below, authorization = path.removeprefix("/api/v5"), headers.get("authorization")
        self.requests_seen.append(ReceivedRequest(below, query, authorization))
        if below == "/user/repos" and self.stumbles:
            return self.stumbles.popleft()
        if authorization != f"Bearer {TOKEN}":
            return failure(401, "401, token not found", name="UNAUTHORIZED")
        return self.always.get(below) or self._right_answer(below, query)

    def _without_wiki(self) -> Answer:
        return Answer(403, b"The project you were looking for could not be found.")

    def _right_answer(self, path: str, query: Mapping[str, str]) -> Answer:
        if path == "/user":
            user = {"id": "64e5ed8f7e20aa73efcbc302", "login": "captain", "name": "The Captain", "type": "User"}
            return answer(user)
        if path == "/user/namespaces":
            return self._page(list(self.namespaces.values()), {**query, "per_page": query["perPage"]})
        if path == "/users/orgs":
            return self._page([self._organization(row) for row in self.namespaces.values()], query)
        if path == "/user/repos":
            return self._own_repositories(query)
        if path.startswith("/orgs/"):
            return self._of_organization(path, query)
        return failure(404, "404 Not Found")

    def _organization(self, namespace: Mapping[str, Any]) -> dict[str, Any]:
        path = namespace["path"]
        return {
            "id": namespace["id"],
            "login": path,
            "path": path,
            "name": namespace["name"],
            "description": f"all about {path}",
            "avatar_url": self.avatars.get(path),
            "repos_url": None,
        }

    def _of_organization(self, path: str, query: Mapping[str, str]) -> Answer:
        name, _, what = path.removeprefix("/orgs/").rpartition("/")
        if what == "members":
            return self._page(self.members.get(name, []), query)
        if what == "repos":
            return self._repositories_in(name, query)
        return failure(404, "404 Group Not Found")


@contextmanager
def running_gitcode_source() -> Iterator[GitCodeSource]:
    with serving_account(GitCodeSource()) as source:
        yield source
