"""Reads what a repository at a Gitea has, and the labels of an organization."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from matou.errors import MatouError, Phrase
from matou.http.addresses import repository_path, segment
from matou.model.metadata import ChangeRequest, MetadataValue
from matou.model.metadata.kinds import (
    CHANGE,
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
from matou.platforms.base.metadata_walks import ListedRows, key_by, walk_in_order
from matou.platforms.base.pages_ahead import asking_ahead
from matou.platforms.base.v5_metadata import CommentLists, Listing, V5Reader, changed_at, is_as_before
from matou.platforms.gitea import metadata_changes as changes
from matou.platforms.gitea import metadata_items as items
from matou.platforms.gitea import metadata_project as project
from matou.platforms.gitea.api import GiteaApi, ServerVersion
from matou.platforms.gitea.metadata_events import with_timeline
from matou.platforms.gitea.metadata_people import DECODER
from matou.platforms.gitea.wire import GiteaRepository
from matou.platforms.gitea.wire_issues import GiteaUser
from matou.platforms.gitea.wire_releases import GiteaGrant, GiteaRelease

KINDS: Final = (
    ReadableKind(kind=LABEL),
    ReadableKind(kind=MILESTONE),
    ReadableKind(kind=ISSUE, comments=CommentListing.REPOSITORY_WIDE),
    ReadableKind(kind=CHANGE),
    ReadableKind(kind=RELEASE, has_since=False),
    ReadableKind(kind=MEMBER, is_for_sweeps=True),
    ReadableKind(kind=PROTECTION, is_for_sweeps=True),
    ReadableKind(kind=HOOK, is_for_sweeps=True),
)

ISSUES: Final = {"type": "issues", "state": "all"}

ITEMS: Final = {
    ISSUE.name: Listing(path="/issues", query=ISSUES, changed=ISSUES, key="number"),
    CHANGE.name: Listing(
        path="/pulls",
        query={"state": "all", "sort": "oldest"},
        changed={"state": "all", "sort": "recentupdate"},
        is_newest_first=True,
        key="number",
    ),
    RELEASE.name: Listing(path="/releases", query={}, key="id"),
}

REQUESTS_OF_EACH: Final = {ISSUE.name: 1, CHANGE.name: 3}

COMMENTS: Final = Listing(path="/issues/comments", query={}, changed={})


class GiteaReader(V5Reader):
    """What readers of a repository and of an organization have alike."""

    def is_attachment(self, address: str) -> bool:
        return is_attachment(address, self._site)

    def download(self, url: str, signed: str | None) -> FileRequest:
        """What the API has named as the file of an item, with the token; what only a text names, without."""
        hosts = frozenset({urlsplit(self._api.url).hostname or ""})
        if signed is not None and signed.startswith(f"{self._site}{items.ATTACHMENTS}"):
            return FileRequest(url=signed, hosts=hosts, authorization=self._api.authorization(""))
        return FileRequest(url=f"{self._site}{url}" if url.startswith("/") else url, hosts=hosts)

    @property
    def _site(self) -> str:
        """Where its pages are: the origin of its API, which may be below a path."""
        split = urlsplit(self._api.url)
        return f"{split.scheme}://{split.netloc}"

    def _walk(self, listing: Listing, since: datetime | None) -> Iterator[object]:
        """What can be asked for by time comes the newest first by number all the same: nothing changes its place."""
        if listing.changed is None or listing.is_newest_first:
            yield from super()._walk(listing, since)
            return
        what = Phrase("{path} of {repository}", path=listing.path.strip("/"), repository=repr(self._name))
        rows = ListedRows(what=what, key=key_by(listing.key), time=changed_at)
        query = {**listing.changed, "since": since}
        with asking_ahead(partial(self._page, f"{self._base}{listing.path}", query, what)) as ask:
            yield from walk_in_order(rows, ask)


class GiteaRepositoryReader(GiteaReader):
    """Of one repository.

    Args:
        path: `owner/name`, as its address has it.
        listed: as it was listed.
        wants: see `OpenMetadata`.
        server: which Gitea answers.
    """

    def __init__(
        self,
        api: GiteaApi,
        path: str,
        listed: RemoteRepository,
        wants: Callable[[MetadataKind], bool],
        server: ServerVersion,
    ) -> None:
        base = repository_path(path)
        super().__init__(api, base=base, name=path, switched_off=listed.switched_off, wants=wants)
        self._clone_url = listed.clone_url
        self._server = server

    @property
    def kinds(self) -> Sequence[ReadableKind]:
        return KINDS

    @property
    def _items(self) -> Mapping[str, Listing]:
        return ITEMS

    @property
    def _comments(self) -> CommentLists:
        """Those on pull requests stand in the same list, and are read with these."""
        return {ISSUE.name: [(COMMENTS, lambda row: None if items.is_of_pull(row) else items.comment_of(row))]}

    def expected_calls(self, kind: MetadataKind, since: datetime | None, *, saved: int) -> int:
        """An issue may be a request; so are a pull request, its comments and its reviews, at the least."""
        calls = super().expected_calls(kind, since, saved=saved)
        if since is not None or kind.name not in REQUESTS_OF_EACH:
            return calls
        if kind is ISSUE and self._server.lists_tell_files:
            return calls
        return calls + REQUESTS_OF_EACH[kind.name] * (saved or self._count(ITEMS[kind.name]))

    def rows(self, kind: MetadataKind, since: datetime | None) -> Iterator[ItemRow]:
        rows = super().rows(kind, since)
        if kind is CHANGE:
            return self._unless_empty(rows)
        if kind is not RELEASE:
            return rows
        return (replace(row, key=project.release_key(DECODER.read(GiteaRelease, row.value))) for row in rows)

    def _unless_empty(self, rows: Iterator[ItemRow]) -> Iterator[ItemRow]:
        """A repository without a commit has no change requests, which Gitea says as if it had no such list."""
        try:
            yield from rows
        except KindSwitchedOff:
            raise
        except (RemoteNotFound, NotOffered):
            if DECODER.read(GiteaRepository, self._answered(self._base)).empty is not True:
                raise

    def read(
        self, kind: MetadataKind, row: ItemRow, before: MetadataValue | None, *, sweeping: bool
    ) -> ItemRead | None:
        if kind is RELEASE:
            bare = project.release_of(row.value)
            return None if not sweeping and is_as_before(bare.item, before) else bare
        read = self._issue(row, before) if kind is ISSUE else self._change(row, before)
        timeline = f"/issues/{row.key}/timeline"
        return self._with_log(read, lambda read: with_timeline(read, self._whole(timeline)))

    def _issue(self, row: ItemRow, before: MetadataValue | None) -> ItemRead:
        """Its files are told of the issue itself where a list is silent about them."""
        if self._server.lists_tell_files:
            return items.issue_of(row.value)
        try:
            return items.issue_of(self._answered(f"{self._base}/issues/{row.key}"))
        except MatouError as fault:
            read = items.issue_of(row.value)
            item = replace(read.item, files=getattr(before, "files", ()))  # type: ignore[call-arg]
            return replace(read, item=item, faults=(fault,))

    def _change(self, row: ItemRow, before: MetadataValue | None) -> ItemRead:
        """With all that is said on it; what is refused of that stays as it was saved."""
        read = changes.change_of(row.value)
        if isinstance(before, ChangeRequest):
            read = changes.with_what_is_known(read, before)
        for ask in (self._with_author, self._with_talk, self._with_reviews):
            try:
                read = ask(row.key, read)
            except MatouError as fault:
                read = replace(read, faults=(*read.faults, fault), has_all_comments=False)
        return read

    def _with_author(self, number: str, read: ItemRead) -> ItemRead:
        """Who wrote it where it came from, and its files, are told of it as an issue alone."""
        return changes.as_issue_too(read, items.issue_of(self._answered(f"{self._base}/issues/{number}")))

    def _with_talk(self, number: str, read: ItemRead) -> ItemRead:
        return changes.with_talk(read, [items.comment_of(value) for value in self._whole(f"/issues/{number}/comments")])

    def _with_reviews(self, number: str, read: ItemRead) -> ItemRead:
        path = f"/pulls/{number}/reviews"
        reviews = changes.reviews_in(self._whole(path))
        said = [
            value
            for review in reviews
            if review.comments_count
            for value in self._whole(f"{path}/{review.id}/comments")
        ]
        return changes.with_threads(changes.with_reviews(read, reviews), said)

    def table(self, kind: MetadataKind) -> TableRead:
        if kind is LABEL:
            return project.labels_of(self._whole("/labels"))
        if kind is MILESTONE:
            return project.milestones_of(self._whole("/milestones", {"state": "all"}))
        try:
            return self._of_those_who_may_change(kind)
        except (ActionRefused, RemoteNotFound) as refusal:
            raise NotOffered(
                "Gitea tells this only to those who may change {repository}: {fault}",
                repository=repr(self._name),
                fault=refusal.fact,
            ) from refusal

    def _of_those_who_may_change(self, kind: MetadataKind) -> TableRead:
        if kind is MEMBER:
            return project.members_of(map(self._grant, self._whole("/collaborators")))
        if kind is PROTECTION:
            return project.protections_of(self._whole("/branch_protections", key="rule_name"), self._tag_protections())
        return project.hooks_of(self._whole("/hooks"))

    def _grant(self, value: object) -> tuple[GiteaUser, GiteaGrant]:
        person = DECODER.read(GiteaUser, value)
        path = f"{self._base}/collaborators/{segment(str(person.login or ''))}/permission"
        return person, DECODER.read(GiteaGrant, self._answered(path))

    def _tag_protections(self) -> list[object]:
        """Servers before 1.23 have no such list."""
        try:
            return self._whole("/tag_protections")
        except NotOffered:
            return []

    def commits_of(self, change: ChangeRequest) -> CommitSource | None:
        """By the ref that Gitea keeps for each."""
        wants = (f"refs/pull/{change.number}/head", *([change.head.commit] if change.head.commit else []))
        return CommitSource(url=self._clone_url, wants=wants)


class GiteaOrganizationReader(GiteaReader):
    """Of one organization: its labels."""

    def __init__(self, api: GiteaApi, organization: str) -> None:
        super().__init__(api, base=f"/orgs/{segment(organization)}", name=organization)

    @property
    def kinds(self) -> Sequence[ReadableKind]:
        return (ReadableKind(kind=LABEL),)

    @property
    def _items(self) -> Mapping[str, Listing]:
        return {}

    @property
    def _comments(self) -> CommentLists:
        return {}

    def read(
        self,
        kind: MetadataKind,  # noqa: ARG002 - it has no items
        row: ItemRow,  # noqa: ARG002 - as above
        before: MetadataValue | None,  # noqa: ARG002 - as above
        *,
        sweeping: bool,  # noqa: ARG002 - as above
    ) -> ItemRead | None:
        return None

    def table(self, kind: MetadataKind) -> TableRead:  # noqa: ARG002 - labels are all that there is
        return project.labels_of(self._whole("/labels"))

    def commits_of(self, change: ChangeRequest) -> CommitSource | None:  # noqa: ARG002 - it has none
        return None


def is_attachment(address: str, site: str) -> bool:
    split = urlsplit(address)
    at_site = not split.netloc or split.netloc == urlsplit(site).netloc
    return at_site and f"{items.ATTACHMENTS}" in split.path and not split.path.endswith(items.ATTACHMENTS)
