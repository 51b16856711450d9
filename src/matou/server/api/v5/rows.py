"""The rows of a dialect: what the model has in the platform's words, and with it what else the platform told."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import msgspec

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayReadCode, MayReadConversation, authorize
from matou.forge.content.differences import RevisionComparison, compare
from matou.forge.content.history import NoSuchCommit
from matou.forge.conversation.conversation import Conversation, FoundComment, open_conversation
from matou.forge.conversation.index_rows import comments_of
from matou.model.metadata import (
    ChangeRequest,
    Comment,
    CommitComment,
    Issue,
    Item,
    JsonObject,
    LabelDefinition,
    MarkupText,
    MemberGrant,
    Milestone,
    Participant,
    PersonKey,
    ProtectionRule,
    ReleaseAsset,
    ReviewThread,
    SavedRelease,
    TimelineEvent,
    Webhook,
)
from matou.model.metadata.kinds import LABEL, MILESTONE
from matou.server.api.context import RepositoryContext
from matou.server.api.links import quoted
from matou.server.api.saved_rows import JsonRow, NoSuchCommits, impersonal, merged, one_segment


@dataclass(frozen=True)
class RepositoryConversation(ABC):
    """What was said around a repository, for one request.

    Attributes:
        platform: whose rows these are: what it told besides is given back, and nothing of what another one did.
        is_own: whether this platform told what was saved.
        own_api: the repository's address.
    """

    platform: ClassVar[str]
    context: RepositoryContext[MayReadConversation]
    conversation: Conversation[Repository]
    is_own: bool
    own_api: str
    _people: dict[PersonKey, JsonRow] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def open(cls, context: RepositoryContext[Any]) -> Self:
        """Raises as `authorize`: who may see webhooks or settings need not be who may read this."""
        granted: Authorized[Repository, MayReadConversation] = context.granted
        if granted.right is not MayReadConversation:
            granted = authorize(context.forge, context.identity, MayReadConversation, context.granted.subject)
        conversation = open_conversation(context.forge, granted)
        about = conversation.about()
        is_own = about is not None and about.platform == cls.platform
        return cls(context, conversation, is_own=is_own, own_api=context.links.repository_api(context.repository.path))

    def person(self, key: PersonKey | None) -> JsonRow | None:
        """Whoever is part of something else, with all that was told of them anywhere."""
        if key is None:
            return None
        if key not in self._people:
            self._people[key] = self.person_row(self.participant(key))
        return self._people[key]

    @abstractmethod
    def person_row(self, known: Participant) -> JsonRow: ...

    def shown_extra(self, extra: JsonObject | None) -> JsonObject:
        """What may be shown of what this platform told besides; nothing where another one did."""
        if not extra or not self.is_own:
            return {}
        return extra if self.shows_personal_data else impersonal(extra)

    @property
    def shows_personal_data(self) -> bool:
        return self.conversation.sees_personal_data

    def participant(self, key: PersonKey) -> Participant:
        """Whoever is named and stands in no list, by that name."""
        return self.conversation.people().get(key) or Participant(login=key, name=key)

    def labels_of(self, item: Item) -> list[LabelDefinition]:
        """A label that was deleted has its name still."""
        table: Mapping[str, LabelDefinition] = self.conversation.table(LABEL) if item.labels else {}
        return [table.get(name) or LabelDefinition(name=name, color="") for name in item.labels]

    def milestone_of(self, item: Item) -> Milestone | None:
        return self.find_milestone(item.milestone) if item.milestone else None

    def find_milestone(self, number: str) -> Milestone | None:
        found = (one for one in self.milestones() if one.number == number)
        return next(found, None)

    def milestones(self) -> list[Milestone]:
        return [one for one in self.conversation.table(MILESTONE).values() if one.kind == "milestone"]

    def comparison(self, change: ChangeRequest) -> RevisionComparison:
        """What a change request would merge. Raises NoSuchCommits, and as `authorize`."""
        base, head = change.merge_base or change.base.commit, change.head.commit
        granted, number = self.code_context.granted, repr(change.number)[:100]
        if not base or not head:
            raise NoSuchCommits("nothing tells which commits {number} has", number=number)
        try:
            return compare(self.context.forge, granted, base, head)
        except NoSuchCommit:
            raise NoSuchCommits("the commits of {number} are not in the saved repository", number=number) from None

    @cached_property
    def code_context(self) -> RepositoryContext[MayReadCode]:
        """Raises as `authorize`."""
        context = self.context
        granted = authorize(context.forge, context.identity, MayReadCode, context.repository)
        return RepositoryContext(
            context.forge,
            context.identity,
            context.links,
            context.path,
            context.headers,
            context.address,
            granted,
        )


@dataclass(frozen=True)
class ConversationRows(RepositoryConversation):
    """Rows of an API v5."""

    @abstractmethod
    def issue(self, issue: Issue, *, listed: int | None = None) -> JsonRow:
        """Args: listed: how many comments one in a list has, which comes without them; None for one by itself."""

    @abstractmethod
    def issue_comment(self, found: FoundComment) -> JsonRow: ...

    @abstractmethod
    def change(self, change: ChangeRequest, *, listed: int | None = None) -> JsonRow: ...

    @abstractmethod
    def change_comments(self, change: ChangeRequest) -> Sequence[JsonRow]:
        """All of them, the oldest first, in the form in which the dialect puts replies."""

    @abstractmethod
    def change_comment(self, found: FoundComment) -> JsonRow: ...

    @abstractmethod
    def commit_comment(self, comment: CommitComment) -> JsonRow: ...

    @abstractmethod
    def commits(self, comparison: RevisionComparison) -> Sequence[object]: ...

    @abstractmethod
    def files(self, comparison: RevisionComparison) -> Sequence[object]: ...

    @abstractmethod
    def event(self, event: TimelineEvent, item: Item) -> JsonRow: ...

    @abstractmethod
    def label(self, label: LabelDefinition) -> JsonRow: ...

    @abstractmethod
    def milestone(self, milestone: Milestone) -> JsonRow: ...

    @abstractmethod
    def release(self, release: SavedRelease) -> JsonRow: ...

    @abstractmethod
    def hook(self, hook: Webhook) -> JsonRow: ...

    @abstractmethod
    def protection(self, rule: ProtectionRule) -> JsonRow: ...

    @abstractmethod
    def member(self, grant: MemberGrant) -> JsonRow: ...

    def complete(self, row: msgspec.Struct, extra: JsonObject | None, **parts: object) -> JsonRow:
        """A row and what the platform told besides, key by key. Args: parts: those that are rows themselves."""
        made: dict[str, object] = msgspec.to_builtins(row)
        return merged(made | parts, self.shown_extra(extra))

    def place_of(self, comment: CommitComment) -> dict[str, object]:
        """Where a comment on a commit stands: as the platform gave it, or made of what another one told."""
        position = comment.position
        if position is None:
            return {}
        if self.is_own:
            return dict(position.as_given)
        commit: dict[str, object] = {"commit_id": comment.commit} if comment.commit else {}
        return {**commit, "path": position.path, "position": position.line, "new_line": position.line}

    def api(self, *segments: str) -> str:
        """An address below that of the repository."""
        return "/".join((self.own_api, *map(quoted, segments)))

    def asset_url(self, release: SavedRelease, asset: ReleaseAsset) -> str:
        """Here where its bytes are, else where they were."""
        if asset.sha256 is None:
            return asset.url
        return self.api("releases") + "/" + "/".join(map(one_segment, self.asset_path(release, asset)))

    @abstractmethod
    def asset_path(self, release: SavedRelease, asset: ReleaseAsset) -> Sequence[str]:
        """The segments below `releases` from which it can be downloaded."""


def comment_count(item: Item, listed: int | None) -> int:
    return sum(1 for _ in comments_of(item)) if listed is None else listed


def body_of(text: MarkupText | None) -> str:
    return "" if text is None else text.body


def threads_of(change: ChangeRequest) -> list[tuple[ReviewThread | None, Comment]]:
    """Every comment that the source still has, with the thread that it is in, the oldest first."""
    on_lines = {id(comment): thread for thread in change.threads for comment in thread.comments}
    spoken = [(on_lines.get(id(comment)), comment) for comment in comments_of(change)]
    return sorted(spoken, key=lambda pair: (pair[1].at is None, pair[1].at, pair[0] is None))


def thread_of(found: FoundComment) -> ReviewThread | None:
    """The thread that a comment on a change request is in."""
    threads = found.item.threads if isinstance(found.item, ChangeRequest) else ()
    return next((one for one in threads if found.comment in one.comments), None)
