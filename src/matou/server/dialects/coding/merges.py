"""Actions about merge requests that were saved, and the notes on them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from matou.caching import SizedCache
from matou.db.conditions import ALWAYS, Between
from matou.db.items import IndexedItem, ItemOrder, ItemQuery, ItemVisibility
from matou.forge.access import MayReadCode, MissingScope, NotAllowed, authorize
from matou.forge.content.differences import compare
from matou.forge.content.history import NoSuchCommit
from matou.forge.repositories.repository_lists import visible_repositories
from matou.model.metadata import ChangeRequest
from matou.model.metadata.kinds import CHANGE
from matou.platforms.coding import wire_contents
from matou.platforms.coding import wire_requests_metadata as requests
from matou.platforms.coding import wire_requests_served as served
from matou.platforms.coding.wire_requests import OfDepot
from matou.server.api.params import InvalidParameterValue
from matou.server.api.saved_rows import NoSuchCommits
from matou.server.dialects.coding.commits import commit_row, read_date
from matou.server.dialects.coding.context import (
    READ_REPOSITORY,
    CodingAction,
    TeamContext,
    action,
    page_request,
    wire_page,
)
from matou.server.dialects.coding.errors import SavedAnswer
from matou.server.dialects.coding.merge_rows import DepotRows, NoteThread, merge_row, note_row, threads_in
from matou.server.dialects.coding.projects import find_project
from matou.server.dialects.coding.saved import open_depot

STATES: Final[Mapping[str, Sequence[str] | None]] = {
    "": None,
    "ALL": None,
    "OPEN": ("open",),
    "CLOSE": ("closed",),
    "ACCEPTED": ("merged",),
}
ORDERS: Final[Mapping[str, ItemOrder]] = {
    "": ItemOrder.CREATED,
    "CREATED_AT": ItemOrder.CREATED,
    "MERGED_AT": ItemOrder.MERGED,
    "ACTION_AT": ItemOrder.CLOSED,
}
PROJECT_ORDERS: Final[Mapping[str, ItemOrder]] = {
    "": ItemOrder.CREATED,
    "CREATED_AT": ItemOrder.CREATED,
    "ACTION_AT": ItemOrder.UPDATED,
}
"""The document says of a project's list that action_at is when one was changed."""

MOST_MERGED: Final = 10_000
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
EVERY_STATE: Final = ("open", "closed", "merged")
_AT_ONCE: Final = 100


class NoteCache(SizedCache[tuple[str, str, ItemVisibility], Sequence[NoteThread]]):
    """Where the threads of a depot stand, by depot and commit, and whether confidential ones are among them."""

    def __init__(self) -> None:
        super().__init__(200_000, size_of=lambda threads: sum(len(one.at) for one in threads) + 1)


def merge_requests(context: TeamContext, request: requests.DescribeDepotMergeRequests) -> SavedAnswer:
    page = page_request(request.page_number, request.page_size)
    rows = open_depot(context, request)
    found, total = rows.conversation.list_items(
        _query(request), search=request.key_word, offset=page.offset, limit=page.size
    )
    counted = wire_page(page, total)
    data = {
        "List": [merge_row(rows, change) for change in found if isinstance(change, ChangeRequest)],
        "PageNumber": counted.page_number,
        "PageSize": counted.page_size,
        "TotalPage": counted.total_page,
        "TotalRow": counted.total_row,
    }
    return SavedAnswer(values={"Data": data})


def project_merge_requests(context: TeamContext, request: served.DescribeProjectMergeRequests) -> SavedAnswer:
    """The lists of all depots become one: of each, what may stand on this page or before it."""
    page = page_request(request.page_number, request.page_size)
    if page.offset + page.size > MOST_MERGED:
        raise InvalidParameterValue("merge requests are listed up to the {most}th", most=MOST_MERGED)
    wanted = _query(_as_of_depot(request), PROJECT_ORDERS)
    depots = list(_depots_of(context, request.project_id))
    listed = [
        rows.conversation.list_rows(wanted, search=request.key_word, limit=page.offset + page.size) for rows in depots
    ]
    found = [(item.row, rows) for rows, (items, _) in zip(depots, listed, strict=True) for item in items]
    found.sort(key=lambda pair: _place(pair[0], wanted), reverse=not wanted.ascending)
    shown = ((rows.conversation.read(row), rows) for row, rows in page.of(found))
    counted = wire_page(page, sum(total for _, total in listed))
    data = {
        "List": [merge_row(rows, change) for change, rows in shown if isinstance(change, ChangeRequest)],
        "PageNumber": counted.page_number,
        "PageSize": counted.page_size,
        "TotalPage": counted.total_page,
        "TotalRow": counted.total_row,
    }
    return SavedAnswer(values={"Data": data})


