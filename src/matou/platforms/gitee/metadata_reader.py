"""Reads what a repository at Gitee has, and the issues of an enterprise that belong to no repository."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from matou.errors import MatouError
from matou.http.addresses import owner_and_name, repository_path, segment
from matou.model.metadata import ChangeRequest, MetadataValue, SavedRelease
from matou.model.metadata.kinds import (
    CHANGE,
    COMMIT_COMMENT,
    HOOK,
    ISSUE,
    LABEL,
    LINK,
    MEMBER,
    MILESTONE,
    PROTECTION,
    RELEASE,
    MetadataKind,
)
from matou.model.platform import RemoteRepository
from matou.platforms.base.api_client import ApiClient
from matou.platforms.base.decoder import original_of
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
from matou.platforms.base.v5_mapping import link_of
from matou.platforms.base.v5_metadata import COMMIT_COMMENTS, CommentLists, Listing, V5Reader, is_as_before
from matou.platforms.gitee import metadata_items as items
from matou.platforms.gitee import metadata_project as project
from matou.platforms.gitee.api import V5, GiteeApi
from matou.platforms.gitee.metadata_people import DECODER
from matou.platforms.gitee.wire_releases import GiteeAttachFile, GiteeRelease

NEWEST_FIRST: Final = {"state": "all", "sort": "updated", "direction": "desc"}
BY_CHANGE: Final = {"sort": "updated", "direction": "asc"}
BY_CREATION: Final = {"sort": "created", "direction": "asc"}

KINDS: Final = (
    ReadableKind(kind=LABEL),
    ReadableKind(kind=MILESTONE),
    ReadableKind(kind=ISSUE, comments=CommentListing.REPOSITORY_WIDE),
    ReadableKind(kind=CHANGE, comments=CommentListing.REPOSITORY_WIDE),
    ReadableKind(kind=RELEASE, has_since=False),
    ReadableKind(kind=COMMIT_COMMENT),
    ReadableKind(kind=MEMBER),
    ReadableKind(kind=PROTECTION),
    ReadableKind(kind=HOOK),
)

ITEMS: Final = {
    ISSUE.name: Listing(
        path="/issues",
        query={"state": "all", **BY_CREATION},
        changed={"state": "all", **BY_CHANGE},
        key="number",
    ),
    CHANGE.name: Listing(
        path="/pulls", query={"state": "all", **BY_CREATION}, changed=NEWEST_FIRST, is_newest_first=True, key="number"
    ),
    RELEASE.name: Listing(path="/releases", query={}, key="tag_name"),
    COMMIT_COMMENT.name: COMMIT_COMMENTS,
}


class GiteeRepositoryReader(V5Reader):
    """Of one repository.

    Args:
        path: `owner/name`, as its address has it.
        listed: as it was listed.
        wants: see `OpenMetadata`.
    """

    def __init__(
        self, api: GiteeApi, path: str, listed: RemoteRepository, wants: Callable[[MetadataKind], bool]
    ) -> None:
        base = f"{V5}{repository_path(path)}"
        super().__init__(api, base=base, name=path, switched_off=listed.switched_off, wants=wants)
        self._clone_url = listed.clone_url
        self._threads: dict[str, str] = {}

    @property
    def kinds(self) -> Sequence[ReadableKind]:
        return KINDS

    @property
    def _items(self) -> Mapping[str, Listing]:
        return ITEMS

    @property
    def _comments(self) -> CommentLists:
        return {
            ISSUE.name: [(Listing(path="/issues/comments", query=BY_CREATION, changed=BY_CHANGE), items.comment_of)],
            CHANGE.name: [(Listing(path="/pulls/comments", query=BY_CREATION, changed=BY_CHANGE), self._pull_comment)],
        }

    def expected_calls(self, kind: MetadataKind, since: datetime | None, *, saved: int) -> int:
        """Each release may have files, whose sizes are a request of their own, once; so are links of a pull request."""
        calls = super().expected_calls(kind, since, saved=saved)
        has_more = kind is RELEASE or (kind is CHANGE and self._wants(LINK))
        return calls + self._count(ITEMS[kind.name]) if has_more and not saved else calls

    def read(
        self, kind: MetadataKind, row: ItemRow, before: MetadataValue | None, *, sweeping: bool
    ) -> ItemRead | None:
        if kind is RELEASE:
            return self._release(row, before, sweeping=sweeping)
        if kind is COMMIT_COMMENT:
            return project.comment_on_commit(row.value)
        if kind is ISSUE:
            owner, name = owner_and_name(self._name)
            path = f"{V5}/repos/{segment(owner)}/issues/{segment(row.key)}/operate_logs"
            answered = partial(self._answered, path, {"repo": name, "sort": "asc"})
            read = items.issue_of(row.value, repository=self._name)
        else:
            answered = partial(self._answered, f"{self._base}/pulls/{row.key}/operate_logs", {"sort": "asc"})
            read = items.change_of(row.value)
            read = self._with_links(read, before, partial(link_of, repository=self._name), sweeping=sweeping)
        return self._with_log(read, lambda read: items.with_log(read, answered()))

    def table(self, kind: MetadataKind) -> TableRead:
        if kind is LABEL:
            return project.labels_of(self._whole("/labels", key="name"))
        if kind is MILESTONE:
            return project.milestones_of(self._whole("/milestones", {"state": "all", "direction": "asc"}, key="number"))
        if kind is MEMBER:
            return project.members_of(self._whole("/collaborators"))
        if kind is PROTECTION:
            return project.protections_of(self._whole("/branches", key="name"))
        return project.hooks_of(self._whole("/hooks"))

    def is_attachment(self, address: str) -> bool:
        return is_attachment(address, self._api.url)

    def download(self, url: str, signed: str | None) -> FileRequest:
        return file_request(self._api, url, signed)

    def commits_of(self, change: ChangeRequest) -> CommitSource | None:
        """By the ref that Gitee's own tool fetches, which a mirror need not show."""
        wants = (f"refs/pull/{change.number}/head", *([change.head.commit] if change.head.commit else []))
        return CommitSource(url=self._clone_url, wants=wants)

    def _pull_comment(self, value: object) -> CommentRow:
        """A reply to a reply is in the thread of the first one."""
        row = items.pull_comment_of(value)
        if row.thread is None:
            return row
        thread = self._threads.get(row.thread.id, row.thread.id)
        self._threads[row.comment.id] = thread
        return replace(row, thread=replace(row.thread, id=thread))

    def _release(self, row: ItemRow, before: MetadataValue | None, *, sweeping: bool) -> ItemRead | None:
        """The sizes of its files are in a list of their own, which is asked for where its own list has changed."""
        bare = project.release_of(row.value, None)
        if not sweeping and is_as_before(bare.item, before) and _has_details_of_files(before):
            return None
        wire = DECODER.read(GiteeRelease, row.value)
        if not project.own_files(wire):
            return bare
        path = f"/releases/{wire.id}/attach_files"
        try:
            files = self._whole(path)
        except MatouError as fault:
            return replace(bare, item=_with_files_of_before(bare.item, before), faults=(fault,))
        read = project.release_of(row.value, files)
        addresses = {
            str(original_of(file).get("browser_download_url")): f"{self._api.url}{self._base}{path}/{file.id}/download"
            for file in (DECODER.read(GiteeAttachFile, value) for value in files)
        }
        return replace(read, addresses=addresses)


