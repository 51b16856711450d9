"""Reads what a repository at GitCode has: comments on pull requests are asked for one by one, where there are any."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final, TypeVar
from urllib.parse import quote, urlsplit

from matou.errors import MatouError
from matou.http.addresses import owner_and_name, repository_path, segment
from matou.model.metadata import ChangeRequest, MetadataValue
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
from matou.platforms.base.metadata import (
    CommentListing,
    CommitSource,
    FileRequest,
    ItemRead,
    ItemRow,
    ReadableKind,
    TableRead,
)
from matou.platforms.base.v5_mapping import link_of
from matou.platforms.base.v5_metadata import COMMIT_COMMENTS, CommentLists, Listing, V5Reader, is_as_before
from matou.platforms.gitcode import PLATFORM
from matou.platforms.gitcode import metadata_items as items
from matou.platforms.gitcode import metadata_project as project
from matou.platforms.gitcode.api import GitCodeApi
from matou.platforms.gitcode.wire_base import DECODER
from matou.platforms.gitcode.wire_releases import GitCodeRelease

T = TypeVar("T")

KINDS: Final = (
    ReadableKind(kind=LABEL),
    ReadableKind(kind=MILESTONE),
    ReadableKind(kind=ISSUE, comments=CommentListing.REPOSITORY_WIDE),
    ReadableKind(kind=CHANGE),
    ReadableKind(kind=RELEASE, has_since=False),
    ReadableKind(kind=COMMIT_COMMENT),
    ReadableKind(kind=MEMBER),
    ReadableKind(kind=PROTECTION),
    ReadableKind(kind=HOOK),
)

ITEMS: Final = {
    # Of issues `sort` is the direction, and `direction` is passed over; of pull requests `sort=desc` is refused.
    ISSUE.name: Listing(
        path="/issues",
        query={"state": "all", "order_by": "created_at", "sort": "asc"},
        changed={"state": "all", "order_by": "updated_at", "sort": "asc"},
        key="number",
    ),
    CHANGE.name: Listing(
        path="/pulls",
        query={"state": "all", "order_by": "created_at", "direction": "asc"},
        changed={"state": "all", "order_by": "updated_at", "direction": "desc"},
        is_newest_first=True,
        key="number",
    ),
    RELEASE.name: Listing(path="/releases", query={"direction": "asc"}, key="tag_name"),
    COMMIT_COMMENT.name: COMMIT_COMMENTS,
}

COMMENTS: Final[CommentLists] = {
    ISSUE.name: [
        (
            Listing(
                path="/issues/comments",
                query={"sort": "created", "direction": "asc"},
                changed={"sort": "updated", "direction": "asc"},
            ),
            items.comment_of,
        ),
    ],
}

FILES: Final = frozenset({"gitcode.com", ".gitcode.com", "atomgit.com", ".atomgit.com", ".myhuaweicloud.com"})
"""Where GitCode keeps files; the last is the store that its addresses lead to."""

KEPT_PATHS: Final = ("/user-images/", "/attachment/uploads/", "/releases/download/")


class GitCodeRepositoryReader(V5Reader):
    """Of one repository.

    Args:
        path: `owner/name`, as its address has it.
        listed: as it was listed.
        wants: see `OpenMetadata`.
    """

    def __init__(
        self, api: GitCodeApi, path: str, listed: RemoteRepository, wants: Callable[[MetadataKind], bool]
    ) -> None:
        super().__init__(api, base=repository_path(path), name=path, switched_off=listed.switched_off, wants=wants)
        self._clone_url = listed.clone_url

    @property
    def kinds(self) -> Sequence[ReadableKind]:
        return KINDS

    @property
    def _items(self) -> Mapping[str, Listing]:
        return ITEMS

    @property
    def _comments(self) -> CommentLists:
        return COMMENTS

    def expected_calls(self, kind: MetadataKind, since: datetime | None, *, saved: int) -> int:
        """Each pull request may have comments, and those are a request of their own, and once its links.

        Protections are two lists.
        """
        calls = super().expected_calls(kind, since, saved=saved)
        if kind is PROTECTION:
            return 2
        if kind is not CHANGE or since is not None:
            return calls
        each = saved or self._count(ITEMS[CHANGE.name])
        return calls + each + (each if self._wants(LINK) and not saved else 0)

    def read(
        self, kind: MetadataKind, row: ItemRow, before: MetadataValue | None, *, sweeping: bool
    ) -> ItemRead | None:
        if kind is RELEASE:
            return self._release(row, before, sweeping=sweeping)
        if kind is COMMIT_COMMENT:
            return project.comment_on_commit(row.value)
        if kind is ISSUE:
            owner, name = owner_and_name(self._name)
            path = f"/repos/{segment(owner)}/issues/{segment(row.key)}/operate_logs"
            answered = partial(self._answered, path, {"repo": name})
            return self._with_log(items.issue_of(row.value), lambda read: items.with_log(read, answered()))
        whole = partial(self._whole, f"/pulls/{segment(row.key)}/operate_logs", {"sort": "asc"})
        link = partial(link_of, repository=self._name)
        change = self._with_links(self._change(row, before), before, link, sweeping=sweeping)
        return self._with_log(change, lambda read: items.with_log(read, whole()))

    def table(self, kind: MetadataKind) -> TableRead:
        if kind is LABEL:
            return project.labels_of(self._whole("/labels", key="name"))
        if kind is MILESTONE:
            return project.milestones_of(self._whole("/milestones", {"state": "all", "direction": "asc"}, key="number"))
        if kind is MEMBER:
            return project.members_of(self._whole("/collaborators"))
        if kind is PROTECTION:
            branches = self._whole("/protect_branches", key="name")
            return project.protections_of(branches, self._whole("/protected_tags", key="name"))
        return project.hooks_of(self._whole("/hooks"))

    def is_attachment(self, address: str) -> bool:
        """In texts are pictures at a host of their own, and files at the site, by their path."""
        split, site = urlsplit(address), urlsplit(self._clone_url)
        if split.hostname == "raw.gitcode.com":
            return split.path.startswith("/user-images/")
        at_site = not split.netloc or (split.hostname, split.port) == (site.hostname, site.port)
        is_at_home = PLATFORM.is_at(self._api.url) and PLATFORM.is_at(address)
        return (at_site or is_at_home) and any(part in split.path for part in KEPT_PATHS)

    def download(self, url: str, signed: str | None) -> FileRequest:
        """A release's file by the API, with the token; everything else without.

        What stands in a text anybody may have written: with the token it could name what its author may not see.
        """
        site = urlsplit(self._clone_url)
        address = f"{site.scheme}://{site.netloc}{url}" if url.startswith("/") else signed or url
        is_of_api = signed is not None and address == signed and signed.startswith(f"{self._api.url}/")
        own = {host for host in (site.hostname, urlsplit(self._api.url).hostname) if host}
        return FileRequest(
            url=address,
            hosts=frozenset(own | FILES),
            authorization=self._api.authorization("") if is_of_api else None,
        )

    def commits_of(self, change: ChangeRequest) -> CommitSource | None:
        """In the repository that it comes from: no ref for it is known."""
        if change.head.commit is None:
            return None
        site = urlsplit(self._clone_url)
        path = change.head.repository
        url = f"{site.scheme}://{site.netloc}/{quote(path)}.git" if path else self._clone_url
        branch = [f"refs/heads/{change.head.branch}"] if change.head.branch else []
        return CommitSource(url=url, wants=(change.head.commit, *branch))

    def _change(self, row: ItemRow, before: MetadataValue | None) -> ItemRead:
        """With its comments where there are any, and with what came of its reviews where somebody was asked."""
        faults: list[MatouError] = []
        detail = None
        if items.has_reviewers(row.value):
            detail = self._or_fault(lambda: self._answered(f"{self._base}/pulls/{segment(row.key)}"), faults)
        comments: list[object] | None = []
        if _has_comments(row.value, before):
            comments = self._or_fault(lambda: self._whole(f"/pulls/{segment(row.key)}/comments"), faults)
        read = items.change_of(row.value, detail, comments or ())
        return replace(read, faults=tuple(faults), has_all_comments=comments is not None)

    def _or_fault(self, ask: Callable[[], T], faults: list[MatouError]) -> T | None:
        try:
            return ask()
        except MatouError as fault:
            faults.append(fault)
            return None

    def _release(self, row: ItemRow, before: MetadataValue | None, *, sweeping: bool) -> ItemRead | None:
        read = project.release_of(row.value)
        if not sweeping and is_as_before(read.item, before):
            return None
        tag = segment(row.key)
        addresses = {
            project.stable_address(file.browser_download_url): (
                f"{self._api.url}{self._base}/releases/{tag}/attach_files/{segment(file.name)}/download"
            )
            for file in project.own_files(DECODER.read(GitCodeRelease, row.value))
        }
        return replace(read, addresses=addresses)


def _has_comments(value: object, before: MetadataValue | None) -> bool:
    """`notes` counts those of the system as well; what does not count any is asked."""
    notes = value.get("notes") if isinstance(value, Mapping) else None
    had = isinstance(before, ChangeRequest) and (before.comments or before.threads)
    return notes != 0 or bool(had)
