"""What people said, written to one repository at CODING, and to the project that it is in: issues belong to that."""

from collections.abc import Iterator
from functools import cached_property
from typing import Final

from msgspec import UNSET

from matou.credentials import Secret
from matou.errors import Phrase, UnknownShape
from matou.http.session import Session
from matou.model.metadata_targets import (
    FileDelivery,
    ItemAddress,
    ItemEdit,
    ItemKind,
    MetadataRules,
    NewChangeRequest,
    NewFile,
    NewIssue,
    NewLabel,
    NewLineComment,
    NewMilestone,
    NewPage,
    NewTargetRelease,
    TargetComment,
    TargetItem,
    TargetMilestone,
    TargetPage,
    TargetRelease,
)
from matou.model.targets import TargetRepository
from matou.platforms.base.errors import ActionRefused, NotOffered, PlatformBusy, made_in_part
from matou.platforms.base.platform import Clock
from matou.platforms.coding import wire_requests as ask_for
from matou.platforms.coding import wire_requests_served as ask_of
from matou.platforms.coding import wire_requests_writing as write
from matou.platforms.coding.api import CodingApi
from matou.platforms.coding.client_conversation import ConversationActions
from matou.platforms.coding.metadata_wiki import all_pages
from matou.platforms.coding.tokens import CodingToken
from matou.platforms.coding.uploads import upload_file
from matou.platforms.coding.wire import LabelsResponse, ProjectResponse, Response, TeamResponse
from matou.platforms.coding.wire_issues import IssueResponse, IssueRow
from matou.platforms.coding.wire_merges import MergeRequest, MergeRequestNotesResponse
from matou.platforms.coding.wire_pages import WikiNode, WikiVersionResponse
from matou.platforms.coding.wire_releases import Release
from matou.platforms.coding.wire_writing import (
    CreatedMergeRequestResponse,
    CreatedNoteResponse,
    IssueStatusesResponse,
    IterationResponse,
    ProjectIssueStatus,
)

RULES: Final = MetadataRules(
    shares_numbers=False,
    # A project counts the issues of all its repositories, and those of every type.
    is_sequential=False,
    has_line_comments=False,
    has_drafts=False,
    has_labels_of_changes=False,
    has_assets=False,
    file_delivery=FileDelivery.UPLOADED,
)

_PRIORITY: Final = "1"
"""In the middle; CODING wants one."""
_COMPLETED: Final = "COMPLETED"
_ENDED: Final = frozenset({"ACCEPTED", "REFUSED", "CANCEL"})


class _Reading(ConversationActions):
    def __init__(self, api: CodingApi) -> None:
        self._api = api


