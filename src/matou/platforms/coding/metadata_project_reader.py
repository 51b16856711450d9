"""Walks a project at CODING for what belongs to it: issues, what they are planned with, wiki, announcements, hooks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from matou.errors import MatouError, Phrase
from matou.model.metadata import ChangeRequest, MetadataValue, WikiPage
from matou.model.metadata import kinds as known
from matou.model.metadata.kinds import MetadataKind
from matou.model.platform import RemoteNamespace
from matou.platforms.base.account_lists import ENDS_EVERYTHING
from matou.platforms.base.errors import RemoteNotFound
from matou.platforms.base.metadata import (
    CommentRow,
    CommitSource,
    FileRequest,
    ItemRead,
    ItemRow,
    ReadableKind,
    TableRead,
)
from matou.platforms.coding import metadata_project as project_form
from matou.platforms.coding import wire, wire_by_option, wire_pages, wire_planning, wire_settings
from matou.platforms.coding import wire_requests as ask_for
from matou.platforms.coding import wire_requests_metadata as ask_about
from matou.platforms.coding.api import CodingApi
from matou.platforms.coding.metadata_artifacts import ArtifactReader, FoundArtifact
from matou.platforms.coding.metadata_files import ProjectFiles
from matou.platforms.coding.metadata_issue_reader import ISSUES_PER_BATCH, IssueBatch, IssueReader
from matou.platforms.coding.metadata_lists import ISSUES_PER_PAGE, AnsweredRows, CodingList
from matou.platforms.coding.metadata_relations import CALLS_OF_RELATIONS
from matou.platforms.coding.metadata_test_cases import TestCaseReader
from matou.platforms.coding.metadata_values import participants, without_owner
from matou.platforms.coding.metadata_wiki import all_pages, page_of, people_of_page, people_of_version, version_of
from matou.platforms.coding.pages import PAGE_SIZE

ISSUE_TYPES: Final = ("DEFECT", "REQUIREMENT", "MISSION", "EPIC", "SUB_TASK")

KINDS: Final[Sequence[ReadableKind]] = (
    ReadableKind(kind=known.MEMBER),
    ReadableKind(kind=known.LABEL),
    ReadableKind(kind=known.MILESTONE),
    ReadableKind(kind=known.SETTING),
    ReadableKind(kind=known.ISSUE),
    ReadableKind(kind=known.WIKI_PAGE, has_since=False),
    ReadableKind(kind=known.ANNOUNCEMENT, has_since=False),
    ReadableKind(kind=known.HOOK),
    ReadableKind(kind=known.TEST_CASE, has_since=False),
    ReadableKind(kind=known.ARTIFACT, has_since=False),
    ReadableKind(
        kind=known.FILE_DRIVE, unseen=Phrase("CODING's Open API neither lists nor gives what is in the file drive")
    ),
)

CALLS_A_REPOSITORY: Final = 3
"""Of artifacts, for the estimate: its packages, its files, and the versions of a package."""

TABLE_CALLS: Final[Mapping[str, int]] = {known.MILESTONE.name: 2, known.SETTING.name: len(ISSUE_TYPES) + 1}
"""Of the tables that take more than one request."""


class ProjectReader:
    """A `MetadataReader` of one project."""

    def __init__(self, api: CodingApi, namespace: RemoteNamespace, *, wants_files: bool = True) -> None:
        self._api = api
        self._name, self._id = namespace.name, int(namespace.id)
        self._files = ProjectFiles(api, namespace.name, is_wanted=wants_files)
        self._issues = IssueReader(api, self._name, self._id, self._files)
        self._test_cases = TestCaseReader(api, self._name)
        self._artifacts = ArtifactReader(api, self._name, self._id)
        self._tables: Mapping[str, Callable[[], TableRead]] = {
            known.MEMBER.name: self._members,
            known.LABEL.name: self._labels,
            known.MILESTONE.name: self._milestones,
            known.SETTING.name: self._settings,
            known.HOOK.name: self._hooks,
        }

    @property
    def kinds(self) -> Sequence[ReadableKind]:
        return KINDS

    def expected_calls(self, kind: MetadataKind, since: datetime | None, *, saved: int) -> int:
        """Of issues those for each that is new, and of a sweep, but for its text, those for each that is saved."""
        if kind is known.ARTIFACT:
            return 1 + CALLS_A_REPOSITORY * self._artifacts.count_repositories()
        if kind is known.TEST_CASE:
            there = self._test_cases.count()
            return 1 + -(-there // PAGE_SIZE) + max(0, there - saved)
        if kind is not known.ISSUE:
            return TABLE_CALLS.get(kind.name, 1)
        if since is not None:
            return 1
        there = self._issues.count()
        new = max(0, there - saved)
        lists = 1 + 2 * -(-there // ISSUES_PER_PAGE) + -(-new // ISSUES_PER_BATCH) + 1
        return lists + new + there * (1 + CALLS_OF_RELATIONS)

    def rows(self, kind: MetadataKind, since: datetime | None) -> Iterator[ItemRow]:
        if kind is known.ISSUE:
            return self._issues.rows(since)
        if kind is known.ARTIFACT:
            return self._artifacts.rows()
        if kind is known.TEST_CASE:
            return self._test_cases.rows()
        return self._pages() if kind is known.WIKI_PAGE else self._announcements()

    def comments(self, kind: MetadataKind, since: datetime | None) -> Iterator[CommentRow]:  # noqa: ARG002 - the Protocol's
        """They come with the issues."""
        return iter(())

    def read(
        self,
        kind: MetadataKind,  # noqa: ARG002 - the row says it
        row: ItemRow,
        before: MetadataValue | None,
        *,
        sweeping: bool,  # noqa: ARG002 - what is saved says whether it is asked for again
    ) -> ItemRead | None:
        match row.value:
            case IssueBatch() as batch:
                return self._issues.read(row, batch, before)
            case wire_pages.WikiNode() as node:
                return self._page(node, before)
            case FoundArtifact() as found:
                return self._artifacts.read(found, before)
            case wire_by_option.CodingTestCase() as case:
                return self._test_cases.read(case)
            case wire_pages.CodingAnnouncement() as announcement:
                return ItemRead(item=project_form.announcement_of(announcement))
            case other:
                raise TypeError(other)

    def table(self, kind: MetadataKind) -> TableRead:
        table = self._tables[kind.name]()
        owner = {"ProjectId": self._id, **({"TargetId": self._id} if kind is known.HOOK else {})}
        rows = [without_owner(row, owner) if isinstance(row, MetadataValue) else row for row in table.rows]
        return replace(table, rows=tuple(rows))

    def is_attachment(self, address: str) -> bool:
        return self._files.is_attachment(address)

    def download(self, url: str, signed: str | None) -> FileRequest:
        if signed is None and self._artifacts.has(url):
            signed = self._artifacts.address(url)
        return self._files.download(url, signed)

    def commits_of(self, change: ChangeRequest) -> CommitSource | None:  # noqa: ARG002 - a project has none
        return None

    def _list(self, what: Phrase) -> CodingList[Any]:
        return CodingList(self._api, what, _id_of, PAGE_SIZE)

    def _members(self) -> TableRead:
        def page(number: int) -> ask_for.DescribeProjectMembers:
            return ask_for.DescribeProjectMembers(project_id=self._id, page_number=number, page_size=PAGE_SIZE)

        found = self._list(Phrase("members of {project}", project=repr(self._name))).pages(
            page,
            wire.ProjectMembersResponse,
            lambda answer: AnsweredRows(answer.data.project_members, answer.data.total_count),
        )
        members = list(found)
        return TableRead(rows=tuple(map(project_form.member_grant, members)), people=participants(*members))

    def _labels(self) -> TableRead:
        request = ask_for.DescribeAllProjectLabels(project_id=self._id)
        labels = self._api.call(request, wire.LabelsResponse).labels
        return TableRead(rows=tuple(map(project_form.label_of, labels)))

    def _milestones(self) -> TableRead:
        """Iterations and versions."""

        def iterations(offset: int) -> ask_about.DescribeIterationList:
            return ask_about.DescribeIterationList(project_name=self._name, limit=PAGE_SIZE, offset=offset)

        def versions(number: int) -> ask_about.DescribeReleaseList:
            return ask_about.DescribeReleaseList(project_name=self._name, page=number, page_size=PAGE_SIZE)

        in_iterations: CodingList[wire_planning.CodingIteration] = CodingList(
            self._api, Phrase("iterations of {project}", project=repr(self._name)), lambda row: row.code, PAGE_SIZE
        )
        in_versions: CodingList[wire_planning.CodingVersion] = CodingList(
            self._api, Phrase("versions of {project}", project=repr(self._name)), lambda row: row.code, PAGE_SIZE
        )
        found = in_iterations.offsets(
            iterations,
            wire_planning.IterationsResponse,
            lambda answer: AnsweredRows(answer.data.rows, answer.data.total_row),
            is_counted=True,
        )
        planned = in_versions.pages(
            versions,
            wire_planning.VersionsResponse,
            lambda answer: AnsweredRows(answer.data.rows, answer.data.total_count),
        )
        return TableRead(
            rows=(*map(project_form.iteration_milestone, found), *map(project_form.version_milestone, planned))
        )

    def _settings(self) -> TableRead:
        """What the numbers of custom fields mean, and which departments and groups have rights."""
        fields = [
            field
            for issue_type in ISSUE_TYPES
            for field in self._api.call(
                ask_about.DescribeProjectIssueFieldList(project_name=self._name, issue_type=issue_type),
                wire_planning.IssueFieldsResponse,
            ).project_issue_field_list
        ]
        return TableRead(
            rows=(
                {
                    "issue_fields": project_form.field_settings(fields),
                    "principals": project_form.principal_settings(self._principals()),
                },
            )
        )

    def _principals(self) -> Sequence[wire_settings.CodingPrincipal]:
        def page(number: int) -> ask_about.DescribeProjectMemberPrincipals:
            return ask_about.DescribeProjectMemberPrincipals(
                project_id=self._id, page_number=number, page_size=PAGE_SIZE
            )

        what = Phrase("those with rights in {project}", project=repr(self._name))
        found: CodingList[wire_settings.CodingPrincipal] = CodingList(
            self._api, what, lambda row: (row.principal_type, row.principal_id), PAGE_SIZE
        )
        return list(
            found.pages(
                page,
                wire_settings.PrincipalsResponse,
                lambda answer: AnsweredRows(answer.data.principals, answer.data.total_count),
            )
        )

    def _hooks(self) -> TableRead:
        def page(number: int) -> ask_about.DescribeServiceHooks:
            return ask_about.DescribeServiceHooks(
                project_id=self._id, target_type="PROJECT", page_number=number, page_size=PAGE_SIZE
            )

        found = self._list(Phrase("webhooks of {project}", project=repr(self._name))).pages(
            page,
            wire_settings.ServiceHooksResponse,
            lambda answer: AnsweredRows(answer.data.service_hook, answer.data.total_count),
        )
        return TableRead(rows=tuple(map(project_form.webhook_of, found)))

    def _announcements(self) -> Iterator[ItemRow]:
        def page(number: int) -> ask_about.DescribeProjectAnnouncements:
            return ask_about.DescribeProjectAnnouncements(
                project_name=self._name, page_number=number, page_size=PAGE_SIZE
            )

        found = self._list(Phrase("announcements of {project}", project=repr(self._name))).pages(
            page, wire_pages.AnnouncementsResponse, lambda answer: AnsweredRows(answer.rows, answer.total_count)
        )
        return (ItemRow(key=str(row.id), updated_at=None, value=row) for row in found)

    def _pages(self) -> Iterator[ItemRow]:
        tree = self._api.call(ask_about.DescribeWikiList(project_name=self._name), wire_pages.WikiTreeResponse).data
        for node in all_pages(tree):
            yield ItemRow(key=str(node.iid), updated_at=wire.moment(node.updated_at), value=node)

    def _page(self, node: wire_pages.WikiNode, before: MetadataValue | None) -> ItemRead | None:
        """Its versions since the last one that is saved; the tree has the text as it is now."""
        saved = before if isinstance(before, WikiPage) else None
        if saved is not None and replace(page_of(node, saved.version), files=saved.files) == saved:
            return None
        first = 1 if saved is None or saved.version is None else saved.version + 1
        versions, faults = self._versions(node.iid, first)
        is_whole = versions and not faults
        last = versions[-1].histories_count if is_whole else (first + len(versions) - 1 or None)
        people = [person for version in versions for person in people_of_version(version)]
        return ItemRead(
            item=page_of(node, last),
            beside=tuple(version_of(version, number) for number, version in enumerate(versions, start=first)),
            people=tuple(dict.fromkeys([*people_of_page(node), *people])),
            faults=faults,
        )

    def _versions(self, iid: int, first: int) -> tuple[list[wire_pages.WikiPageVersion], tuple[MatouError, ...]]:
        """From one on; none where that one is not there yet, as after a page was moved."""
        versions: list[wire_pages.WikiPageVersion] = []
        try:
            while not versions or first + len(versions) <= versions[-1].histories_count:
                request = ask_about.DescribeWiki(project_name=self._name, iid=iid, version_id=first + len(versions))
                versions.append(self._api.call(request, wire_pages.WikiVersionResponse).data)
        except ENDS_EVERYTHING:
            raise
        except RemoteNotFound:
            return versions, ()
        except MatouError as fault:
            return versions, (fault,)
        return versions, ()


def _id_of(row: Any) -> object:
    return row.id
