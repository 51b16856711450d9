"""What every node of a GraphQL answer is made of: fields, lists in pages, people; and how much one query may get."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from matou.db.repositories import Repository, RepositoryId
from matou.errors import Invalid
from matou.forge.access import MayReadConversation, authorize
from matou.model.metadata.kinds import ISSUE
from matou.server.api.context import RequestContext
from matou.server.api.params import LARGEST_PER_PAGE
from matou.server.api.saved_rows import JsonRow
from matou.server.dialects.github_v3.pull_rows import PullRows

Node = Mapping[str, Any]
"""By the names of the schema: a value, or what makes one of the field's arguments."""

MOST_NODES: Final = 10_000
"""In one answer."""

MOST_FIELDS: Final = 300_000
"""In one answer: a field may be asked for under many names."""

MOST_CHARACTERS: Final = 64 * 1024 * 1024
"""Of all texts in one answer."""

COMPARISON_COST: Final = 100
"""In nodes: what it takes to compare the ends of a pull request."""

_LARGEST_INT: Final = 2**31 - 1
_CURSOR: Final = "cursor:"
_REACTIONS: Final = {
    "+1": "THUMBS_UP",
    "-1": "THUMBS_DOWN",
    "laugh": "LAUGH",
    "hooray": "HOORAY",
    "confused": "CONFUSED",
    "heart": "HEART",
    "rocket": "ROCKET",
    "eyes": "EYES",
}


class LargeQuery(Invalid):
    """A query would get more than one answer may hold."""


class QueryEnded(BaseException):
    """A query has got as much as it gets. No `Exception`: of such, each field would tell, and the others be made."""


class UnusableArgument(Invalid):
    """A field cannot be given with this argument."""


@dataclass
class Graph:
    """One query.

    Attributes:
        find_owner: by login.
        left, fields_left, characters_left: how many more nodes, fields and characters of texts its answer may hold.
    """

    context: RequestContext
    find_owner: Callable[["Graph", str], Node]
    left: int = MOST_NODES
    fields_left: int = MOST_FIELDS
    characters_left: int = MOST_CHARACTERS
    _rows: dict[RepositoryId, PullRows] = field(default_factory=dict)
    _names: dict[tuple[RepositoryId, str], Mapping[int, str]] = field(default_factory=dict)

    def spend(self, nodes: int) -> None:
        """Raises LargeQuery."""
        self.left -= nodes
        if self.left < 0:
            raise LargeQuery("a query gets at most {limit} nodes", limit=MOST_NODES)

    def count_field(self) -> None:
        """Before it is made. Raises QueryEnded."""
        self.fields_left -= 1
        if self.fields_left < 0:
            raise QueryEnded

    def count_text(self, text: str) -> None:
        """Raises QueryEnded."""
        self.characters_left -= len(text)
        if self.characters_left < 0:
            raise QueryEnded

    def name_of(self, repository: Repository, kind: str, number: int) -> str | None:
        """What the item with a number is called where it was saved; None where there is none."""
        key = (repository.id, kind)
        if key not in self._names:
            numbers = self.rows(repository).numbers
            table = numbers.issues if kind == ISSUE.name else numbers.changes
            self._names[key] = {given: name for name, given in table.items()}
        return self._names[key].get(number)

    def rows(self, repository: Repository) -> PullRows:
        """What was said around a repository. Raises as `authorize`."""
        if repository.id not in self._rows:
            granted = authorize(self.context.forge, self.context.identity, MayReadConversation, repository)
            self._rows[repository.id] = PullRows.open(self.context.of(granted))
        return self._rows[repository.id]


