"""A Gitea that answers what a real one has answered (tests/data/gitea), and that a test changes from there."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from support.v5_account import Answer, ReceivedRequest, answer, serving_account

RECORDED = (Path(__file__).parents[1] / "data" / "gitea" / "1.22.json").read_text(encoding="utf-8")
TOKEN = "0123456789abcdef0123456789abcdef01234567"
API = "/api/v1"
FILE = b"what a person has attached"
NO_WIKI = b"001e# service=git-upload-pack\n0000"
"""What git is told of a wiki that is not there."""
NEWEST_FIRST = "recentupdate"


@dataclass
class GiteaRecording:
    """The account of whoever administers `harbour/crane`.

    Attributes:
        answers: by path below the API's.
        refused: paths' ends that are answered with 403.
        fetched: what was asked for outside of the API, and the Authorization that came with it.
    """

    origin: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    requests_seen: list[ReceivedRequest] = field(default_factory=list)
    fetched: list[tuple[str, str | None]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.origin}{API}"

    def load(self) -> None:
        self.answers = json.loads(RECORDED.replace("ORIGIN", self.origin))

    def rows(self, below: str) -> list[dict[str, Any]]:
        """Of a list of the repository's."""
        rows: list[dict[str, Any]] = self.answers[f"/repos/harbour/crane/{below}"]["answer"]
        return rows

    def answer(self, target: str, headers: Mapping[str, str]) -> Answer:
        split = urlsplit(target)
        path, query = unquote(split.path), dict(parse_qsl(split.query))
        if path.endswith(".wiki.git/info/refs"):
            return Answer(200, NO_WIKI, {"Content-Type": "application/x-git-upload-pack-advertisement"})
        if not path.startswith(f"{API}/"):
            self.fetched.append((path, headers.get("authorization")))
            return Answer(200, FILE, {"Content-Type": "application/octet-stream"})
        below = path.removeprefix(API)
        self.requests_seen.append(ReceivedRequest(below, query, headers.get("authorization")))
        if headers.get("authorization") != f"token {TOKEN}":
            return answer({"message": "invalid username, password or token"}, 401)
        if any(below.endswith(end) for end in self.refused):
            return answer({"message": "token does not have at least one of required scope(s)"}, 403)
        given = self.answers.get(below, {"status": 404})
        if "status" in given:
            return answer({"message": "", "url": f"{self.origin}/api/swagger"}, given["status"])
        if not isinstance(given["answer"], list):
            return answer(given["answer"])
        return self._page(given["answer"], query, is_counted=given["total"] is not None)

    def _page(self, rows: list[Any], query: Mapping[str, str], *, is_counted: bool) -> Answer:
        since = query.get("since")
        said = [row for row in rows if not since or row["updated_at"] >= since]
        if query.get("sort") == NEWEST_FIRST:
            said = sorted(said, key=lambda row: str(row["updated_at"]), reverse=True)
        number, size = int(query.get("page", 1)), int(query.get("limit", 30))
        headers = {"X-Total-Count": str(len(said))} if is_counted else {}
        return answer(said[(number - 1) * size : number * size], headers=headers)


@contextmanager
def running_gitea_recording() -> Iterator[GiteaRecording]:
    with serving_account(GiteaRecording()) as gitea:
        gitea.load()
        yield gitea
