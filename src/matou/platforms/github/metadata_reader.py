"""Reads what a repository at GitHub has."""

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from msgspec.json import encode

from matou.errors import MatouError, Phrase
from matou.http.addresses import repository_path
from matou.model.metadata import ChangeRequest, MetadataValue
from matou.model.metadata.kinds import (
    ADVISORY,
    BOARD,
    CHANGE,
    COMMIT_COMMENT,
    DISCUSSION,
    HOOK,
    ISSUE,
    LABEL,
    MEMBER,
    MILESTONE,
    PROTECTION,
    RELEASE,
    MetadataKind,
)
from matou.model.platform import RemoteRepository
from matou.platforms.base.errors import ActionRefused, KindSwitchedOff, NotOffered, RemoteNotFound
from matou.platforms.base.metadata import (
    CommentListing,
    CommitSource,
    FileRequest,
    ItemRead,
    ItemRow,
    ReadableKind,
    TableRead,
)
from matou.platforms.base.metadata_walks import ListedRows, walk_in_order
from matou.platforms.base.v5_metadata import CommentLists, Listing, V5Reader, is_as_before
from matou.platforms.github import metadata_changes as changes
from matou.platforms.github import metadata_items as items
from matou.platforms.github import metadata_project as project
from matou.platforms.github.api import RENDERING, GitHubApi
from matou.platforms.github.graphql import MOST_AT_ONCE, ThreadBatches
from matou.platforms.github.graphql_discussions import GitHubDiscussions
from matou.platforms.github.graphql_projects import GitHubProjects
from matou.platforms.github.metadata_advisories import advisory_of, advisory_rows
from matou.platforms.github.metadata_events import with_timeline
from matou.platforms.github.metadata_people import DECODER
from matou.platforms.github.wire_releases import GitHubRelease

NEWEST_FIRST: Final = {"sort": "updated", "direction": "desc"}
BY_CHANGE: Final = {"sort": "updated", "direction": "asc"}
BY_CREATION: Final = {"sort": "created", "direction": "asc"}

KINDS: Final = (
    ReadableKind(kind=LABEL),
    ReadableKind(kind=MILESTONE),
    ReadableKind(kind=ISSUE, comments=CommentListing.REPOSITORY_WIDE),
    ReadableKind(kind=CHANGE, comments=CommentListing.REPOSITORY_WIDE),
    ReadableKind(kind=RELEASE, has_since=False),
    ReadableKind(kind=COMMIT_COMMENT, has_since=False),
    ReadableKind(kind=DISCUSSION),
    ReadableKind(kind=ADVISORY, has_since=False),
    ReadableKind(kind=BOARD, is_rare=True),
    ReadableKind(kind=MEMBER),
    ReadableKind(kind=PROTECTION),
    ReadableKind(kind=HOOK),
)

ITEMS: Final = {
    ISSUE.name: Listing(
        path="/issues", query={"state": "all", **BY_CREATION}, changed={"state": "all", **BY_CHANGE}, key="number"
    ),
    CHANGE.name: Listing(
        path="/pulls",
        query={"state": "all", **BY_CREATION},
        changed={"state": "all", **NEWEST_FIRST},
        is_newest_first=True,
        key="number",
    ),
    RELEASE.name: Listing(path="/releases", query={}, key="id"),
    COMMIT_COMMENT.name: Listing(path="/comments", query={}, key="id"),
}

COMMENTS: Final = Listing(path="/issues/comments", query=BY_CREATION, changed=BY_CHANGE)
"""On issues and on pull requests."""
REVIEW_COMMENTS: Final = Listing(path="/pulls/comments", query=BY_CREATION, changed=BY_CHANGE)