def _place(row: IndexedItem, wanted: ItemQuery) -> datetime:
    at = row.created_at if wanted.order is ItemOrder.CREATED else row.updated_at
    return at or LONG_AGO


def _depots_of(context: TeamContext, project_id: int) -> Iterator[DepotRows]:
    """Those in which this identity may read what was said."""
    project = find_project(context, project_id).subject
    visible, _ = visible_repositories(context.forge, context.identity, project, recursive=project.id != context.team.id)
    for depot in visible:
        with suppress(NotAllowed, MissingScope):
            yield open_depot(context, OfDepot(depot_id=depot.subject.id))


def _as_of_depot(request: served.DescribeProjectMergeRequests) -> requests.DescribeDepotMergeRequests:
    def some(text: str) -> list[str]:
        return [text] if text else []

    return requests.DescribeDepotMergeRequests(
        status=request.status,
        sort=request.sort,
        is_sort_direction_asc=request.is_sort_direction_asc,
        created_at_start_date=request.created_at_start_date,
        created_at_end_date=request.created_at_end_date,
        updated_at_start_date=request.updated_at_start_date,
        updated_at_end_date=request.updated_at_end_date,
        creator_emails=some(request.creator_email),
        creator_global_keys=some(request.creator_global_key),
        labels=some(request.label),
        merger_emails=some(request.merger_email),
        merger_global_keys=some(request.merger_global_key),
        reviewer_emails=some(request.reviewer_email),
        reviewer_global_keys=some(request.reviewer_global_key),
        source_branches=some(request.source_branch),
        target_branches=some(request.target_branch),
    )


def one_merge_request(context: TeamContext, request: served.DescribeMergeRequest) -> SavedAnswer:
    rows = open_depot(context, request)
    return SavedAnswer(values={"MergeRequestInfo": merge_info(rows, find_change(rows, str(request.merge_id)))})


def merge_info(rows: DepotRows, change: ChangeRequest) -> dict[str, Any]:
    """A detail says when it was changed under another name than a list."""
    row = merge_row(rows, change)
    updated = row.pop("UpdateAt")
    mission = {"Code": 0, "Link": "", "TargetId": 0, "TargetProjectName": "", "TargetType": "", "Title": ""}
    return {**row, "UpdatedAt": updated, "Conflicts": [], "Mission": mission}


def merge_commits(context: TeamContext, request: served.DescribeMergeReqCommits) -> wire_contents.CommitsResponse:
    rows = open_depot(context, request)
    change = find_change(rows, str(request.merge_id))
    base, head = change.merge_base or change.base.commit, change.head.commit
    if not base or not head:
        raise NoSuchCommits("nothing tells which commits {number} has", number=change.number)
    granted = authorize(context.forge, context.identity, MayReadCode, rows.conversation.granted.subject)
    try:
        commits = compare(context.forge, granted, base, head).commits
    except NoSuchCommit:
        raise NoSuchCommits("the commits of {number} are not in the saved repository", number=change.number) from None
    return wire_contents.CommitsResponse(commits=[commit_row(commit) for commit in reversed(commits)])


def merge_reviewers(context: TeamContext, request: served.DescribeMergeRequestReviewers) -> SavedAnswer:
    rows = open_depot(context, request)
    change = find_change(rows, str(request.merge_id))
    return SavedAnswer(
        values={"Reviewers": [rows.author(one.by) for one in change.reviewers if one.role == "reviewer"]}
    )


