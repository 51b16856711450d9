"""What GitHub's GraphQL answers, with status 200 whatever it is: what was asked for, or why it is not told."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from matou.errors import MatouError, NotFound, Phrase, UnknownShape
from matou.http.responses import NoApiThere
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED
from matou.model.metadata import JsonObject
from matou.platforms.base.errors import ActionRefused, NotOffered, PlatformBusy, PlatformFailed
from matou.platforms.github.api import GitHubApi

PERSON: Final = """fragment person on Actor { login html_url: url type: __typename
... on User { id: databaseId name } ... on Bot { id: databaseId } ... on Mannequin { id: databaseId }
... on Organization { id: databaseId name } }
"""
"""Whoever did something, by the names that REST has."""

_REFUSED: Final = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES", "NOT_FOUND"})
_BUSY: Final = "RATE_LIMITED"
_UNKNOWN_FIELD: Final = "undefinedField"
_NO_SUCH_FIELD: Final = "doesn't exist"
"""`Field 'discussions' doesn't exist on type 'Repository'`: an older server."""


class RefusedQuery(msgspec.Struct, frozen=True):
    """One of the reasons why a query was not answered, or not whole."""

    message: str = ""
    type: str = ""
    extensions: dict[str, object] = msgspec.field(default_factory=dict)


class QueryAnswer(msgspec.Struct, frozen=True):
    data: dict[str, object] | None = None
    errors: list[RefusedQuery] = msgspec.field(default_factory=list)


def ask(api: GitHubApi, text: str, variables: Mapping[str, object], *place: str, name: str) -> JsonObject:
    """The object that stands at a place of what was asked for.

    Args:
        name: how the request is called among the records.

    Raises:
        NotOffered: this server, or this token, is not for it.
        MatouError: asking again may help.
    """
    try:
        body = api.query(text, variables, name=name, parameters=variables)
    except (NotFound, ActionRefused, NoApiThere) as refusal:
        raise NotOffered("{server} has no GraphQL for this: {fault}", server=api.url, fault=refusal.fact) from refusal
    try:
        answer = msgspec.json.decode(body, type=decodable(QueryAnswer))
    except NOT_DECODED as fault:
        raise NotOffered(
            "{server} has no GraphQL for this: {fault}", server=api.url, fault="no answer of it"
        ) from fault
    found: object = answer.data
    for part in place:
        found = found.get(part) if isinstance(found, dict) else None
    if isinstance(found, dict):
        return found
    raise _fault_of(answer.errors)


def nodes_of(connection: JsonObject, ask_on: Callable[[str], JsonObject], what: str) -> Iterator[object]:
    """What a connection has, page by page as they come; None for what the token may not see.

    Args:
        ask_on: the connection behind a cursor.

    Raises:
        UnknownShape: it is no connection, or does not lead on.
    """
    seen = set[str]()
    while True:
        nodes, page = connection.get("nodes"), connection.get("pageInfo")
        if not isinstance(nodes, list) or not isinstance(page, dict):
            raise UnknownShape(f"github GraphQL {what}", connection)
        yield from nodes
        if page.get("hasNextPage") is not True:
            return
        cursor = page.get("endCursor")
        if not isinstance(cursor, str) or cursor in seen:
            raise UnknownShape(f"github GraphQL {what}, pageInfo", page)
        seen.add(cursor)
        connection = ask_on(cursor)


def _fault_of(errors: list[RefusedQuery]) -> MatouError:
    said = _shown(errors[0].message) if errors else Phrase("it says nothing of why")
    if any(error.type == _BUSY for error in errors):
        return PlatformBusy("{fault}", wait=None, fault=Phrase("GitHub's GraphQL is asked too often"))
    if errors and all(map(_is_final, errors)):
        return NotOffered("GitHub does not tell this token, or this server does not have it: {fault}", fault=said)
    return PlatformFailed("{platform} answered {status}: {message}", platform="GitHub", status="GraphQL", message=said)


def _is_final(error: RefusedQuery) -> bool:
    """Whether asking again would not help."""
    is_unknown = error.extensions.get("code") == _UNKNOWN_FIELD or _NO_SUCH_FIELD in error.message
    return error.type in _REFUSED or is_unknown


def _shown(text: str) -> str:
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)[:300]
