"""The example platform's server: an account that a test directs, by hand and not with our own structs."""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from support.v5_account import Answer, answer, serving_account

TOKEN = "e" * 40
CREATED = "2024-01-01T00:00:00Z"


@dataclass
class ExampleAccount:
    """What an account has, and what trouble there is.

    Attributes:
        stumbles: the next answers to the list of repositories.
        fetched: what was asked for outside of the API, and the Authorization that came with it.
    """

    origin: str = ""
    uncounted: int = 0
    groups: list[dict[str, Any]] = field(default_factory=list)
    repositories: list[dict[str, Any]] = field(default_factory=list)
    labels: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    members: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    pictures: dict[str, Answer] = field(default_factory=dict)
    stumbles: deque[Answer] = field(default_factory=deque)
    fetched: list[tuple[str, str | None]] = field(default_factory=list)

    def answer(self, target: str, headers: Mapping[str, str]) -> Answer:
        """`headers` have their names in lower case."""
        split = urlsplit(target)
        path, shown = unquote(split.path), headers.get("authorization")
        if not path.startswith("/api/"):
            self.fetched.append((path, shown))
            return self.pictures.get(path, Answer(404, b"not found"))
        if shown != f"Bearer {TOKEN}":
            return answer({"error": "who are you?"}, 401)
        return self._in_the_api(path.removeprefix("/api/"), dict(parse_qsl(split.query)))

    def _in_the_api(self, path: str, query: Mapping[str, str]) -> Answer:
        match path.split("/"):
            case ["whoami"]:
                return answer({"id": 7, "login": "captain"})
            case ["groups"]:
                return self._page(self.groups, query)
            case ["repos"]:
                return (
                    self.stumbles.popleft() if self.stumbles else self._page(self.repositories, query, self.uncounted)
                )
            case ["groups", id_, "labels"]:
                return answer(self.labels.get(id_, []))
            case ["groups", id_, "members"]:
                return answer(self.members.get(id_, []))
            case _:
                return answer({"error": "no such thing"}, 404)

    def _page(self, rows: list[dict[str, Any]], query: Mapping[str, str], uncounted: int = 0) -> Answer:
        number, size = int(query["page"]), int(query["per_page"])
        shown = rows[(number - 1) * size : number * size]
        body = json.dumps(shown, ensure_ascii=False).encode()
        return Answer(200, body, {"X-Total": str(len(rows) + uncounted)})


@contextmanager
def running_example_account() -> Iterator[ExampleAccount]:
    with serving_account(ExampleAccount()) as account:
        yield account