class GitHubReader(V5Reader):
    """Of one repository.

    Args:
        path: `owner/name`, as its address has it.
        listed: as it was listed.
        wants: see `OpenMetadata`.
    """

    def __init__(
        self, api: GitHubApi, path: str, listed: RemoteRepository, wants: Callable[[MetadataKind], bool]
    ) -> None:
        base = repository_path(path)
        super().__init__(api, base=base, name=path, switched_off=listed.switched_off, wants=wants)
        self._clone_url = listed.clone_url
        self._threads = ThreadBatches(api, path)
        self._discussions = GitHubDiscussions(api, path)
        self._projects = GitHubProjects(api, path)
        self._github = api

    @property
    def kinds(self) -> Sequence[ReadableKind]:
        return KINDS

    @property
    def _items(self) -> Mapping[str, Listing]:
        return ITEMS

    @property
    def _comments(self) -> CommentLists:
        """Those on issues and those on pull requests as a whole stand in one list, their numbers in one space."""
        talk = (COMMENTS, items.comment_of)
        return {ISSUE.name: [talk], CHANGE.name: [talk, (REVIEW_COMMENTS, changes.review_comment_of)]}

    def expected_calls(self, kind: MetadataKind, since: datetime | None, *, saved: int) -> int:
        """The reviews of each pull request are a request, and who merged it is another; of threads fifty are one."""
        calls = super().expected_calls(kind, since, saved=saved)
        if kind is not CHANGE or since is not None:
            return calls
        count = saved or self._count(ITEMS[CHANGE.name])
        return calls + 2 * count + -(-count // MOST_AT_ONCE)

    def rows(self, kind: MetadataKind, since: datetime | None) -> Iterator[ItemRow]:
        """The list of issues has pull requests in it, whose own list is another."""
        if kind is DISCUSSION:
            return self._discussed(since)
        if kind is ADVISORY:
            return self._warned()
        rows = super().rows(kind, since)
        if kind is RELEASE:
            return (replace(row, key=project.release_key(DECODER.read(GitHubRelease, row.value))) for row in rows)
        if kind is CHANGE:
            return self._threads.batches(rows)
        return rows if kind is not ISSUE else (row for row in rows if not items.is_pull(row.value))

    def read(
        self, kind: MetadataKind, row: ItemRow, before: MetadataValue | None, *, sweeping: bool
    ) -> ItemRead | None:
        if kind is RELEASE:
            bare = project.release_of(row.value)
            return None if not sweeping and is_as_before(bare.item, before) else bare
        if kind is COMMIT_COMMENT:
            return project.comment_on_commit(row.value)
        if kind is DISCUSSION:
            return self._discussions.read(row.key)
        if kind is ADVISORY:
            return advisory_of(row.value)
        read = self._issue(row, before) if kind is ISSUE else self._change(row, before)
        return self._with_log(read, lambda read: with_timeline(read, self._timeline(row.key)))

    def _timeline(self, number: str) -> Iterator[object]:
        """Some of its rows have no id, so that each is known by all that it says."""
        what = Phrase("timeline of {repository}#{number}", repository=repr(self._name), number=number)
        rows = ListedRows(what=what, key=lambda row: sha256(encode(row, order="sorted")).hexdigest())
        return walk_in_order(rows, partial(self._page, f"{self._base}/issues/{number}/timeline", {}, what))

    def _discussed(self, since: datetime | None) -> Iterator[ItemRow]:
        self._require_on(DISCUSSION)
        yield from self._discussions.rows(since)

    def _warned(self) -> Iterator[ItemRow]:
        try:
            yield from advisory_rows(self._github, self._base)
        except (ActionRefused, RemoteNotFound) as refusal:
            raise self._kept_back(refusal) from refusal

    def _require_on(self, kind: MetadataKind) -> None:
        """What is switched off is asked of nobody: GraphQL gives nothing of it. Raises KindSwitchedOff."""
        if kind.name in self._switched_off:
            raise KindSwitchedOff("{repository} has this switched off", repository=repr(self._name))

    def _issue(self, row: ItemRow, before: MetadataValue | None) -> ItemRead:
        """With its sub-issues, and with those that it waits for or holds up."""
        value = row.value
        read = items.issue_of(value)
        has_parts, is_blocked, blocks = items.has_relations(value)
        below = f"/issues/{row.key}"
        requests: list[Callable[[ItemRead], ItemRead]] = []
        if has_parts:
            requests.append(lambda read: items.with_sub_issues(read, value, self._whole(f"{below}/sub_issues")))
        if is_blocked:
            path = f"{below}/dependencies/blocked_by"
            requests.append(lambda read: items.with_dependencies(read, value, "blocked_by", self._whole(path)))
        if blocks:
            other = f"{below}/dependencies/blocking"
            requests.append(lambda read: items.with_dependencies(read, value, "blocks", self._whole(other)))
        complete = self._with_parts(read, requests)
        return items.with_relations_of(complete, before) if complete.faults else complete

    @staticmethod
    def _with_parts(read: ItemRead, requests: Iterable[Callable[[ItemRead], ItemRead]]) -> ItemRead:
        """What of it is refused, or breaks off, hinders nothing else."""
        for ask in requests:
            try:
                read = ask(read)
            except MatouError as fault:
                read = replace(read, faults=(*read.faults, fault))
        return read

    def _change(self, row: ItemRow, before: MetadataValue | None) -> ItemRead:
        """With its reviews, and with who merged it, which is asked once: it stays so."""
        read = changes.change_of(row.value)
        if isinstance(before, ChangeRequest):
            read = changes.with_what_is_known(read, before)
        parts = (self._with_reviews, self._with_merger, self._with_resolutions)
        return self._with_parts(read, (partial(part, row.key) for part in parts))

    def _with_reviews(self, number: str, read: ItemRead) -> ItemRead:
        return changes.with_reviews(read, self._whole(f"/pulls/{number}/reviews"))

    def _with_merger(self, number: str, read: ItemRead) -> ItemRead:
        change = read.item
        if not isinstance(change, ChangeRequest) or change.state != "merged" or change.merged_by is not None:
            return read
        return changes.with_merger(read, self._answered(f"{self._base}/pulls/{number}"))

    def _with_resolutions(self, number: str, read: ItemRead) -> ItemRead:
        """As it was known before where GitHub does not tell."""
        threads = self._threads.of(number)
        return read if threads is None else changes.with_resolutions(read, threads)

    def table(self, kind: MetadataKind) -> TableRead:
        if kind is LABEL:
            return project.labels_of(self._whole("/labels", key="name"))
        if kind is MILESTONE:
            return project.milestones_of(self._whole("/milestones", {"state": "all", "direction": "asc"}, key="number"))
        if kind is PROTECTION:
            return project.protections_of(self._whole("/branches", {"protected": True}, key="name"))
        if kind is BOARD:
            self._require_on(BOARD)
            return self._projects.table()
        try:
            if kind is MEMBER:
                return project.members_of(self._whole("/collaborators"))
            return project.hooks_of(self._whole("/hooks"))
        except (ActionRefused, RemoteNotFound) as refusal:
            raise self._kept_back(refusal) from refusal

    def _kept_back(self, refusal: MatouError) -> NotOffered:
        return NotOffered(
            "GitHub tells this only to those who may change {repository}: {fault}",
            repository=repr(self._name),
            fault=refusal.fact,
        )

    def is_attachment(self, address: str) -> bool:
        return is_attachment(address, self._site)

    def download(self, url: str, signed: str | None) -> FileRequest:
        """A release's file by the API, with the token; a picture in a text by an address that GitHub signs."""
        if signed is not None and signed.startswith(f"{self._api.url}/"):
            headers = {"Accept": "application/octet-stream"}
            return FileRequest(
                url=signed, hosts=self._hosts, authorization=self._api.authorization(""), headers=headers
            )
        address = f"{self._site}{url}" if url.startswith("/") else url
        if PRIVATE in urlsplit(address).path:
            address = self._signed(address)
        return FileRequest(url=address, hosts=self._hosts)

    def commits_of(self, change: ChangeRequest) -> CommitSource | None:
        """By the ref that GitHub keeps for ever."""
        wants = (f"refs/pull/{change.number}/head", *([change.head.commit] if change.head.commit else []))
        return CommitSource(url=self._clone_url, wants=wants)

    @property
    def _site(self) -> str:
        """Where its pages are."""
        split = urlsplit(self._clone_url)
        return f"{split.scheme}://{split.netloc}"

    @property
    def _hosts(self) -> frozenset[str]:
        own = {urlsplit(address).hostname or "" for address in (self._api.url, self._site)}
        return frozenset({*own, *(STORES if "github.com" in own else ())})

    def _signed(self, address: str) -> str:
        """The address of a picture that only those may see who see the repository, as its page would show it."""
        body = {"text": f"![]({address})", "mode": "gfm", "context": self._name}
        answer = self._api.unrecorded().send_json("POST", RENDERING, body, repeatable=True)
        found = SHOWN.search(answer.body.decode(errors="replace"))
        return html.unescape(found[1]) if found else address


STORES: Final = (
    ".githubusercontent.com",
    "github-production-user-asset-6210df.s3.amazonaws.com",
    "github-production-repository-file-5c1aeb.s3.amazonaws.com",
    "github-production-release-asset-2e65be.s3.amazonaws.com",
)
"""Where files lie that are given for a few minutes."""

PRIVATE: Final = "/user-attachments/assets/"

KEPT_PATHS: Final = re.compile(
    r"/user-attachments/(?:assets|files)/|/[^/]+/[^/]+/(?:assets|files)/[0-9]+/|/storage/user/"
)
"""Files that people put into texts: since 2024, before, and at an Enterprise Server."""

PICTURES: Final = frozenset({"user-images.githubusercontent.com", "cloud.githubusercontent.com"})
"""Pictures in texts from before 2023; anybody may fetch them, and nobody who shows a token."""

SHOWN: Final = re.compile(r'<img[^<>]{0,2000}?\ssrc="([^"<>]{1,4000})"')


def is_attachment(address: str, site: str) -> bool:
    split = urlsplit(address)
    if split.hostname in PICTURES:
        return split.path not in ("", "/")
    at_site = not split.netloc or split.netloc == urlsplit(site).netloc
    return at_site and KEPT_PATHS.match(split.path) is not None
