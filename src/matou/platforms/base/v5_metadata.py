"""What readers of the APIs of GitHub's kin share: their lists, their tables, and how failures are met."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final, TypeAlias
from urllib.parse import unquote, urlsplit

from matou.errors import MatouError, Phrase
from matou.http.addresses import Parameter
from matou.http.paging import Page
from matou.model.metadata import ChangeRequest, ItemLink, MetadataValue, SavedRelease
from matou.model.metadata.kinds import EVENT, ISSUE, LINK, MetadataKind
from matou.model.platform import RemoteRepository
from matou.platforms.base.api_client import ApiClient
from matou.platforms.base.errors import ActionRefused, KindSwitchedOff, NotOffered, RemoteNotFound
from matou.platforms.base.lister import page_of
from matou.platforms.base.metadata import CommentRow, ItemRead, ItemRow, ReadableKind, TableRead, wants_by_default
from matou.platforms.base.metadata_values import time_of
from matou.platforms.base.metadata_walks import ListedRows, key_by, walk_back_to, walk_by_change, walk_in_order

Query = Mapping[str, Parameter]


def made_at(row: object) -> datetime | None:
    return time_of(row.get("created_at")) if isinstance(row, Mapping) else None


def changed_at(row: object) -> datetime | None:
    """What never changed was last changed when it was made."""
    if not isinstance(row, Mapping):
        return None
    return time_of(row.get("updated_at")) or time_of(row.get("created_at"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list of a repository.

    Attributes:
        path: below the repository's.
        query: as it is asked for when all of it is.
        changed: as it is asked for by time of change; None where the platform cannot.
        is_newest_first: by time of change it can be had the newest first alone, and not from a time on.
        is_by_creation: the newest first are those that were made last, not those that changed last.
        key: the field that a row is known by; one within another stands behind it and a dot.
        since: what asks for what has changed since a time.
    """

    path: str
    query: Query
    changed: Query | None = None
    is_newest_first: bool = False
    is_by_creation: bool = False
    key: str = "id"
    since: str = "since"


COMMIT_COMMENTS: Final = Listing(
    path="/comments", query={"order": "asc"}, changed={"order": "desc"}, is_newest_first=True, is_by_creation=True
)
"""Those on all commits of a repository: one that was edited and is not among the newest is found by a sweep."""


CommentLists: TypeAlias = Mapping[str, Sequence[tuple[Listing, Callable[[object], CommentRow | None]]]]
"""By the name of a kind, where the comments on its items are listed, and what reads a row: None for one that is on
something else."""


