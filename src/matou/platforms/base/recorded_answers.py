"""Answers that were kept, in the place of a server: what was read from them is read again."""

import tempfile
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

import msgspec

from matou.errors import NotFound, TryLater
from matou.http.responses import Answer, failed
from matou.http.withholding import withhold_parameters
from matou.model.platform import Record


class NotRecorded(NotFound):
    """The answer to a request was not kept, or the request was never put."""


@dataclass(frozen=True, slots=True)
class _Place:
    start: int
    length: int
    status: int
    counts: Mapping[str, int]


class RecordedAnswers:
    """Gives to each request what was answered to it, in the order in which it was answered; threads may share it.

    Bodies lie in a temporary file; memory holds some 300 bytes an answer.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        self._lock = threading.Lock()
        self._bodies = tempfile.TemporaryFile()  # noqa: SIM115 - `close` closes it
        self._places: defaultdict[bytes, deque[_Place]] = defaultdict(deque)
        for record in records:
            self._take(record)

    def _take(self, record: Record) -> None:
        start = self._bodies.tell()
        self._bodies.write(record.body)
        place = _Place(start, len(record.body), record.status, record.counts)
        self._places[_key(record.request, record.parameters)].append(place)

    def __call__(self, name: str, parameters: Mapping[str, object], check: Callable[[Answer], None], /) -> Answer:
        """The next answer to a request. What was put again since it failed for a while failed for nobody.

        Raises:
            NotRecorded: there is none, or no more.
            MatouError: what the answer stands for, or `check` says of it.
        """
        key = _key(name, withhold_parameters(parameters))
        while True:
            answer, is_last = self._next(key, name)
            try:
                if not 200 <= answer.status < 300:
                    raise failed(answer, name)
                check(answer)
            except TryLater:
                if is_last:
                    raise
            else:
                return answer

    def close(self) -> None:
        self._bodies.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _next(self, key: bytes, name: str) -> tuple[Answer, bool]:
        with self._lock:
            places = self._places.get(key)
            if not places:
                raise NotRecorded("no answer to {request} was kept", request=name)
            place = places.popleft()
            self._bodies.seek(place.start)
            body = self._bodies.read(place.length)
            headers = {header: str(count) for header, count in place.counts.items()}
            return Answer(place.status, headers, body), not places


def _key(name: str, parameters: Mapping[str, object]) -> bytes:
    """Parameters come back from JSON: what was a tuple is a list."""
    text = msgspec.json.encode((name, parameters), order="sorted", enc_hook=str)
    return sha256(text).digest()