@dataclass
class Connection:
    """A list in pages, made when a field of it is wanted.

    Attributes:
        fetch: rows from an offset on, at most so many, and how many there are in all.
        node: of a row.
    """

    graph: Graph
    fetch: Callable[[int, int], tuple[Sequence[Any], int]]
    node: Callable[[Any], Node | None]
    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    @property
    def fields(self) -> dict[str, Any]:
        return {
            "totalCount": lambda: self._page[1],
            "nodes": lambda: [self.node(row) for row in self._page[0]],
            "pageInfo": self._info,
        }

    def _info(self) -> Node:
        rows, total = self._page
        end = self._offset + len(rows)
        return {
            "hasNextPage": end < total,
            "hasPreviousPage": self._offset > 0,
            "startCursor": _cursor(self._offset) if rows else None,
            "endCursor": _cursor(end) if rows else None,
        }

    @cached_property
    def _page(self) -> tuple[Sequence[Any], int]:
        """Raises UnusableArgument, LargeQuery."""
        self.graph.spend(1)
        size = self._size
        if self.last is not None:
            total = self.fetch(0, 0)[1]
            end = min(_offset_of(self.before) - 1 if self.before else total, total)
            self._offset = max(end - size, 0)
            size = end - self._offset
        rows, total = self.fetch(self._offset, size)
        self.graph.spend(len(rows))
        return rows, total

    @cached_property
    def _offset(self) -> int:
        return _offset_of(self.after) if self.after else 0

    @property
    def _size(self) -> int:
        size = self.first if self.first is not None else self.last
        if size is not None and not 0 <= size <= LARGEST_PER_PAGE:
            raise UnusableArgument("first and last are at most {limit}", limit=LARGEST_PER_PAGE)
        return size or 0


def connection(
    graph: Graph, rows: Callable[[], Sequence[Any]], node: Callable[[Any], Node | None]
) -> Callable[..., Node]:
    """The field of a list that is there whole."""

    def fetch(offset: int, limit: int) -> tuple[Sequence[Any], int]:
        found = rows()
        return found[offset : offset + limit], len(found)

    def make(
        first: int | None = None, after: str | None = None, last: int | None = None, before: str | None = None
    ) -> Node:
        return Connection(graph, fetch, node, first, after, last, before).fields

    return make


def nothing(graph: Graph) -> Callable[..., Node]:
    """The field of a list of what nothing here has."""
    return connection(graph, tuple, lambda row: row)


def person_node(row: JsonRow | None) -> Node | None:
    """Of GitHub's row of anybody."""
    if row is None:
        return None
    return {
        "__typename": "User",
        "id": row["node_id"],
        "databaseId": small(row["id"]),
        "login": row["login"],
        "name": row.get("name"),
        "url": row["html_url"],
        "email": row.get("email") or "",
        "repositories": _none_here,
    }


def reaction_groups(row: JsonRow) -> list[Node]:
    """Of what a REST row counts; none where nobody gave one."""
    counts = row["reactions"]
    assert isinstance(counts, Mapping)  # noqa: S101 - as the row is made
    return [
        {"content": word, "users": lambda count=counts[name], **_: {"totalCount": count}}
        for name, word in _REACTIONS.items()
        if counts[name]
    ]


def label_node(row: JsonRow) -> Node:
    names = ("name", "description", "color", "url")
    return {"id": row["node_id"], **{name: row[name] for name in names}}


def milestone_node(row: JsonRow | None) -> Node | None:
    if row is None:
        return None
    is_closed = row["state"] == "closed"
    return {
        "id": row["node_id"],
        "number": row["number"],
        "title": row["title"],
        "description": row["description"],
        "dueOn": row["due_on"],
        "state": "CLOSED" if is_closed else "OPEN",
        "url": row["html_url"],
        "closed": is_closed,
    }


def small(number: object) -> int | None:
    """What GraphQL's Int holds; for larger ones GitHub has fields of their own."""
    return number if isinstance(number, int) and number <= _LARGEST_INT else None


def _none_here(**_: object) -> Node:
    """Of somebody who took part elsewhere."""
    page = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    return {"totalCount": 0, "nodes": [], "pageInfo": page}


def _cursor(offset: int) -> str:
    return b64encode(f"{_CURSOR}{offset}".encode()).decode()


def _offset_of(cursor: str) -> int:
    """How many rows come before what is behind a cursor. Raises UnusableArgument."""
    try:
        text = b64decode(cursor.encode(), validate=True).decode()
        offset = int(text.removeprefix(_CURSOR)) if text.startswith(_CURSOR) else -1
    except (NotBase64, ValueError):
        offset = -1
    if not 0 <= offset <= _LARGEST_INT:
        raise UnusableArgument("{cursor} is no cursor of this server", cursor=repr(cursor)[:100])
    return offset
