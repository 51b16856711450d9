"""Nothing that a client sends is walked through on the event loop beyond a bounded piece: others are not kept waiting.

Counted in lines of Python that one step of the loop runs, not in seconds, so that the machine has no part in it. The
bodies are the worst of each endpoint: as large as it takes, and made of as many small things as fit.
"""

import asyncio
import gzip
import json
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import pytest
from starlette.types import Message

from support.gitcode_server import Harbour

MOST_LINES = 60_000
"""Some milliseconds. A body of a megabyte that is walked through in one step takes more than a million."""

MEBIBYTE = 1024 * 1024


def packet(content: bytes) -> bytes:
    return b"%04x%b" % (len(content) + 4, content)


@dataclass
class Steps:
    """How many lines of Python the longest step of the loop has run in its own thread."""

    longest: int = 0
    current: int = 0

    def trace(self, _frame: FrameType, event: str, _argument: object) -> Any:
        self.current += event == "line"
        return self.trace

    @contextmanager
    def counted(self, patch: pytest.MonkeyPatch) -> Iterator[None]:
        run = asyncio.events.Handle._run

        def counted_run(handle: asyncio.events.Handle) -> None:
            self.current = 0
            run(handle)
            self.longest = max(self.longest, self.current)

        patch.setattr(asyncio.events.Handle, "_run", counted_run)
        before = sys.gettrace()
        sys.settrace(self.trace)
        try:
            yield
        finally:
            sys.settrace(before)
            patch.undo()


async def ask(app: Any, method: str, path: str, headers: dict[str, str], body: bytes) -> int:
    """The status; the whole body comes at once, as it does where it came before it was asked for."""
    wanted, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": wanted, "raw_path": wanted.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1), "server": ("localhost", 80),
    }  # fmt: skip
    coming: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    statuses: list[int] = []

    async def receive() -> Message:
        if coming:
            return coming.pop()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    return statuses[0]


UPLOAD = ("POST", "/harbour/light.git/git-upload-pack", "application/x-git-upload-pack-request")
PUSH = ("POST", "/harbour/light.git/git-receive-pack", "application/x-git-receive-pack-request")
BATCH = ("POST", "/harbour/light.git/info/lfs/objects/batch", "application/vnd.git-lfs+json")
VERIFY = ("POST", "/harbour/light.git/info/lfs/verify", "application/vnd.git-lfs+json")
FORM, MULTIPART, JSON = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/json"
GITCODE = ("PATCH", "/api/v5/repos/harbour/light")
GITEE = ("POST", "/api/v3/session")
CODING = ("POST", "/open-api")
ZIPPED = {"content-encoding": "gzip"}
NEW = {"git-protocol": "version=2"}

PREFIXES = b"".join(packet(b"ref-prefix refs/%05x" % number) for number in range(40_000))
COMMANDS = b"".join(packet(b"%040x %040x refs/heads/%05x" % (1, 0, number)) for number in range(5_000))
OBJECTS = ",".join(f'{{"oid":"{number:064x}","size":1}}' for number in range(45_000))
LONG_HEADER = b"--b\r\nContent-Disposition: form-data; name=a; " + b"x=y;" * 250_000 + b"\r\n\r\n\r\n--b--\r\n"
PARTS = b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n" * 20_000 + b"--b--\r\n"

WORST: dict[str, tuple[tuple[str, str, str], dict[str, str], bytes]] = {
    "flushes": (UPLOAD, ZIPPED | NEW, gzip.compress(b"0000" * 300_000)),
    "flushes, version 0": (UPLOAD, ZIPPED, gzip.compress(b"0000" * 300_000)),
    "flushes in pushes": (PUSH, ZIPPED, gzip.compress(b"0001" * 300_000)),
    "empty lines": (UPLOAD, ZIPPED | NEW, gzip.compress(b"0004" * 300_000)),
    "short lines": (UPLOAD, ZIPPED | NEW, gzip.compress(b"0005x" * 100_000)),
    "lines of a fetch": (UPLOAD, NEW, packet(b"command=fetch") + b"0001" + b"0008done" * 100_000 + b"0000"),
    "prefixes": (UPLOAD, NEW, packet(b"command=ls-refs") + b"0001" + PREFIXES + b"0000"),
    "commands": (PUSH, {}, COMMANDS + b"0000"),
    "short commands": (PUSH, ZIPPED, gzip.compress(b"0005x" * 80_000 + b"0000")),
    "lfs objects": (BATCH, {}, f'{{"operation":"download","objects":[{OBJECTS}]}}'.encode()),
    "lfs keys": (VERIFY, {}, json.dumps({f"k{number}": 1 for number in range(250_000)}).encode()),
    "json": ((*GITCODE, JSON), {}, json.dumps({"a": {f"{number:x}": 1 for number in range(49_000)}}).encode()),
    "form": ((*GITCODE, FORM), {}, b"a=" + b"%41%zz" * 160_000),
    "long header": ((*GITCODE, MULTIPART), {}, LONG_HEADER),
    "parts": ((*GITCODE, MULTIPART), {}, PARTS),
    "form of v3": ((*GITEE, FORM), {}, b"email=" + b"%e5%ad%97" * 29_000),
    "json of v3": ((*GITEE, JSON), {}, json.dumps({f"{number:x}": 1 for number in range(20_000)}).encode()),
    "form of coding": ((*CODING, FORM), {}, b"Action=" + b"%e5%ad%97" * 110_000),
    "json of coding": ((*CODING, JSON), {}, json.dumps({f"{number:x}": 1 for number in range(75_000)}).encode()),
}  # fmt: skip


@pytest.mark.parametrize(("target", "more", "body"), WORST.values(), ids=WORST)
def test_no_step_of_the_loop_walks_through_what_a_client_sent(
    harbour: Harbour,
    monkeypatch: pytest.MonkeyPatch,
    target: tuple[str, str, str],
    more: dict[str, str],
    body: bytes,
) -> None:
    method, path, kind = target
    basic = b64encode(f"chen:{harbour.token()}".encode()).decode()
    headers = {"content-type": kind, "content-length": str(len(body)), "authorization": f"Basic {basic}"} | more
    steps = Steps()

    with steps.counted(monkeypatch):
        status = asyncio.run(ask(harbour.app, method, path, headers, body))

    # It came as far as its reading: no other refusal stood before it.
    assert status in (200, 400, 401, 413, 422)
    assert steps.longest < MOST_LINES
