"""GitHub's GraphQL: what REST does not tell of pull requests, for fifty of them with one request."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from threading import Lock
from typing import Final

import msgspec

from matou.errors import MatouError, NotFound, Phrase
from matou.http.responses import NoApiThere
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED
from matou.platforms.base.errors import ActionRefused, NotOffered, PlatformBusy, PlatformFailed
from matou.platforms.base.metadata import ItemRow
from matou.platforms.github.api import GitHubApi

MOST_AT_ONCE: Final = 50
REQUEST: Final = "GraphQL review threads"
"""How the request is called among the records."""

_QUERY: Final = """query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { %s } }
fragment threads on PullRequest { reviewThreads(first: 100) { nodes { isResolved resolvedBy { databaseId }
comments(first: 1) { nodes { fullDatabaseId } } } } }"""
_BUSY: Final = "RATE_LIMITED"


class ThreadUser(msgspec.Struct, frozen=True):
    """Whoever resolved a thread."""

    id: int | None = msgspec.field(name="databaseId", default=None)


class ThreadComment(msgspec.Struct, frozen=True):
    """By what REST calls it."""

    id: str | int = msgspec.field(name="fullDatabaseId")


class ThreadComments(msgspec.Struct, frozen=True):
    """The first comment of a thread."""

    nodes: list[ThreadComment]


class GitHubThread(msgspec.Struct, frozen=True):
    """What was said on a line, and whether it is settled."""

    is_resolved: bool = msgspec.field(name="isResolved")
    comments: ThreadComments
    resolved_by: ThreadUser | None = msgspec.field(name="resolvedBy", default=None)


class ThreadList(msgspec.Struct, frozen=True):
    """The first hundred of a pull request."""

    nodes: list[GitHubThread]


class ThreadedPullRequest(msgspec.Struct, frozen=True):
    """A pull request, as far as it is asked for here."""

    threads: ThreadList = msgspec.field(name="reviewThreads")


class GraphqlFault(msgspec.Struct, frozen=True):
    """One of the reasons why a query was not answered, or not whole."""

    message: str = ""
    type: str = ""


class ThreadedRepository(msgspec.Struct, frozen=True):
    """The pull requests that were asked for, by the names that the query gave them."""

    repository: dict[str, ThreadedPullRequest | None] | None = None


class ThreadAnswer(msgspec.Struct, frozen=True):
    """What GraphQL answers, with status 200 whatever it is."""

    data: ThreadedRepository | None = None
    errors: list[GraphqlFault] = msgspec.field(default_factory=list)


class ThreadBatch:
    """Pull requests of which all are asked for with the first that is read. Threads may share it."""

    def __init__(self, numbers: Sequence[str]) -> None:
        self._numbers = numbers
        self._lock = Lock()
        self._is_known = False
        self._found: Mapping[str, Sequence[GitHubThread]] | None = None
        self._fault: MatouError | None = None

    def found(self, api: GitHubApi, path: str) -> Mapping[str, Sequence[GitHubThread]] | None:
        """As `review_threads`, which is asked once."""
        with self._lock:
            if not self._is_known:
                self._is_known = True
                try:
                    self._found = review_threads(api, path, self._numbers)
                except MatouError as fault:
                    self._fault = fault
            if self._fault is not None:
                raise self._fault
            return self._found


class ThreadBatches:
    """The threads of a repository's pull requests, for those that are read after they were listed.

    Args:
        path: `owner/name`.
    """

    def __init__(self, api: GitHubApi, path: str) -> None:
        self._api = api
        self._path = path
        self._batches: dict[str, ThreadBatch] = {}
        self._is_offered = True

    def batches(self, rows: Iterator[ItemRow]) -> Iterator[ItemRow]:
        """The same rows, of which as many are taken at once as are asked for at once."""
        while True:
            taken, fault = list[ItemRow](), None
            try:
                for row in islice(rows, MOST_AT_ONCE):
                    taken.append(row)
            except MatouError as error:
                fault = error
            batch = ThreadBatch([row.key for row in taken])
            self._batches |= {row.key: batch for row in taken}
            yield from taken
            if fault is not None:
                raise fault
            if not taken:
                return

    def of(self, number: str) -> Sequence[GitHubThread] | None:
        """None where this server does not tell it. Raises MatouError: asking again may help."""
        batch = self._batches.pop(number, None)
        if batch is None or not self._is_offered:
            return None
        found = batch.found(self._api, self._path)
        if found is None:
            self._is_offered = False
            return None
        return found.get(number)


def review_threads(api: GitHubApi, path: str, numbers: Sequence[str]) -> Mapping[str, Sequence[GitHubThread]] | None:
    """The threads of pull requests, by number; None where this server does not tell it.

    Args:
        path: `owner/name`.
        numbers: MOST_AT_ONCE at most.

    Raises:
        MatouError: asking again may help.
    """
    owner, _, name = path.partition("/")
    wanted = " ".join(f"p{number}: pullRequest(number: {number}) {{ ...threads }}" for number in numbers)
    try:
        answer = api.query(
            _QUERY % wanted,
            {"owner": owner, "name": name},
            name=REQUEST,
            parameters={"repository": path, "numbers": list(numbers)},
        )
    except (NotFound, ActionRefused, NotOffered, NoApiThere, PlatformFailed):
        # Another server that speaks REST, an older one, or a token that GraphQL is not for.
        return None
    return _threads_in(answer)


def _threads_in(body: bytes) -> Mapping[str, Sequence[GitHubThread]] | None:
    """Raises PlatformBusy."""
    try:
        answer = msgspec.json.decode(body, type=decodable(ThreadAnswer))
    except NOT_DECODED:
        return None
    if any(fault.type == _BUSY for fault in answer.errors):
        raise PlatformBusy("{fault}", wait=None, fault=Phrase("GitHub's GraphQL is asked too often"))
    if answer.data is None or answer.data.repository is None:
        return None
    return {name[1:]: pull.threads.nodes for name, pull in answer.data.repository.items() if pull is not None}