def all_notes(context: TeamContext, request: requests.DescribeAllMergeRequestNotes) -> SavedAnswer:
    page = page_request(request.page_number, request.page_size)
    rows = open_depot(context, OfDepot(depot_path=request.depot_path))
    wanted = NoteQuery(
        written=_range("CreatedAt", request.created_at_start_date, request.created_at_end_date),
        reporters=frozenset(request.reporter_ids),
        merges=_merges(rows, request),
    )
    chosen = page.of([thread for thread in _threads(rows) if wanted.has_any(thread)])
    return SavedAnswer(values={"Notes": list(_notes(rows, chosen, wanted))})


@dataclass(frozen=True, slots=True)
class NoteQuery:
    """Which notes are asked for. `reporters` is empty for anybody's, `merges` None for those on all merge requests."""

    written: Between
    reporters: frozenset[int]
    merges: frozenset[str] | None

    def has_any(self, thread: NoteThread) -> bool:
        return (self.merges is None or thread.number in self.merges) and any(self.shown(thread))

    def shown(self, thread: NoteThread) -> Iterator[bool]:
        """Of each of its notes."""
        for at, by in zip(thread.at, thread.authors, strict=True):
            yield (not self.reporters or by in self.reporters) and _is_within(at, self.written)


def _merges(rows: DepotRows, request: requests.DescribeAllMergeRequestNotes) -> frozenset[str] | None:
    numbers = frozenset(map(str, request.merge_ids)) if request.merge_ids else None
    if not request.mr_statuses:
        return numbers
    states = [state for status in request.mr_statuses for state in _state(status) or EVERY_STATE]
    found = frozenset(one.number for one in _changes(rows, ItemQuery(kind=CHANGE.name, states=states)))
    return found if numbers is None else found & numbers


def notes_on_one(context: TeamContext, request: served.DescribeSingeMergeRequestNotes) -> SavedAnswer:
    rows = open_depot(context, OfDepot(depot_path=request.depot_path))
    change = find_change(rows, str(request.merge_id))
    threads = [
        {"Note": [note_row(rows, change, comment, place) for comment, place in notes]}
        for _, notes in sorted(threads_in(change), key=lambda pair: _thread_order(pair[0]))
    ]
    return SavedAnswer(values={"Notes": threads})


def find_change(rows: DepotRows, number: str) -> ChangeRequest:
    """Raises NoSuchItem."""
    found = rows.conversation.find_item(CHANGE, number)
    assert isinstance(found, ChangeRequest)  # noqa: S101 - as the kind says
    return found


def _query(request: requests.DescribeDepotMergeRequests, orders: Mapping[str, ItemOrder] = ORDERS) -> ItemQuery:
    """Raises InvalidParameterValue: there is no such state or order, or the index does not know of it."""
    order = orders.get(request.sort.upper())
    if order is None:
        raise InvalidParameterValue(
            "Sort is {sort}, not {orders}", sort=repr(request.sort)[:100], orders=", ".join(filter(None, orders))
        )
    by_mail = (request.creator_emails, request.merger_emails, request.reviewer_emails, request.merger_global_keys)
    if any(by_mail):
        raise InvalidParameterValue("merge requests are not looked for here by mail, nor by who merged them")
    return ItemQuery(
        kind=CHANGE.name,
        states=_state(request.status),
        labels=request.labels and [_one("Labels", request.labels)],
        author=_one("CreatorGlobalKeys", request.creator_global_keys),
        reviewer=_one("ReviewerGlobalKeys", request.reviewer_global_keys),
        head_branch=_one("SourceBranches", request.source_branches) or None,
        base_branch=_one("TargetBranches", request.target_branches) or None,
        created=_range("CreatedAt", request.created_at_start_date, request.created_at_end_date),
        updated=_range("UpdatedAt", request.updated_at_start_date, request.updated_at_end_date),
        order=order,
        ascending=request.is_sort_direction_asc,
    )


def _state(status: str) -> Sequence[str] | None:
    """Raises InvalidParameterValue."""
    if status.upper() not in STATES:
        raise InvalidParameterValue(
            "Status is {status}, not {known}", status=repr(status)[:100], known=", ".join(filter(None, STATES))
        )
    return STATES[status.upper()]


def _one(key: str, values: Sequence[str]) -> str:
    """Empty for none. Raises InvalidParameterValue where there are several."""
    if len(values) > 1:
        raise InvalidParameterValue("{key} names one here, not {count}", key=key, count=len(values))
    return next(iter(values), "")