class V5Reader(ABC):
    """Reads what a repository, or a namespace, has by an API v5.

    Args:
        api: asks the server; its URL with `prefix` behind it is that of the API.
        base: the path of the repository in it.
        name: its name, for errors.
        switched_off: the names of the kinds that it is not to have: what is refused of these is not there.
        wants: see `OpenMetadata`.
    """

    def __init__(
        self,
        api: ApiClient,
        *,
        base: str,
        name: str,
        switched_off: frozenset[str] = frozenset(),
        wants: Callable[[MetadataKind], bool] = wants_by_default,
    ) -> None:
        self._api = api
        self._base = base
        self._name = name
        self._switched_off = switched_off
        self._wants = wants
        self._counts: dict[str, int] = {}

    @property
    @abstractmethod
    def kinds(self) -> Sequence[ReadableKind]: ...

    @property
    @abstractmethod
    def _items(self) -> Mapping[str, Listing]:
        """The lists of items, by the names of their kinds."""

    @property
    @abstractmethod
    def _comments(self) -> CommentLists:
        """The lists of comments, by the names of the kinds that they are on."""

    def expected_calls(self, kind: MetadataKind, since: datetime | None, *, saved: int) -> int:
        """A request for each hundred; where nothing is saved yet, the server says how many there are."""
        lists = [self._items[kind.name]] if kind.name in self._items else []
        lists += [listing for listing, _read in self._comments.get(kind.name, ())]
        if since is not None:
            return max(1, len(lists))
        return sum(self._pages_of(listing, saved) for listing in lists) or 1

    def rows(self, kind: MetadataKind, since: datetime | None) -> Iterator[ItemRow]:
        """Each once. Of what changed while the list was walked the time is not told, so that it is asked for again."""
        listing, seen, moved_at = self._items[kind.name], set[str](), None
        key_of = key_by(*listing.key.split("."))
        for row in self._of_kind(kind, self._walk(listing, since)):
            key, time = key_of(row), changed_at(row) if listing.changed is not None else None
            if key in seen:
                moved_at = moved_at or time
                continue
            seen.add(key)
            is_late = moved_at is not None and time is not None and time >= moved_at
            yield ItemRow(key=key, updated_at=None if is_late else time, value=row)

    def comments(self, kind: MetadataKind, since: datetime | None) -> Iterator[CommentRow]:
        """Raises MatouError after those that could be read."""
        faults: list[MatouError] = []
        for listing, read in self._comments[kind.name]:
            for row in self._of_kind(kind, self._walk(listing, since)):
                try:
                    comment = read(row)
                except MatouError as fault:
                    faults.append(fault)
                else:
                    yield from (comment,) if comment is not None else ()
        if faults:
            raise faults[0]

    @abstractmethod
    def read(
        self, kind: MetadataKind, row: ItemRow, before: MetadataValue | None, *, sweeping: bool
    ) -> ItemRead | None: ...

    @abstractmethod
    def table(self, kind: MetadataKind) -> TableRead: ...

    def _with_log(self, read: ItemRead, ask: Callable[[ItemRead], ItemRead]) -> ItemRead:
        """With what was done to an item, where that is wanted: it takes a request for each."""
        if not self._wants(EVENT):
            return read
        try:
            return ask(read)
        except MatouError as fault:
            return replace(read, faults=(*read.faults, fault))

    def _with_links(
        self, read: ItemRead, before: MetadataValue | None, link_of: Callable[[object], ItemLink], *, sweeping: bool
    ) -> ItemRead:
        """With the issues that a pull request is linked with, where that is wanted: it takes a request for each.

        One that has not changed keeps its links; if it is open, a sweep asks for them, for nobody says that a link
        moves a time.
        """
        item, old = read.item, before if isinstance(before, ChangeRequest) else None
        assert isinstance(item, ChangeRequest)  # noqa: S101 - as its callers read
        known = () if old is None else old.links
        if not self._must_ask_for_links(item, old, sweeping=sweeping):
            return replace(read, item=replace(item, links=known))
        try:
            rows = self._whole(f"/pulls/{item.number}/issues", key="number")
            links = tuple(link_of(row) for row in rows)
        except (RemoteNotFound, NotOffered):
            links = known
        except MatouError as fault:
            return replace(read, item=replace(item, links=known), faults=(*read.faults, fault))
        return replace(read, item=replace(item, links=links))

    def _must_ask_for_links(self, now: ChangeRequest, before: ChangeRequest | None, *, sweeping: bool) -> bool:
        if not self._wants(LINK) or ISSUE.name in self._switched_off:
            return False
        has_changed = before is None or now.updated_at is None or before.updated_at != now.updated_at
        return has_changed or (sweeping and now.state == "open")

    def _answered(self, path: str, query: Query | None = None) -> object:
        return self._api.parsed(self._api.request("GET", path, query=query or {}, repeatable=True))

    def _of_kind(self, kind: MetadataKind, rows: Iterator[object]) -> Iterator[object]:
        """What may be asked for though it is switched off is read: it was there before, perhaps."""
        try:
            yield from rows
        except (RemoteNotFound, ActionRefused) as refusal:
            if kind.name not in self._switched_off:
                raise
            raise KindSwitchedOff(
                "{repository} has this switched off: {fault}", repository=repr(self._name), fault=refusal.fact
            ) from refusal

    def _walk(self, listing: Listing, since: datetime | None) -> Iterator[object]:
        what = Phrase("{path} of {repository}", path=listing.path.strip("/"), repository=repr(self._name))
        place = made_at if listing.is_by_creation else None
        rows = ListedRows(what=what, key=key_by(*listing.key.split(".")), time=changed_at, place=place)
        path, changed = f"{self._base}{listing.path}", listing.changed
        if changed is None or (listing.is_newest_first and since is None):
            yield from walk_in_order(rows, partial(self._page, path, listing.query, what))
        elif listing.is_newest_first and since is not None:
            yield from walk_back_to(rows, since, partial(self._page, path, changed, what))
        else:
            ask = lambda since, number: self._page(path, {**changed, listing.since: since}, what, number)  # noqa: E731
            yield from walk_by_change(rows, since, ask)

    def _whole(self, path: str, query: Query | None = None, *, key: str = "id") -> list[object]:
        return list(self._walk(Listing(path=path, query=query or {}, key=key), None))

    def _page(self, path: str, query: Query, what: Phrase, number: int) -> Page[object]:
        numbered = {**query, "page": number, self._api.size_parameter: self._api.page_size}
        try:
            answer = self._api.request("GET", path, query=numbered, repeatable=True)
        except RemoteNotFound as absent:
            raise self._absence(absent) from absent
        return page_of(self._api.parsed(answer), answer, name=what, totals=self._api.totals)

    def _absence(self, absent: RemoteNotFound) -> MatouError:
        """Another server that speaks this API need not have all of its lists; the platform itself has."""
        if self._api.platform.is_at(self._api.url):
            return absent
        return NotOffered("{server} has no such list: {fault}", server=self._api.url, fault=absent.fact)

    def _pages_of(self, listing: Listing, saved: int) -> int:
        count = saved or self._count(listing)
        return max(1, -(-count // self._api.page_size))

    def _count(self, listing: Listing) -> int:
        """How many rows a list has: 0 where the server does not say. Asked once."""
        if listing.path not in self._counts:
            self._counts[listing.path] = self._counted(listing)
        return self._counts[listing.path]

    def _counted(self, listing: Listing) -> int:
        query = {**listing.query, "page": 1, self._api.size_parameter: 1}
        try:
            answer = self._api.request("GET", f"{self._base}{listing.path}", query=query, repeatable=True)
            return page_of(self._api.parsed(answer), answer, name=Phrase("rows"), totals=self._api.totals).total or 0
        except MatouError:
            return 0  # what it is will be told when the list is walked


def is_as_before(now: MetadataValue, before: MetadataValue | None) -> bool:
    """Whether a release is as it was saved, by what its list tells; what a backup adds is passed over."""
    if not isinstance(now, SavedRelease) or not isinstance(before, SavedRelease):
        return False
    plain = replace(before, assets=(), files=(), gone_in=None, unknown=None)
    has_same_files = [asset.name for asset in now.assets] == [asset.name for asset in before.assets]
    return has_same_files and before.gone_in is None and plain == replace(now, assets=())


def path_at(repository: RemoteRepository) -> str | None:
    """`owner/name` as its address has it; None for a wiki, and for what has no address."""
    path = unquote(urlsplit(repository.clone_url).path).strip("/").removesuffix(".git")
    return None if "/" not in path or path.endswith(".wiki") else path