def _with_files_of_before(now: MetadataValue, before: MetadataValue | None) -> MetadataValue:
    """What is known of files from before stays; of the others there is a name and an address, which need not be theirs.

    By the name: the two lists have different addresses.
    """
    if not isinstance(now, SavedRelease) or not isinstance(before, SavedRelease):
        return now
    known = {asset.name: asset for asset in before.assets}
    return replace(now, assets=tuple(known.get(asset.name, asset) for asset in now.assets))


def _has_details_of_files(before: MetadataValue | None) -> bool:
    return isinstance(before, SavedRelease) and all(asset.id is not None for asset in before.assets)


class GiteeEnterpriseReader(V5Reader):
    """Of one enterprise: its issues without a repository, and its labels."""

    def __init__(self, api: GiteeApi, enterprise: str) -> None:
        super().__init__(api, base=f"{V5}/enterprises/{segment(enterprise)}", name=enterprise)

    @property
    def kinds(self) -> Sequence[ReadableKind]:
        return (ReadableKind(kind=LABEL), ReadableKind(kind=ISSUE))

    @property
    def _items(self) -> Mapping[str, Listing]:
        return {ISSUE.name: ITEMS[ISSUE.name]}

    @property
    def _comments(self) -> CommentLists:
        return {}

    def rows(self, kind: MetadataKind, since: datetime | None) -> Iterator[ItemRow]:
        """Those that belong to a repository are read there."""
        rows = super().rows(kind, since)
        return (row for row in rows if isinstance(row.value, Mapping) and not row.value.get("repository"))

    def read(
        self,
        kind: MetadataKind,  # noqa: ARG002 - issues are all that there is
        row: ItemRow,
        before: MetadataValue | None,
        *,
        sweeping: bool,
    ) -> ItemRead:
        read = items.issue_of(row.value)
        count = row.value.get("comments") if isinstance(row.value, Mapping) else None
        if not (count or sweeping or getattr(before, "comments", ())):
            return read
        try:
            rows = [
                items.comment_of(value, issue=row.key) for value in self._whole(f"/issues/{segment(row.key)}/comments")
            ]
        except MatouError as fault:
            return replace(read, faults=(fault,), has_all_comments=False)
        people = (*read.people, *(person for one in rows for person in one.people))
        item = replace(read.item, comments=tuple(one.comment for one in rows))  # type: ignore[call-arg]
        return replace(read, item=item, people=people)

    def table(self, kind: MetadataKind) -> TableRead:  # noqa: ARG002 - labels are all that there is
        return project.labels_of(self._whole("/labels", key="name"))

    def is_attachment(self, address: str) -> bool:
        return is_attachment(address, self._api.url)

    def download(self, url: str, signed: str | None) -> FileRequest:
        return file_request(self._api, url, signed)

    def commits_of(self, change: ChangeRequest) -> CommitSource | None:  # noqa: ARG002 - it has none
        return None


