"""What people said about the code, as methods of `Coding`: issues, merge requests, releases, plans and the wiki."""

from collections.abc import Callable, Iterator
from typing import Any

from matou.errors import Phrase
from matou.platforms.coding import wire_issues, wire_merges, wire_pages, wire_planning, wire_releases, wire_settings
from matou.platforms.coding import wire_requests as ask_for
from matou.platforms.coding import wire_requests_metadata as ask_about
from matou.platforms.coding.api import CodingApi
from matou.platforms.coding.metadata_lists import ISSUES_PER_PAGE, AnsweredRows, CodingList
from matou.platforms.coding.pages import PAGE_SIZE


class ConversationActions:
    """Issues and what they are planned with belong to a project, merge requests and releases to a depot.

    Lists are iterators as those of `Coding` are. People see an issue's `code`, and a merge request's `merge_id`.
    """

    _api: CodingApi

    def issues(self, project: str) -> Iterator[wire_issues.IssueRow]:
        """Of every type, by number; a row has no files, and of people the ids: see `issue`."""

        def page(number: int) -> ask_about.DescribeIssueListWithPage:
            return ask_about.DescribeIssueListWithPage(
                project_name=project,
                issue_type=ask_about.ALL_TYPES,
                page_number=number,
                page_size=ISSUES_PER_PAGE,
                sort_key="CODE",
                sort_value="ASC",
                show_sub_issues=True,
            )

        return self._list(Phrase("issues of {project}", project=project), _code, ISSUES_PER_PAGE).pages(
            page, wire_issues.IssuePageResponse, lambda answer: AnsweredRows(answer.data.rows, answer.data.total_count)
        )

    def issue(self, project: str, code: int) -> wire_issues.IssueDetail:
        """Raises RemoteNotFound."""
        request = ask_about.DescribeIssue(project_name=project, issue_code=code)
        return self._api.call(request, wire_issues.IssueResponse).issue

    def issue_comments(self, project: str, code: int) -> list[wire_issues.IssueComment]:
        request = ask_about.DescribeIssueCommentList(project_name=project, issue_code=code, show_file_id=True)
        return self._api.call(request, wire_issues.IssueCommentsResponse).comment_list

    def merge_requests(self, depot_id: int) -> Iterator[wire_merges.MergeRequest]:
        """Open, closed and merged, the oldest first."""

        def page(number: int) -> ask_about.DescribeDepotMergeRequests:
            return ask_about.DescribeDepotMergeRequests(
                depot_id=depot_id,
                status="ALL",
                sort="created_at",
                is_sort_direction_asc=True,
                page_number=number,
                page_size=PAGE_SIZE,
            )

        return self._list(
            Phrase("merge requests of {repository}", repository=depot_id), lambda row: row.merge_id
        ).pages(
            page,
            wire_merges.MergeRequestsResponse,
            lambda answer: AnsweredRows(answer.data.rows, answer.data.total_row),
        )

    def merge_request_notes(self, depot_path: str) -> Iterator[wire_merges.MergeRequestThread]:
        """What was said on all of a depot's merge requests; the path is `project/depot`."""

        def page(number: int) -> ask_about.DescribeAllMergeRequestNotes:
            return ask_about.DescribeAllMergeRequestNotes(
                depot_path=depot_path, page_number=number, page_size=PAGE_SIZE
            )

        return self._list(
            Phrase("notes on merge requests of {repository}", repository=depot_path), _ids_of_notes
        ).pages(page, wire_merges.MergeRequestNotesResponse, lambda answer: AnsweredRows(answer.notes))

    def releases(self, depot_id: int) -> Iterator[wire_releases.Release]:
        """With addresses of their files that are signed, and expire."""

        def page(number: int) -> ask_for.DescribeGitReleases:
            return ask_for.DescribeGitReleases(
                depot_id=depot_id, page_number=number, page_size=PAGE_SIZE, show_resource_url=True
            )

        return self._list(Phrase("releases of {repository}", repository=depot_id), lambda row: row.tag_name).pages(
            page,
            wire_releases.ReleasesResponse,
            lambda answer: AnsweredRows(answer.release_page_list.releases, answer.release_page_list.total_count),
        )

    def iterations(self, project: str) -> Iterator[wire_planning.CodingIteration]:
        def from_offset(offset: int) -> ask_about.DescribeIterationList:
            return ask_about.DescribeIterationList(project_name=project, limit=PAGE_SIZE, offset=offset)

        return self._list(Phrase("iterations of {project}", project=project), _code).offsets(
            from_offset,
            wire_planning.IterationsResponse,
            lambda answer: AnsweredRows(answer.data.rows, answer.data.total_row),
            is_counted=True,
        )

    def versions(self, project: str) -> Iterator[wire_planning.CodingVersion]:
        """A project's, which are planned; `releases` gives those of a depot."""

        def page(number: int) -> ask_about.DescribeReleaseList:
            return ask_about.DescribeReleaseList(project_name=project, page=number, page_size=PAGE_SIZE)

        return self._list(Phrase("versions of {project}", project=project), _code).pages(
            page,
            wire_planning.VersionsResponse,
            lambda answer: AnsweredRows(answer.data.rows, answer.data.total_count),
        )

    def wiki(self, project: str) -> list[wire_pages.WikiNode]:
        """The pages at the top; each has those below it, and its text as it is now."""
        return self._api.call(ask_about.DescribeWikiList(project_name=project), wire_pages.WikiTreeResponse).data

    def announcements(self, project: str) -> Iterator[wire_pages.CodingAnnouncement]:
        def page(number: int) -> ask_about.DescribeProjectAnnouncements:
            return ask_about.DescribeProjectAnnouncements(project_name=project, page_number=number, page_size=PAGE_SIZE)

        return self._list(Phrase("announcements of {project}", project=project), lambda row: row.id).pages(
            page, wire_pages.AnnouncementsResponse, lambda answer: AnsweredRows(answer.rows, answer.total_count)
        )

    def branch_protections(self, depot_id: int) -> list[wire_settings.BranchProtection]:
        request = ask_about.DescribeBranchProtections(depot_id=depot_id)
        return self._api.call(request, wire_settings.BranchProtectionsResponse).branch_protections

    def _list(self, what: Phrase, key: Callable[[Any], Any], page_size: int = PAGE_SIZE) -> CodingList[Any]:
        return CodingList(self._api, what, key, page_size)


def _code(row: Any) -> object:
    return row.code


def _ids_of_notes(thread: wire_merges.MergeRequestThread) -> tuple[int, ...]:
    return tuple(note.id for note in thread.note)
