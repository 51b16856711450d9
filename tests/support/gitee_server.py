"""What tests of Gitee's dialect ask it with: requests as they leave a client, and the shapes of the document's samples.

The people and repositories are those of `support.gitcode_server`: `harbour/ferry` is private, `harbour/light` public.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from support.gitcode_server import BASE, Harbour

SAMPLES = Path(__file__).parents[1] / "integration" / "dialects" / "gitee_v3" / "document.json"


@dataclass(frozen=True)
class Client:
    """Somebody at `/api/v3`, in this process.

    Attributes:
        agent: the User-Agent; None for none at all.
    """

    harbour: Harbour
    agent: str | None = None

    def ask(self, method: str, path: str, *, person: str | None = None, **options: Any) -> httpx.Response:
        """One request; `path` stands in the URL as it is given, with its query.

        Args:
            person: whose token goes in PRIVATE-TOKEN; None for nobody's.
        """
        headers = dict(options.pop("headers", {}))
        if person is not None:
            headers["PRIVATE-TOKEN"] = self.harbour.token(person)
        return asyncio.run(self._ask(method, f"{BASE}/api/v3{path}", headers=headers, **options))

    async def _ask(self, method: str, url: str, *, headers: Mapping[str, str], **options: Any) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self.harbour.app)) as client:
            request = client.build_request(method, url, headers=headers, **options)
            request.headers.pop("user-agent", None)
            if self.agent is not None:
                request.headers["user-agent"] = self.agent
            return await client.send(request)


@cache
def sample(name: str) -> Any:
    """An answer that the document shows (with other people's e-mail addresses left out)."""
    return json.loads(SAMPLES.read_text(encoding="utf-8"))[name]


def assert_like(answer: Any, shown: Any, where: str = "answer") -> None:
    """The same keys in the same order, and the same types; null may stand for anything, and anything for null."""
    if answer is None or shown is None:
        return
    assert type(answer) is type(shown), where
    if isinstance(answer, dict):
        assert list(answer) == list(shown), where
        for key in answer:
            assert_like(answer[key], shown[key], f"{where}.{key}")
    if isinstance(answer, list):
        for item in answer:
            assert_like(item, shown[0], f"{where}[]")


def projects_shown() -> Any:
    """The document's list, with the namespace of its project: that of the list lacks six keys (2015 and earlier)."""
    return [{**one, "namespace": sample("project")["namespace"]} for one in sample("projects")]
