"""Reads what a project at a GitLab has, and what a group has of its own."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from typing import Final

from matou.errors import MatouError
from matou.model.metadata import ChangeRequest, Comment, Issue, MetadataValue, PersonKey
from matou.model.metadata.kinds import (
    BOARD,
    CHANGE,
    EVENT,
    HOOK,
    ISSUE,
    LABEL,
    LINK,
    MEMBER,
    MILESTONE,
    PROTECTION,
    REACTION,
    RELEASE,
    SETTING,
    MetadataKind,
)
from matou.model.platform import RemoteRepository
from matou.platforms.base.errors import ActionRefused, KindSwitchedOff, NotOffered, RemoteNotFound
from matou.platforms.base.metadata import CommitSource, FileRequest, ItemRead, ItemRow, ReadableKind, TableRead
from matou.platforms.base.v5_metadata import CommentLists, Listing, Query, V5Reader, is_as_before
from matou.platforms.gitlab import metadata_items as items
from matou.platforms.gitlab import metadata_merge_requests as changes
from matou.platforms.gitlab import metadata_more as more
from matou.platforms.gitlab import metadata_project as project
from matou.platforms.gitlab.api import GitLabApi
from matou.platforms.gitlab.files import GitLabFiles
from matou.platforms.gitlab.metadata_events import RESOURCE_EVENTS, with_timeline
from matou.platforms.gitlab.metadata_people import DECODER, GitLabPeople
from matou.platforms.gitlab.wire_issues import GitLabDiscussion
from matou.platforms.gitlab.wire_project import GitLabVersionOfServer

KINDS: Final = (
    ReadableKind(kind=LABEL),
    ReadableKind(kind=MILESTONE),
    ReadableKind(kind=ISSUE),
    ReadableKind(kind=CHANGE),
    ReadableKind(kind=RELEASE, has_since=False, needs_tag=True),
    ReadableKind(kind=BOARD),
    ReadableKind(kind=MEMBER, is_for_sweeps=True),
    ReadableKind(kind=PROTECTION),
    ReadableKind(kind=HOOK),
    ReadableKind(kind=SETTING),
)
GROUP_KINDS: Final = (
    ReadableKind(kind=LABEL),
    ReadableKind(kind=MILESTONE),
    ReadableKind(kind=ISSUE),
    ReadableKind(kind=BOARD),
)
EPICS: Final = Listing(
    path="/epics",
    query={"state": "all", "order_by": "created_at", "sort": "asc"},
    changed={"state": "all", "order_by": "updated_at", "sort": "asc"},
    since="updated_after",
    key="iid",
)

ALL: Final[Query] = {"scope": "all", "state": "all"}
BY_CHANGE: Final[Query] = {**ALL, "order_by": "updated_at", "sort": "asc"}

ITEMS: Final = {
    ISSUE.name: Listing(path="/issues", query=ALL, changed=BY_CHANGE, since="updated_after", key="iid"),
    CHANGE.name: Listing(path="/merge_requests", query=ALL, changed=BY_CHANGE, since="updated_after", key="iid"),
    RELEASE.name: Listing(path="/releases", query={"order_by": "created_at", "sort": "asc"}, key="tag_name"),
}
PLACES: Final = {ISSUE.name: "/issues", CHANGE.name: "/merge_requests"}

REQUESTS_OF_EACH: Final = {ISSUE.name: 2, CHANGE.name: 5}

OWN_AND_ABOVE: Final[Mapping[str, Query]] = {
    LABEL.name: {"with_counts": False, "include_ancestor_groups": True},
    # The second is what servers before 16.7 call it.
    MILESTONE.name: {"include_ancestors": True, "include_parent_milestones": True},
}
OWN: Final[Mapping[str, Query]] = {
    LABEL.name: {"with_counts": False, "include_ancestor_groups": False, "only_group_labels": True},
    MILESTONE.name: {},
}

_VERSION: Final = re.compile(r"(\d{1,9})\.(\d{1,9})")
NEWEST: Final = (10**9, 0)


class GitLabReader(V5Reader):
    """What readers of a project and of a group have alike."""

    def _table_of_issues(self, kind: MetadataKind, queries: Mapping[str, Query]) -> TableRead:
        """Raises NotOffered: a project without issues has no boards, and one without merge requests no labels."""
        try:
            if kind is LABEL:
                return project.labels_of(self._whole("/labels", queries[LABEL.name]))
            if kind is MILESTONE:
                return project.milestones_of(self._whole("/milestones", queries[MILESTONE.name]))
            return project.boards_of(self._whole("/boards"))
        except (ActionRefused, RemoteNotFound) as refusal:
            if ISSUE.name not in self._switched_off:
                raise
            raise KindSwitchedOff(
                "{repository} has this switched off: {fault}", repository=repr(self._name), fault=refusal.fact
            ) from refusal


class GitLabProjectReader(GitLabReader):
    """Of one project.

    Args:
        path: as its address has it.
        listed: as it was listed.
        wants: see `OpenMetadata`.
    """

    def __init__(
        self, api: GitLabApi, path: str, listed: RemoteRepository, wants: Callable[[MetadataKind], bool]
    ) -> None:
        base = f"/projects/{listed.id}"
        super().__init__(api, base=base, name=path, switched_off=listed.switched_off, wants=wants)
        self._clone_url = listed.clone_url
        self._files = GitLabFiles(api, listed.id, path, lambda: self._version_of_server)

    @property
    def kinds(self) -> Sequence[ReadableKind]:
        return KINDS

    @property
    def _items(self) -> Mapping[str, Listing]:
        return ITEMS

    @property
    def _comments(self) -> CommentLists:
        """There is no list of all: each item has its own."""
        return {}

    def expected_calls(self, kind: MetadataKind, since: datetime | None, *, saved: int) -> int:
        """What is said on an issue is a request, and what it is linked with is one; a merge request is five."""
        calls = super().expected_calls(kind, since, saved=saved)
        if since is not None or kind.name not in REQUESTS_OF_EACH:
            return calls
        return calls + REQUESTS_OF_EACH[kind.name] * (saved or self._count(ITEMS[kind.name]))

    def rows(self, kind: MetadataKind, since: datetime | None) -> Iterator[ItemRow]:
        """A comment moves no time where another one has moved it within a minute, so that these are counted."""
        return (replace(row, comments=items.comment_count(row.value)) for row in super().rows(kind, since))

    def read(
        self, kind: MetadataKind, row: ItemRow, before: MetadataValue | None, *, sweeping: bool
    ) -> ItemRead | None:
        if kind is RELEASE:
            bare = project.release_of(row.value, self._files.is_asset)
            return None if not sweeping and is_as_before(bare.item, before) else bare
        said = self._said(kind, row)
        read = self._issue(row, before, said) if kind is ISSUE else self._change(row, before, said)
        read = self._with_emoji(kind, row.key, items.kept_from_strangers(read))
        return self._with_log(read, lambda read: with_timeline(read, self._done_to(kind, row.key), said.whole()))

    def _said(self, kind: MetadataKind, row: ItemRow) -> "_Said":
        """Nothing is asked for of what says that nobody has commented, unless it is what the server wrote."""
        if row.comments == 0 and not self._wants(EVENT):
            return _Said()
        try:
            path = f"{PLACES[kind.name]}/{row.key}/discussions"
            return _Said(tuple(items.discussions_in(self._whole(path))))
        except MatouError as fault:
            return _Said(fault=fault)

    def _done_to(self, kind: MetadataKind, number: str) -> Iterator[object]:
        for events in RESOURCE_EVENTS:
            yield from self._whole(f"{PLACES[kind.name]}/{number}/{events}")

    def _issue(self, row: ItemRow, before: MetadataValue | None, said: "_Said") -> ItemRead:
        """With what was said on it; what is refused of that stays as it was saved."""
        read = self._with_links_between(row, before, items.issue_of(row.value))
        if said.fault is None:
            return items.with_comments(read, said.discussions)
        known = before.comments if isinstance(before, Issue) else ()
        item = replace(read.item, comments=known)  # type: ignore[call-arg]
        return replace(read, item=item, faults=(*read.faults, said.fault), has_all_comments=False)

    def _with_links_between(self, row: ItemRow, before: MetadataValue | None, read: ItemRead) -> ItemRead:
        """With the issues that it is linked with, where that is wanted; older servers have no such list."""
        if not self._wants(LINK):
            return more.with_links_of(read, before)
        try:
            rows = self._whole(f"/issues/{row.key}/links", key="issue_link_id")
        except (RemoteNotFound, NotOffered):
            return more.with_links_of(read, before)
        except MatouError as fault:
            kept = more.with_links_of(read, before)
            return replace(kept, faults=(*kept.faults, fault))
        return more.with_links(read, self._base.rpartition("/")[2], rows)

    def _with_emoji(self, kind: MetadataKind, number: str, read: ItemRead) -> ItemRead:
        """On the item, and on each comment: where that is wanted, for it takes a request for each."""
        if not self._wants(REACTION):
            return read
        place = f"{PLACES[kind.name]}/{number}"
        try:
            read = more.with_awards(read, self._whole(f"{place}/award_emoji"))
            return self._with_emoji_on_comments(place, read)
        except MatouError as fault:
            return replace(read, faults=(*read.faults, fault))

    def _with_emoji_on_comments(self, place: str, read: ItemRead) -> ItemRead:
        named = GitLabPeople()

        def awarded(comments: tuple[Comment, ...]) -> tuple[Comment, ...]:
            return tuple(
                one
                if one.gone_in is not None
                else more.with_awards_on(one, self._whole(f"{place}/notes/{one.id}/award_emoji"), named)
                for one in comments
            )

        item = read.item
        if isinstance(item, ChangeRequest):
            threads = tuple(replace(one, comments=awarded(one.comments)) for one in item.threads)
            item = replace(item, comments=awarded(item.comments), threads=threads)
        elif isinstance(item, Issue):
            item = replace(item, comments=awarded(item.comments))
        return replace(read, item=item, people=(*read.people, *named.seen))

    def _change(self, row: ItemRow, before: MetadataValue | None, said: "_Said") -> ItemRead:
        """With all that is told of it elsewhere; what is refused of that stays as it was saved."""
        is_same = _is_as_saved(row, before)
        read = changes.change_of(row.value) if is_same else self._in_detail(row)
        requested = frozenset(one.by for one in changes.change_in(read).reviewers)
        if isinstance(before, ChangeRequest):
            read = changes.with_what_is_known(read, before)
        if said.fault is None:
            read = changes.with_discussions(read, said.discussions)
        else:
            read = replace(read, faults=(*read.faults, said.fault), has_all_comments=False)
        for ask in self._still_to_ask(changes.change_in(read), before, requested, is_same=is_same):
            try:
                read = ask(row.key, read)
            except MatouError as fault:
                read = replace(read, faults=(*read.faults, fault))
        return read

    def _in_detail(self, row: ItemRow) -> ItemRead:
        """Its list does not say which commits it is between."""
        try:
            return changes.change_of(self._answered(f"{self._base}/merge_requests/{row.key}"))
        except MatouError as fault:
            return replace(changes.change_of(row.value), faults=(fault,))

    def _still_to_ask(
        self, now: ChangeRequest, before: MetadataValue | None, requested: frozenset[PersonKey], *, is_same: bool
    ) -> Iterator[Callable[[str, ItemRead], ItemRead]]:
        """Of one that has not changed, whether it was approved may have, as long as it is open."""
        if not is_same or now.state == "open":
            if requested:
                yield self._with_reviewers
            yield partial(self._with_approvals, requested)
        if not isinstance(before, ChangeRequest) or before.head.commit != now.head.commit or not before.extra:
            yield self._with_versions
        if not is_same and (now.head.repository or "").isdigit():
            yield self._with_fork

    def _with_reviewers(self, number: str, read: ItemRead) -> ItemRead:
        """Servers before 15.3 have no such list."""
        try:
            rows = self._whole(f"/merge_requests/{number}/reviewers", key="user.id")
        except NotOffered:
            return read
        return changes.with_reviewers(read, rows)

    def _with_approvals(self, requested: frozenset[PersonKey], number: str, read: ItemRead) -> ItemRead:
        answer = self._answered(f"{self._base}/merge_requests/{number}/approvals")
        return changes.with_approvals(read, answer, requested)

    def _with_versions(self, number: str, read: ItemRead) -> ItemRead:
        return changes.with_versions(read, self._whole(f"/merge_requests/{number}/versions"))

    def _with_fork(self, number: str, read: ItemRead) -> ItemRead:  # noqa: ARG002 - as the others
        """A fork that is gone, or that the token does not see, keeps its number."""
        try:
            answer = self._answered(f"/projects/{changes.change_in(read).head.repository}")
        except (RemoteNotFound, ActionRefused):
            return read
        return changes.with_fork(read, answer)

    def table(self, kind: MetadataKind) -> TableRead:
        if kind in (LABEL, MILESTONE, BOARD):
            return self._table_of_issues(kind, OWN_AND_ABOVE)
        try:
            if kind is MEMBER:
                return project.members_of(self._whole("/members/all"))
            if kind is PROTECTION:
                branches, tags = (
                    self._whole("/protected_branches", key="name"),
                    self._whole("/protected_tags", key="name"),
                )
                return project.protections_of(branches, tags)
            if kind is SETTING:
                rules = self._whole("/approval_rules")
                return more.approval_settings(rules, self._answered(f"{self._base}/approvals"))
            return project.hooks_of(self._whole("/hooks"))
        except (ActionRefused, RemoteNotFound) as refusal:
            raise NotOffered(
                "GitLab tells this only to those who may change {repository}: {fault}",
                repository=repr(self._name),
                fault=refusal.fact,
            ) from refusal

    def is_attachment(self, address: str) -> bool:
        return self._files.is_upload(address)

    def download(self, url: str, signed: str | None) -> FileRequest:
        return self._files.request_of(url, signed)

    def commits_of(self, change: ChangeRequest) -> CommitSource | None:
        """By the ref that GitLab keeps for each."""
        wants = (f"refs/merge-requests/{change.number}/head", *([change.head.commit] if change.head.commit else []))
        return CommitSource(url=self._clone_url, wants=wants, earlier=changes.earlier_heads(change))

    @cached_property
    def _version_of_server(self) -> tuple[int, int]:
        """Of the server; one that does not say is taken for a new one."""
        try:
            said = DECODER.read(GitLabVersionOfServer, self._answered("/version")).version
        except MatouError:
            return NEWEST
        found = _VERSION.match(said)
        return (int(found[1]), int(found[2])) if found else NEWEST


class GitLabGroupReader(GitLabReader):
    """Of one group: what the projects in it use as well."""

    def __init__(self, api: GitLabApi, group: str, name: str) -> None:
        super().__init__(api, base=f"/groups/{group}", name=name)

    @property
    def kinds(self) -> Sequence[ReadableKind]:
        return GROUP_KINDS

    @property
    def _items(self) -> Mapping[str, Listing]:
        """Epics are what a group has of the kind."""
        return {ISSUE.name: EPICS}

    @property
    def _comments(self) -> CommentLists:
        return {}

    def rows(self, kind: MetadataKind, since: datetime | None) -> Iterator[ItemRow]:
        """Raises NotOffered: a server without epics, or a group that has not paid for them, answers with a refusal."""
        try:
            yield from super().rows(kind, since)
        except (ActionRefused, RemoteNotFound) as refusal:
            raise NotOffered(
                "GitLab does not tell epics of {group}: {fault}", group=repr(self._name), fault=refusal.fact
            ) from refusal

    def read(
        self,
        kind: MetadataKind,  # noqa: ARG002 - it has epics alone
        row: ItemRow,
        before: MetadataValue | None,
        *,
        sweeping: bool,  # noqa: ARG002 - what is asked for is asked for each time
    ) -> ItemRead | None:
        """With what was said on it, and with the issues that belong to it."""
        read, faults = more.epic_of(row.value), list[MatouError]()
        id_ = read.item.id if isinstance(read.item, Issue) else None
        try:
            said = items.discussions_in(self._whole(f"/epics/{id_}/discussions"))
            read = items.with_comments(read, said)
        except MatouError as fault:
            known = before.comments if isinstance(before, Issue) else ()
            read = replace(read, item=replace(read.item, comments=known), has_all_comments=False)  # type: ignore[call-arg]
            faults.append(fault)
        try:
            read = more.with_issues_of_epic(read, self._whole(f"/epics/{row.key}/issues", key="id"))
        except MatouError as fault:
            faults.append(fault)
        return items.kept_from_strangers(replace(read, faults=tuple(faults)))

    def table(self, kind: MetadataKind) -> TableRead:
        return self._table_of_issues(kind, OWN)

    def is_attachment(self, address: str) -> bool:  # noqa: ARG002 - a group's texts have none that a token opens
        return False

    def download(self, url: str, signed: str | None) -> FileRequest:  # noqa: ARG002 - as above
        raise NotOffered("a group keeps no files: {url}", url=url)

    def commits_of(self, change: ChangeRequest) -> CommitSource | None:  # noqa: ARG002 - it has none
        return None


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said on an item, or why nobody knows."""

    discussions: tuple[GitLabDiscussion, ...] = ()
    fault: MatouError | None = None

    def whole(self) -> tuple[GitLabDiscussion, ...]:
        """Raises MatouError."""
        if self.fault is not None:
            raise self.fault
        return self.discussions


def _is_as_saved(row: ItemRow, before: MetadataValue | None) -> bool:
    """Whether its time says that nothing was changed."""
    if not isinstance(before, ChangeRequest) or before.gone_in is not None:
        return False
    return row.updated_at is not None and row.updated_at == before.updated_at
