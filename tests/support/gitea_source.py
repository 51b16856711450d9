"""A Gitea's API v1 that a test directs: who owns what, in pages whose rows are counted."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from support.gitea_recording import API, NO_WIKI, TOKEN
from support.v5_account import Answer, ReceivedRequest, V5Account, answer, serving_account

CAPTAIN = {"id": 898013, "login": "captain", "full_name": "The Captain", "email": "captain@example.com"}
MOMENT = "2024-07-29T15:42:45+08:00"
MOST_ROWS = 50


@dataclass
class GiteaServer(V5Account):
    """An account at a Gitea; namespaces are its organizations, and whoever owns something."""

    @property
    def url(self) -> str:
        return f"{self.origin}{API}"

    def _of_repository(self, namespace: Mapping[str, Any], full_name: str) -> dict[str, Any]:
        return {
            "owner": {"id": namespace["id"], "login": namespace["path"], "full_name": ""},
            "description": "",
            "clone_url": f"{self.origin}/{full_name}.git",
            "default_branch": "main",
            "has_issues": True,
            "has_pull_requests": True,
            "has_wiki": True,
            "updated_at": MOMENT,
            "created_at": MOMENT,
        }

    def _in_the_api(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer | None:
        if not path.startswith(f"{API}/"):
            return None
        below, shown = path.removeprefix(API), headers.get("authorization")
        self.requests_seen.append(ReceivedRequest(below, query, shown))
        if below == "/user/repos" and self.stumbles:
            return self.stumbles.popleft()
        if shown != f"token {TOKEN}":
            return answer({"message": "user does not exist [uid: 0, name: ]"}, 401)
        if below in self.always:
            return self.always[below]
        return self._right_answer(below, query)

    def _right_answer(self, path: str, query: Mapping[str, str]) -> Answer:
        match path.split("/"):
            case ["", "user"]:
                return answer(CAPTAIN)
            case ["", "user", "orgs"]:
                return self._page(self._organizations(), query)
            case ["", "user", "repos"]:
                return self._own_repositories(query)
            case ["", "orgs", login, "repos"]:
                return self._repositories_in(login, query)
            case ["", "orgs", login, "members"]:
                return self._page(self.members.get(login, []), query)
        return answer({"message": "The target couldn't be found."}, 404)

    def _organizations(self) -> list[dict[str, Any]]:
        groups = [one for one in self.namespaces.values() if one["type"] == "group"]
        return [
            {
                "id": one["id"],
                "name": one["path"],
                "username": one["path"],
                "full_name": "",
                "description": "",
                "avatar_url": self.avatars.get(one["path"]),
            }
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
        number, size = int(query.get("page", 1)), min(int(query.get("limit", 30)), MOST_ROWS)
        headers = {"X-Total-Count": str(len(rows) + uncounted)} if self.counts else {}
        return answer(rows[(number - 1) * size : number * size], headers=headers)

    def _without_wiki(self) -> Answer:
        return Answer(200, NO_WIKI, {"Content-Type": "application/x-git-upload-pack-advertisement"})


@contextmanager
def running_gitea_server() -> Iterator[GiteaServer]:
    with serving_account(GiteaServer()) as account:
        yield account
