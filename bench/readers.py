"""Asks a server over kept connections, as fast as it answers, with as little work of our own as can be."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat, takewhile
from urllib.parse import urlsplit

OK = 200


@dataclass(frozen=True)
class Answers:
    """How long each took, in seconds, and how long they took together."""

    times: tuple[float, ...]
    seconds: float
    failures: int

    @property
    def a_second(self) -> float:
        return len(self.times) / self.seconds

    def percentile(self, share: float) -> float:
        return sorted(self.times)[min(len(self.times) - 1, int(len(self.times) * share))]


@dataclass(frozen=True)
class Asker:
    """One server and one token; `headers` are sent with each request."""

    url: str
    token: str
    root: str = "/api/v5"
    headers: tuple[str, ...] = ()

    def ask(self, path: str, *, connections: int = 8, seconds: float = 3, most: int = 1_000_000) -> Answers:
        """The same request again and again, for so long or so often."""
        until = time.perf_counter() + seconds
        return self.ask_until(path, lambda: time.perf_counter() > until, connections=connections, most=most)

    def ask_until(self, path: str, is_over: Callable[[], bool], *, connections: int, most: int = 1_000_000) -> Answers:
        again = [_repeated(path, is_over, -(-most // connections)) for _ in range(connections)]
        return asyncio.run(self._ask(again))

    def ask_each(self, paths: Iterable[str], *, connections: int) -> Answers:
        """Each of these once, in their order, by whichever connection is free."""
        left = iter(paths)
        return asyncio.run(self._ask([left] * connections))

    async def _ask(self, paths: Sequence[Iterator[str]]) -> Answers:
        """On one connection for each of them."""
        began = time.perf_counter()
        asked = await asyncio.gather(*map(self._ask_on_one, paths))
        spent = time.perf_counter() - began
        return Answers(tuple(taken for times, _ in asked for taken in times), spent, sum(bad for _, bad in asked))

    async def _ask_on_one(self, paths: Iterator[str]) -> tuple[list[float], int]:
        parts = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=2**26)
        token = (f"PRIVATE-TOKEN: {self.token}",) if self.token else ()
        ending = "\r\n".join((" HTTP/1.1", f"Host: {parts.netloc}", *token, *self.headers, "", ""))
        times: list[float] = []
        failures = 0
        for path in paths:
            began = time.perf_counter()
            writer.write(f"GET {self.root}{path}{ending}".encode())
            failures += await read_answer(reader) != OK
            times.append(time.perf_counter() - began)
        writer.close()
        return times, failures


def _repeated(path: str, is_over: Callable[[], bool], most: int) -> Iterator[str]:
    return takewhile(lambda _: not is_over(), repeat(path, most))


async def read_answer(reader: asyncio.StreamReader) -> int:
    """Read one to its end. Gives its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"transfer-encoding: chunked" in head:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    else:
        await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
    return int(head.split(b" ", 2)[1])