PICTURES: Final = frozenset({"foruda.gitee.com", "images.gitee.com"})
"""Where pictures in texts are: since about 2022, and before. Anybody may fetch them who comes from a page of Gitee."""

KEPT_PATHS: Final = ("/attach_files/", "/uploads/", "/images/", "/releases/download/")


def is_attachment(address: str, site: str) -> bool:
    """Pictures at their own hosts; at the site itself, files by their path."""
    split = urlsplit(address)
    if split.hostname in PICTURES:
        return split.path not in ("", "/")
    at_site = not split.netloc or (split.hostname, split.port) == (urlsplit(site).hostname, urlsplit(site).port)
    return at_site and any(part in split.path for part in KEPT_PATHS)


def file_request(api: ApiClient, url: str, signed: str | None) -> FileRequest:
    """A release's file by the API, with the token; everything else without."""
    address = signed or url
    if address.startswith("/"):
        address = f"{api.url}{address}"
    host = urlsplit(api.url).hostname or ""
    is_of_api = signed is not None and signed.startswith(f"{api.url}{V5}/")
    return FileRequest(
        url=address,
        hosts=frozenset({host, *PICTURES, *(("gitee.com", ".gitee.com") if host == "gitee.com" else ())}),
        authorization=api.authorization(V5) if is_of_api else None,
        headers={"Referer": f"{api.url}/"},
    )
