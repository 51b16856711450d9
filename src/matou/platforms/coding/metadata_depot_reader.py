"""Walks a depot at CODING for what belongs to it: merge requests with what was said on them, releases, protections."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from matou.errors import Phrase
from matou.model.metadata import ChangeRequest, MetadataValue
from matou.model.metadata import kinds as known
from matou.model.metadata.kinds import MetadataKind
from matou.model.platform import RemoteRepository
from matou.platforms.base.metadata import (
    CommentListing,
    CommentRow,
    CommitSource,
    FileRequest,
    ItemRead,
    ItemRow,
    ReadableKind,
    TableRead,
)
from matou.platforms.coding import wire_merges, wire_releases, wire_settings
from matou.platforms.coding import wire_requests as ask_for
from matou.platforms.coding import wire_requests_metadata as ask_about
from matou.platforms.coding.api import CodingApi
from matou.platforms.coding.metadata_changes import (
    change_of,
    note_comment,
    people_of_change,
    people_of_note,
    thread_of,
)
from matou.platforms.coding.metadata_files import FileUnavailable, ProjectFiles
from matou.platforms.coding.metadata_issues import FILE_ADDRESS
from matou.platforms.coding.metadata_lists import AnsweredRows, CodingList
from matou.platforms.coding.metadata_project import branch_rule, tag_rule
from matou.platforms.coding.metadata_releases import asset_addresses, release_of
from matou.platforms.coding.metadata_values import china_day, without_owner
from matou.platforms.coding.pages import PAGE_SIZE
from matou.platforms.coding.wire import moment

KINDS: Final[Sequence[ReadableKind]] = (
    ReadableKind(kind=known.CHANGE, comments=CommentListing.REPOSITORY_WIDE),
    ReadableKind(kind=known.RELEASE, has_since=False, needs_tag=True),
    ReadableKind(kind=known.PROTECTION, is_for_sweeps=True),
)

NOTES_A_REQUEST: Final = 3
"""How many notes a merge request may have, for the estimate."""


class DepotReader:
    """A `MetadataReader` of one depot. `path` is `project/depot`."""

    def __init__(self, api: CodingApi, repository: RemoteRepository, path: str) -> None:
        self._api = api
        self._id, self._path, self._clone_url = int(repository.id), path, repository.clone_url
        self._owner = {"DepotId": self._id, "ProjectId": int(repository.namespace_id or 0)}
        self._files = ProjectFiles(api, path.partition("/")[0])

    @property
    def kinds(self) -> Sequence[ReadableKind]:
        return KINDS

    def expected_calls(self, kind: MetadataKind, since: datetime | None, *, saved: int) -> int:  # noqa: ARG002 - all rows come anyway
        if kind is known.PROTECTION:
            return 3
        if kind is known.RELEASE or since is not None:
            return 2 if kind is known.CHANGE else 1
        there = self._api.call(self._merges(1, None, size=1), wire_merges.MergeRequestsResponse).data.total_row
        return 1 + 2 * (-(-there // PAGE_SIZE) + -(-there * NOTES_A_REQUEST // PAGE_SIZE))

    def rows(self, kind: MetadataKind, since: datetime | None) -> Iterator[ItemRow]:
        return self._change_rows(since) if kind is known.CHANGE else self._release_rows()

    def comments(self, kind: MetadataKind, since: datetime | None) -> Iterator[CommentRow]:  # noqa: ARG002 - of change requests alone
        """Those written since then: CODING tells nothing of when one was changed, so that a sweep finds edits."""
        what = Phrase("notes on merge requests of {repository}", repository=repr(self._path))
        found: CodingList[wire_merges.MergeRequestThread] = CodingList(self._api, what, _ids_of_thread, PAGE_SIZE)

        def page(number: int) -> ask_about.DescribeAllMergeRequestNotes:
            return ask_about.DescribeAllMergeRequestNotes(
                depot_path=self._path,
                page_number=number,
                page_size=PAGE_SIZE,
                created_at_start_date=china_day(since) if since else "",
            )

        threads = found.pages(page, wire_merges.MergeRequestNotesResponse, lambda answer: AnsweredRows(answer.notes))
        return (_comment_row(thread.note, note) for thread in threads for note in thread.note)

    def read(
        self,
        kind: MetadataKind,  # noqa: ARG002 - the row says it
        row: ItemRow,
        before: MetadataValue | None,  # noqa: ARG002 - the row has all of it
        *,
        sweeping: bool,  # noqa: ARG002 - as above
    ) -> ItemRead:
        match row.value:
            case wire_merges.MergeRequest() as merge:
                return ItemRead(item=without_owner(change_of(merge), self._owner), people=people_of_change(merge))
            case wire_releases.Release() as release:
                addresses = {**_picture_addresses(release), **asset_addresses(release)}
                return ItemRead(item=without_owner(release_of(release), self._owner), addresses=addresses)
            case other:
                raise TypeError(other)

    def table(self, kind: MetadataKind) -> TableRead:  # noqa: ARG002 - there is one
        """Protected branches with those who may do more there, and protected tags."""
        request = ask_about.DescribeBranchProtections(depot_id=self._id)
        branches = self._api.call(request, wire_settings.BranchProtectionsResponse).branch_protections
        tags = self._api.call(
            ask_about.DescribeGitProtectedTags(depot_id=self._id), wire_settings.ProtectedTagsResponse
        ).git_tags
        return TableRead(
            rows=(*(branch_rule(rule, self._members_of(rule)) for rule in branches), *(tag_rule(tag) for tag in tags))
        )

    def is_attachment(self, address: str) -> bool:
        return self._files.is_attachment(address)

    def download(self, url: str, signed: str | None) -> FileRequest:
        """What belongs to a release is signed where the release is listed."""
        if signed is None and not self._files.is_attachment(url):
            signed = self._signed_asset(url)
        return self._files.download(url, signed)

    def commits_of(self, change: ChangeRequest) -> CommitSource | None:
        """CODING's own builds fetch `refs/merge/*`; whether every clone may is not documented."""
        if not self._clone_url:
            return None
        head = (change.head.commit,) if change.head.commit else ()
        return CommitSource(url=self._clone_url, wants=(f"refs/merge/{change.number}/MERGE", *head))

    def _change_rows(self, since: datetime | None) -> Iterator[ItemRow]:
        what = Phrase("merge requests of {repository}", repository=repr(self._path))
        found: CodingList[wire_merges.MergeRequest] = CodingList(self._api, what, lambda row: row.merge_id, PAGE_SIZE)
        rows = found.pages(
            lambda number: self._merges(number, since),
            wire_merges.MergeRequestsResponse,
            lambda answer: AnsweredRows(answer.data.rows, answer.data.total_row),
        )
        return (ItemRow(key=str(row.merge_id), updated_at=moment(row.update_at), value=row) for row in rows)

    def _merges(
        self, number: int, since: datetime | None, *, size: int = PAGE_SIZE
    ) -> ask_about.DescribeDepotMergeRequests:
        return ask_about.DescribeDepotMergeRequests(
            depot_id=self._id,
            status="ALL",
            sort="created_at",
            is_sort_direction_asc=True,
            page_number=number,
            page_size=size,
            updated_at_start_date=china_day(since) if since else "",
        )

    def _release_rows(self) -> Iterator[ItemRow]:
        return (ItemRow(key=row.tag_name, updated_at=None, value=row) for row in self._releases())

    def _releases(self) -> Iterator[wire_releases.Release]:
        what = Phrase("releases of {repository}", repository=repr(self._path))
        found: CodingList[wire_releases.Release] = CodingList(self._api, what, lambda row: row.tag_name, PAGE_SIZE)

        def page(number: int) -> ask_for.DescribeGitReleases:
            return ask_for.DescribeGitReleases(
                depot_id=self._id, page_number=number, page_size=PAGE_SIZE, show_resource_url=True
            )

        return found.pages(
            page,
            wire_releases.ReleasesResponse,
            lambda answer: AnsweredRows(answer.release_page_list.releases, answer.release_page_list.total_count),
        )

    def _signed_asset(self, url: str) -> str:
        signed = next((found[url] for row in self._releases() if url in (found := asset_addresses(row))), None)
        if signed is None:
            raise FileUnavailable("coding gives no address for {url}", url=url)
        return signed

    def _members_of(self, rule: wire_settings.BranchProtection) -> Sequence[wire_settings.BranchProtectionMember]:
        request = ask_about.DescribeBranchProtectionMembers(
            depot_id=self._id, branch_protection_id=rule.branch_protection_id
        )
        return self._api.call(request, wire_settings.BranchProtectionMembersResponse).members


def _ids_of_thread(thread: wire_merges.MergeRequestThread) -> tuple[int, ...]:
    return tuple(note.id for note in thread.note)


def _comment_row(notes: Sequence[wire_merges.MergeRequestNote], note: wire_merges.MergeRequestNote) -> CommentRow:
    return CommentRow(
        key=str(note.merge_id),
        comment=note_comment(note),
        updated_at=moment(note.updated_at),
        thread=thread_of(notes, note),
        people=people_of_note(note),
    )


def _picture_addresses(release: wire_releases.Release) -> dict[str, str]:
    """CODING gives the pictures of a text in its order, or none of them."""
    named = [match[0] for match in FILE_ADDRESS.finditer(release.body)]
    signed = release.image_download_url
    return dict(zip(named, signed, strict=True)) if len(named) == len(signed) else {}
