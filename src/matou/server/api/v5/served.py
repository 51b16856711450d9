"""What each dialect of API v5 says of its own, and what all handlers begin with."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from matou.forge.access import Action, may
from matou.forge.conversation.conversation import reading_rights
from matou.model.metadata.kinds import MEMBER, PROTECTION
from matou.server.api.context import RepositoryContext
from matou.server.api.saved_rows import JsonRow
from matou.server.api.v5.queries import StateFilter
from matou.server.api.v5.rows import ConversationRows


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTypes:
    """What the rows are, for the description of the API."""

    issue: Any
    issue_comment: Any
    change: Any
    change_comment: Any
    commit_comment: Any
    commit: Any
    file: Any
    event: Any
    label: Any
    milestone: Any
    release: Any
    hook: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class V5Conversation:
    """A dialect.

    Attributes:
        issue_states, change_states: by the words for them; the empty one is what is meant where nothing is said.
        merged: what answers whether a change request is merged that is.
        change_counts: the states that `only_count` tells the number of, by the keys of its answer; none where the
            platform has no such parameter.
    """

    rows: type[ConversationRows]
    types: RowTypes
    issue_states: Mapping[str, StateFilter]
    change_states: Mapping[str, StateFilter]
    merged: Callable[[], object]
    change_counts: Mapping[str, str] = field(default_factory=dict)

    def open(self, context: RepositoryContext[Any]) -> ConversationRows:
        return self.rows.open(context)

    def saved_members(self, context: RepositoryContext[Any]) -> list[JsonRow] | None:
        """Who works on it at the platform; None where that was not saved, or this identity may not read it."""
        if not reads_conversation(context):
            return None
        rows = self.open(context)
        grants = (one for one in rows.conversation.table(MEMBER).values() if one.gone_in is None)
        return [rows.member(one) for one in grants] or None

    def find_saved_member(self, context: RepositoryContext[Any], login: str) -> JsonRow | None:
        """None where that person is none, too."""
        members = self.saved_members(context) or ()
        return next((one for one in members if one.get("login") == login), None)

    def protected_branches(self, context: RepositoryContext[Any]) -> frozenset[str]:
        """Their names or patterns at the platform, by which nothing here goes."""
        if not reads_conversation(context):
            return frozenset()
        rules = self.open(context).conversation.table(PROTECTION).values()
        return frozenset(one.pattern for one in rules if one.target == "branch" and one.gone_in is None)


def reads_conversation(context: RepositoryContext[Any]) -> bool:
    """Where whoever reads code, or sees members, need not read what was said."""
    return may(context.forge, context.identity, Action.READ_CONVERSATION, context.repository)


def at_conversation(context: RepositoryContext[Any], params: object) -> Hashable | None:  # noqa: ARG001 - as routes ask for it
    """For what the index decides, and what of it this identity may see besides."""
    version = context.forge.database.version()
    if version is None:
        return None
    rights = reading_rights(context.forge, context.granted)
    return (version, rights.seen, rights.sees_personal_data)


def list_of(row: Any) -> Any:
    """The type of a list of rows, for the description of the API."""
    return list[row]