class CodingMetadataTarget:
    """See `MetadataTarget`. Issues become those of the type MISSION, milestones iterations.

    Labels of merge requests, and people whom an issue is assigned to, cannot be set, and are passed over.

    Args:
        session: must name the URL's origin, and keep to CODING's limits: see `Platform.open_session`.
        url: the Open API's address.
    """

    def __init__(self, session: Session, url: str, token: Secret, repository: TargetRepository, *, now: Clock) -> None:
        self._api = CodingApi(session, url.rstrip("/"), CodingToken.from_text(token).authorization, now)
        self._read = _Reading(self._api)
        self._now = now
        self._depot_id = int(repository.id)
        self._project = repository.namespace.rpartition("/")[2]
        self._depot_path = f"{self._project}/{repository.name}"
        self._label_ids: dict[str, int] = {}

    @property
    def rules(self) -> MetadataRules:
        return RULES

    def labels(self) -> Iterator[str]:
        answer = self._api.call(ask_for.DescribeAllProjectLabels(project_id=self._project_id), LabelsResponse)
        self._label_ids = {label.name: label.id for label in answer.labels}
        return iter(self._label_ids)

    def add_label(self, label: NewLabel) -> None:
        self._make(write.CreateProjectLabel(project_id=self._project_id, name=label.name, color=f"#{label.color}"))

    def milestones(self) -> Iterator[TargetMilestone]:
        return (TargetMilestone(id=str(row.code), title=row.name) for row in self._read.iterations(self._project))

    def add_milestone(self, milestone: NewMilestone) -> TargetMilestone:
        """One that is closed is begun and ended on the day that it was due, or today."""
        request = write.CreateIteration(
            project_name=self._project, name=milestone.title, goal=milestone.text, end_at=milestone.due or ""
        )
        made = self._api.make(request, IterationResponse).iteration
        if milestone.is_closed:
            day = milestone.due or self._now().date().isoformat()
            with made_in_part():
                self._move_iteration(made.code, "start", day)
                self._move_iteration(made.code, "complete", day)
        return TargetMilestone(id=str(made.code), title=milestone.title)

    def items(self, kind: ItemKind) -> Iterator[TargetItem]:
        if kind is ItemKind.CHANGE:
            return (_of_merge_request(row) for row in self._read.merge_requests(self._depot_id))
        return (_of_issue(row) for row in self._read.issues(self._project))

    def add_issue(self, issue: NewIssue) -> TargetItem:
        request = write.CreateIssue(
            project_name=self._project,
            type=write.MISSION,
            name=issue.title,
            priority=_PRIORITY,
            description=issue.text,
            label_ids=self._ids_of(issue.labels) if issue.labels else UNSET,
            iteration_code=_code(issue.milestone) if issue.milestone else 0,
        )
        made = self._api.make(request, IssueResponse).issue
        return TargetItem(number=str(made.code), title=issue.title, text=issue.text, is_closed=False)

    def add_change_request(self, change: NewChangeRequest) -> TargetItem:
        request = write.CreateGitMergeRequest(
            depot_id=self._depot_id,
            title=change.title,
            content=change.text,
            src_branch=change.head,
            dest_branch=change.base,
        )
        made = self._api.make(request, CreatedMergeRequestResponse).request
        return TargetItem(number=str(made.merge_id), title=change.title, text=change.text, is_closed=False)

    def edit_item(self, item: ItemAddress, edit: ItemEdit) -> None:
        if item.kind is ItemKind.CHANGE:
            self._edit_merge_request(_code(item.number), edit)
        else:
            self._edit_issue(_code(item.number), edit)

    def comments(self, item: ItemAddress) -> Iterator[TargetComment]:
        if item.kind is ItemKind.ISSUE:
            for comment in self._read.issue_comments(self._project, _code(item.number)):
                yield TargetComment(id=str(comment.comment_id), text=comment.raw_content)
            return
        request = ask_of.DescribeSingeMergeRequestNotes(depot_path=self._depot_path, merge_id=_code(item.number))
        for thread in self._api.call(request, MergeRequestNotesResponse).notes:
            for note in thread.note:
                yield TargetComment(id=str(note.id), text=note.content)

    def add_comment(self, item: ItemAddress, text: str) -> TargetComment:
        if item.kind is ItemKind.ISSUE:
            return self._add_issue_comment(item, text)
        request = write.CreateMergeRequestNote(
            depot_path=self._depot_path, merge_id=_code(item.number), content=text, parent_id=write.NO_PARENT
        )
        return TargetComment(id=str(self._api.make(request, CreatedNoteResponse).note.id), text=text)

    def add_line_comment(self, number: str, comment: NewLineComment) -> TargetComment:  # noqa: ARG002 - whatever it says
        raise NotOffered("CODING counts lines of differences, not of files: none of !{number} is named", number=number)

    def add_answer(self, number: str, thread: str, text: str) -> TargetComment:  # noqa: ARG002 - as above
        raise NotOffered("CODING counts lines of differences, not of files: none of !{number} is named", number=number)

    def edit_comment(self, item: ItemAddress, comment: str, text: str) -> None:
        if item.kind is ItemKind.CHANGE:
            raise NotOffered(
                "CODING's API changes no comment on a merge request, so not one of !{number}", number=item.number
            )
        self._set(
            write.ModifyIssueComment(
                project_name=self._project,
                issue_code=_code(item.number),
                comment_id=_code(comment),
                content=text,
            )
        )

    def releases(self) -> Iterator[TargetRelease]:
        return (_release(row) for row in self._read.releases(self._depot_id))

    def add_release(self, release: NewTargetRelease) -> TargetRelease:
        """CODING tells nothing of what it made, so it is looked for."""
        self._make(
            write.CreateGitRelease(
                depot_id=self._depot_id,
                tag_name=release.tag,
                commit_sha=release.target,
                target_commit_branch=release.target,
                title=release.name,
                description=release.text,
                pre=release.is_prerelease,
            )
        )
        for there in self.releases():
            if there.tag == release.tag:
                return there
        raise PlatformBusy("CODING does not show yet the release {tag}", tag=repr(release.tag))

    def edit_release(self, release: TargetRelease, text: str) -> None:
        self._set(
            write.ModifyGitRelease(
                depot_id=self._depot_id, release_id=_code(release.id), tag_name=release.tag, description=text
            )
        )

    def add_asset(self, release: TargetRelease, file: NewFile) -> None:
        raise NotOffered(
            "CODING's API adds no files to releases, so not {file} to {tag}",
            file=repr(file.name),
            tag=repr(release.tag),
        )

    def pages(self) -> Iterator[TargetPage]:
        return map(_page, all_pages(self._read.wiki(self._project)))

    def add_page(self, page: NewPage) -> TargetPage:
        """In the wiki of the project."""
        parent = 0 if page.parent is None else _code(page.parent)
        request = write.CreateWiki(project_name=self._project, title=page.title, content=page.text, parent_iid=parent)
        made = self._api.make(request, WikiVersionResponse).data
        return TargetPage(id=str(made.iid), title=page.title, text=page.text)

    def edit_page(self, page: str, title: str, text: str) -> None:
        self._set(write.ModifyWiki(project_name=self._project, iid=_code(page), title=title, content=text))

    def upload(self, file: NewFile, item: ItemAddress | None) -> str:  # noqa: ARG002 - it belongs to the project
        """As CODING's own pages call it; whoever sees the project sees it, signed in."""
        number = upload_file(self._api, self._project, file)
        shown = "imagePreview" if file.type.startswith("image/") else "download"
        return f"{self._team_host}/api/project/{self._project_id}/files/{number}/{shown}"

    @cached_property
    def _project_id(self) -> int:
        return self._api.call(ask_for.DescribeProjectByName(project_name=self._project), ProjectResponse).project.id

    @cached_property
    def _team_host(self) -> str:
        team = self._api.call(ask_for.DescribeTeam(), TeamResponse).data
        return (team.team_host or self._api.url.removesuffix("/open-api")).rstrip("/")

    @cached_property
    def _statuses(self) -> list[ProjectIssueStatus]:
        """The default before the others."""
        request = ask_of.DescribeProjectIssueStatusList(project_name=self._project, issue_type=write.MISSION)
        rows = self._api.call(request, IssueStatusesResponse).project_issue_status_list
        return sorted(rows, key=lambda row: not row.is_default)

    def _status(self, *, is_closed: bool) -> int:
        for row in self._statuses:
            if (row.issue_status.type == _COMPLETED) is is_closed:
                return row.issue_status_id
        what = Phrase("closed") if is_closed else Phrase("open")
        raise ActionRefused("no status in {project} stands for {state}", project=repr(self._project), state=what)

    def _ids_of(self, labels: tuple[str, ...]) -> list[int]:
        if any(name not in self._label_ids for name in labels):
            self.labels()
        return [self._label_ids[name] for name in labels if name in self._label_ids]

    def _edit_issue(self, code: int, edit: ItemEdit) -> None:
        request = write.ModifyIssue(
            project_name=self._project,
            issue_code=code,
            name=UNSET if edit.title is None else edit.title,
            update_label_ids=UNSET if edit.labels is None else self._ids_of(edit.labels),
            iteration_code=UNSET if edit.milestone is None else _code(edit.milestone),
            status_id=UNSET if edit.is_closed is None else self._status(is_closed=edit.is_closed),
        )
        if request != write.ModifyIssue(project_name=self._project, issue_code=code):
            self._set(request)
        if edit.text is not None:
            self._set(write.ModifyIssueDescription(project_name=self._project, issue_code=code, description=edit.text))

    def _edit_merge_request(self, number: int, edit: ItemEdit) -> None:
        if edit.title is not None or edit.text is not None:
            self._set(
                write.ModifyGitMergeRequest(
                    depot_id=self._depot_id,
                    merge_id=number,
                    title=UNSET if edit.title is None else edit.title,
                    content=UNSET if edit.text is None else edit.text,
                )
            )
        if edit.is_closed:
            self._set(write.ModifyCloseMR(depot_id=self._depot_id, merge_id=number))
        elif edit.is_closed is False:
            raise ActionRefused("CODING's API opens no merge request again, so not !{number}", number=number)

    def _add_issue_comment(self, item: ItemAddress, text: str) -> TargetComment:
        """CODING tells nothing of what it made, so it is looked for."""
        self._make(
            write.CreateIssueComment(
                project_name=self._project, issue_code=_code(item.number), content=text, parent_id=write.NO_PARENT
            )
        )
        there = [one for one in self.comments(item) if one.text.strip() == text.strip()]
        if not there:
            raise PlatformBusy("CODING does not show yet what was said on #{number}", number=item.number)
        return there[-1]

    def _move_iteration(self, code: int, operator: str, day: str) -> None:
        request = write.ModifyIterationStatus(
            project_name=self._project, iteration_code=code, operator=operator, start_at=day, end_at=day
        )
        self._set(request)

    def _make(self, request: ask_for.Request) -> None:
        self._api.make(request, Response)

    def _set(self, request: ask_for.Request) -> None:
        self._api.call(request, Response)


def _code(text: str) -> int:
    """Raises UnknownShape for a number that is none."""
    if not text.isascii() or not text.isdigit():
        raise UnknownShape("coding Code", text)
    return int(text)


def _of_issue(row: IssueRow) -> TargetItem:
    is_closed = row.issue_status_type == _COMPLETED
    return TargetItem(number=str(row.code), title=row.name, text=row.description, is_closed=is_closed)


def _of_merge_request(row: MergeRequest) -> TargetItem:
    return TargetItem(number=str(row.merge_id), title=row.title, text=row.describe, is_closed=row.status in _ENDED)


def _release(row: Release) -> TargetRelease:
    return TargetRelease(id=str(row.release_id), tag=row.tag_name, name=row.title, text=row.body)


def _page(node: WikiNode) -> TargetPage:
    return TargetPage(id=str(node.iid), title=node.title, text=node.content)