def _range(name: str, first: str, last: str) -> Between:
    """Days of China's clock, both included. Raises InvalidParameterValue."""
    begin = read_date(f"{name}StartDate", first, is_end=False)
    end = read_date(f"{name}EndDate", last, is_end=True)
    return Between(begin, None if end is None else end + timedelta(microseconds=1))


def _threads(rows: DepotRows) -> Sequence[NoteThread]:
    """Where each stands, without its texts: read once from a commit, for a list counts threads."""
    conversation = rows.conversation
    if conversation.indexed is None:
        return ()
    cache = rows.context.forge.memory(NoteCache)
    subject = conversation.granted.subject
    key = (str(subject.path), conversation.indexed.commit_id, conversation.seen)
    known = cache.get(key)
    if known is None:
        found = (thread for change in _changes(rows, ItemQuery(kind=CHANGE.name)) for thread, _ in threads_in(change))
        known = sorted(found, key=_thread_order)
        cache.put(key, known)
    return known


def _thread_order(thread: NoteThread) -> tuple[int, str]:
    return len(thread.first_id), thread.first_id


def _changes(rows: DepotRows, wanted: ItemQuery) -> Iterator[ChangeRequest]:
    offset, total = 0, 1
    while offset < total:
        found, total = rows.conversation.list_items(wanted, offset=offset, limit=_AT_ONCE)
        yield from (one for one in found if isinstance(one, ChangeRequest))
        offset += _AT_ONCE


def _is_within(at: datetime | None, span: Between) -> bool:
    if at is None:
        return span == ALWAYS
    return (span.earliest is None or at >= span.earliest) and (span.end is None or at < span.end)


def _notes(rows: DepotRows, threads: Sequence[NoteThread], wanted: NoteQuery) -> Iterator[dict[str, Any]]:
    read: dict[str, ChangeRequest] = {}
    for each in threads:
        if each.number not in read:
            read[each.number] = find_change(rows, each.number)
        change = read[each.number]
        notes = next(notes for thread, notes in threads_in(change) if thread.first_id == each.first_id)
        pairs = zip(notes, wanted.shown(each), strict=True)
        yield {"Note": [note_row(rows, change, comment, thread) for (comment, thread), shown in pairs if shown]}


_SAVED: Final = "What was saved, also of what the source no longer has"

ACTIONS: tuple[CodingAction, ...] = (
    action(
        requests.DescribeDepotMergeRequests,
        merge_requests,
        READ_REPOSITORY,
        f"{_SAVED}; the newest first. `Sort` is created_at, merged_at or action_at: what has no such time stands last. "
        "`KeyWord` is words of the texts; labels, branches and people are one each, and people by `GlobalKey`. By "
        "mail, and by who merged, is refused. `DepotId` and `ProjectId` are those of this server. `Status` is CODING's "
        "where it told one, else CANMERGE, ACCEPTED or REFUSED.",
    ),
    action(
        served.DescribeProjectMergeRequests,
        project_merge_requests,
        READ_REPOSITORY,
        f"Of all depots of the project in which whoever asks may read what was said, as DescribeDepotMergeRequests. "
        f"`Sort` is created_at, or action_at for the time of the last change. Up to the {MOST_MERGED:,}th.",
    ),
    action(
        served.DescribeMergeRequest,
        one_merge_request,
        READ_REPOSITORY,
        "`Conflicts` is empty, and `Mission` says nothing: neither is kept.",
    ),
    action(
        served.DescribeMergeReqCommits,
        merge_commits,
        READ_REPOSITORY,
        "From the code that was saved, the newest first; `ResourceNotFound` where it has not the commits.",
    ),
    action(served.DescribeMergeRequestReviewers, merge_reviewers, READ_REPOSITORY),
    action(
        requests.DescribeAllMergeRequestNotes,
        all_notes,
        READ_REPOSITORY,
        "Thread by thread, by the number of the first note; what answers a note about the whole request is in its "
        "thread. Dates are China's, both included.",
    ),
    action(served.DescribeSingeMergeRequestNotes, notes_on_one, READ_REPOSITORY, "As DescribeAllMergeRequestNotes."),
)
