"""Walks the issues of a project at CODING, and reads each with its comments, files, status changes and work logs."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeAlias, TypeVar, cast

from matou.errors import MatouError, Phrase
from matou.model.metadata import Comment, Issue, MetadataValue
from matou.platforms.base.account_lists import ENDS_EVERYTHING
from matou.platforms.base.metadata import ItemRead, ItemRow
from matou.platforms.coding import wire_requests_metadata as ask_for
from matou.platforms.coding.api import CodingApi
from matou.platforms.coding.metadata_files import ProjectFiles
from matou.platforms.coding.metadata_issues import comments_of, issue_of, people_of_issue, spent_of
from matou.platforms.coding.metadata_lists import ISSUES_PER_PAGE, AnsweredRows, CodingList
from matou.platforms.coding.metadata_relations import RelationReader, with_relations
from matou.platforms.coding.metadata_values import china_day
from matou.platforms.coding.wire import Milliseconds, moment
from matou.platforms.coding.wire_issues import (
    IssueComment,
    IssueCommentsResponse,
    IssueDetail,
    IssueListResponse,
    IssuePageResponse,
    IssueResponse,
    IssueRow,
    IssueStatusChange,
    IssueStatusChangesResponse,
    IssueWorkLog,
    IssueWorkLogsResponse,
)

EVER: Final = "2099-12-31"
"""Where a range ends that is to end nowhere: then a row that changes while the list is read stays within."""

ISSUES_PER_BATCH: Final = 100
"""Of how many issues the status changes are asked for at once; how many may be is not documented."""

WORK_LOGS_PER_PAGE: Final = 1000

T = TypeVar("T")
_WorkLogs: TypeAlias = Mapping[int, Sequence[IssueWorkLog]]


@dataclass(frozen=True, slots=True)
class _IssueRef:
    """Of a row no more is kept: what changed is read whole."""

    code: int
    updated_at: Milliseconds
    type: str


@dataclass(frozen=True, slots=True)
class IssueReader:
    """The issues of one project. `read` may be called by several threads."""

    api: CodingApi
    project: str
    project_id: int
    files: ProjectFiles

    def count(self) -> int:
        """One request."""
        return self.api.call(self._page(1, size=1), IssuePageResponse).data.total_count

    def rows(self, since: datetime | None) -> Iterator[ItemRow]:
        """By number, ascending: what changes its number or its time while the list is read stays where it was."""
        work_logs = _Once(self._all_work_logs)
        for batch in _in_batches(self._refs(since)):
            shared = IssueBatch({ref.code: ref.type for ref in batch}, self, work_logs)
            for ref in batch:
                yield ItemRow(key=str(ref.code), updated_at=moment(ref.updated_at), value=shared)

    def read(self, row: ItemRow, batch: "IssueBatch", before: MetadataValue | None) -> ItemRead | None:
        code = int(row.key)
        comments, faults = self._comments(code)
        saved = before if isinstance(before, Issue) else None
        relations, unrelated = RelationReader(self.api, self.project, self.project_id).read(
            code, batch.types[code], saved
        )
        is_known = saved is not None and saved.updated_at == row.updated_at and not (faults or unrelated)
        if saved and is_known and batch.is_as_saved(code, comments, saved) and relations.are_as_saved(saved):
            return None
        detail = self.api.call(ask_for.DescribeIssue(**self._names(code)), IssueResponse).issue
        changes, missing = batch.status_changes(code)
        logs = batch.work_logs(code)
        issue = with_relations(issue_of(detail, comments, changes, logs, project_id=self.project_id), relations)
        return ItemRead(
            item=issue,
            people=people_of_issue(detail),
            addresses=self._addresses(detail, issue, comments, _saved_files(saved)),
            faults=(*faults, *unrelated, *missing),
            has_all_comments=not faults,
        )

    def _refs(self, since: datetime | None) -> Iterator[_IssueRef]:
        what = Phrase("issues of {project}", project=repr(self.project))
        found: CodingList[_IssueRef] = CodingList(self.api, what, lambda ref: ref.code, ISSUES_PER_PAGE)
        if since is None:
            return found.pages(self._page, IssuePageResponse, _rows_of_page)
        condition = ask_for.IssueCondition(key="UPDATED_AT", value=f"{china_day(since)}_{EVER}")

        def from_offset(offset: int) -> ask_for.DescribeIssueList:
            return ask_for.DescribeIssueList(
                project_name=self.project,
                issue_type=ask_for.ALL_TYPES,
                offset=offset,
                limit=ISSUES_PER_PAGE,
                sort_key="CODE",
                sort_value="ASC",
                conditions=[condition],
            )

        return found.offsets(from_offset, IssueListResponse, _rows_of_list)

    def _page(self, number: int, *, size: int = ISSUES_PER_PAGE) -> ask_for.DescribeIssueListWithPage:
        return ask_for.DescribeIssueListWithPage(
            project_name=self.project,
            issue_type=ask_for.ALL_TYPES,
            page_number=number,
            page_size=size,
            sort_key="CODE",
            sort_value="ASC",
            show_sub_issues=True,
        )

    def _comments(self, code: int) -> tuple[Sequence[IssueComment], tuple[MatouError, ...]]:
        request = ask_for.DescribeIssueCommentList(**self._names(code), show_file_id=True)
        try:
            return self.api.call(request, IssueCommentsResponse).comment_list, ()
        except ENDS_EVERYTHING:
            raise
        except MatouError as fault:
            return (), (fault,)

    def changes_of(self, codes: Sequence[int]) -> Mapping[int, Sequence[IssueStatusChange]]:
        request = ask_for.DescribeIssueStatusChangeLogList(project_name=self.project, issue_code=list(codes))
        rows = self.api.call(request, IssueStatusChangesResponse).logs.rows
        return _grouped((change.issue_code, change) for change in rows)

    def _all_work_logs(self) -> Mapping[int, Sequence[IssueWorkLog]]:
        what = Phrase("work logs of {project}", project=repr(self.project))
        found: CodingList[IssueWorkLog] = CodingList(self.api, what, lambda log: log.id, WORK_LOGS_PER_PAGE)

        def from_offset(offset: int) -> ask_for.DescribeAllProjectsIssueWorkLogList:
            return ask_for.DescribeAllProjectsIssueWorkLogList(
                project_name=self.project, limit=WORK_LOGS_PER_PAGE, offset=offset
            )

        rows = found.offsets(from_offset, IssueWorkLogsResponse, lambda answer: AnsweredRows(answer.work_logs))
        return _grouped((log.issue_code, log) for log in rows)

    def _addresses(
        self, detail: IssueDetail, issue: Issue, comments: Sequence[IssueComment], saved: frozenset[str]
    ) -> Mapping[str, str]:
        attached = {ours.url: file.url for ours, file in zip(issue.files, detail.files, strict=True) if file.url}
        return {**self.files.addresses(detail, comments, saved), **attached}

    def _names(self, code: int) -> dict[str, Any]:
        return {"project_name": self.project, "issue_code": code}


class IssueBatch:
    """Issues that stand together in a list: what is asked for many at once is asked when the first of them is read.

    `types` has the type of each, by its number.
    """

    def __init__(self, types: Mapping[int, str], reader: IssueReader, work_logs: "_Once[_WorkLogs]") -> None:
        self.types = types
        self._changes = _Once(lambda: reader.changes_of(tuple(types)))
        self._work_logs = work_logs

    def status_changes(self, code: int) -> tuple[Sequence[IssueStatusChange], tuple[MatouError, ...]]:
        """With why they are not known, where they are not."""
        try:
            return self._changes.value.get(code, ()), ()
        except ENDS_EVERYTHING:
            raise
        except MatouError as fault:
            return (), (fault,)

    def work_logs(self, code: int) -> Sequence[IssueWorkLog]:
        return self._work_logs.value.get(code, ())

    def is_as_saved(self, code: int, comments: Iterable[IssueComment], saved: Issue) -> bool:
        """Whether nothing was said or worked that moved no time."""
        there = [_said(comment) for comment in comments_of(comments)]
        before = [_said(comment) for comment in saved.comments if comment.gone_in is None]
        return there == before and spent_of(self.work_logs(code)) == saved.spent


def _said(comment: Comment) -> tuple[object, ...]:
    return comment.id, comment.reply_to, comment.by, comment.at, comment.edited_at, comment.text, comment.extra


class _Once(Generic[T]):
    """What several threads need and one of them asks for; a failure is raised to each of them."""

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._fault: MatouError | None = None
        self._known: T | None = None

    @property
    def value(self) -> T:
        with self._lock:
            if self._known is None and self._fault is None:
                self._find()
            if self._fault is not None:
                raise self._fault
            return cast("T", self._known)

    def _find(self) -> None:
        try:
            self._known = self._ask()
        except MatouError as fault:
            self._fault = fault


def _saved_files(saved: Issue | None) -> frozenset[str]:
    if saved is None:
        return frozenset()
    files = [*saved.files, *(file for comment in saved.comments for file in comment.files)]
    return frozenset(file.url for file in files if file.sha256)


def _in_batches(refs: Iterable[_IssueRef]) -> Iterator[Sequence[_IssueRef]]:
    """What came before a list broke off is given, too, ahead of the error."""
    batch: list[_IssueRef] = []
    try:
        for ref in refs:
            batch.append(ref)
            if len(batch) == ISSUES_PER_BATCH:
                yield batch
                batch = []
    except MatouError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _rows_of_page(answer: IssuePageResponse) -> AnsweredRows[_IssueRef]:
    return AnsweredRows([_ref(row) for row in answer.data.rows], answer.data.total_count)


def _rows_of_list(answer: IssueListResponse) -> AnsweredRows[_IssueRef]:
    return AnsweredRows([_ref(row) for row in answer.issue_list])


def _ref(row: IssueRow) -> _IssueRef:
    return _IssueRef(row.code, row.updated_at, row.type)


def _grouped(pairs: Iterable[tuple[int, T]]) -> Mapping[int, Sequence[T]]:
    groups: defaultdict[int, list[T]] = defaultdict(list)
    for code, each in pairs:
        groups[code].append(each)
    return dict(groups)
