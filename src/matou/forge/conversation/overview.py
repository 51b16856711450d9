"""What there is of a conversation at a glance, for the ways to it: which kinds, and how many items of each state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from matou.archive.manifest import MetadataState
from matou.db import items
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository, find_repository_by_source
from matou.errors import Damaged, NotFound, Refused
from matou.forge.access import (
    Authorized,
    Identity,
    MayReadConversation,
    MaySee,
    authorize,
    authorize_namespace,
    no_such_repository,
)
from matou.forge.conversation.conversation import Conversation, open_conversation, reading_rights
from matou.forge.conversation.index_rows import INDEXED_KINDS
from matou.forge.conversation.past import PastConversation, open_past_conversation
from matou.forge.forge import Forge
from matou.model.metadata.kinds import WIKI_PAGE
from matou.model.platform import wiki_id


@dataclass(frozen=True, slots=True)
class SavedKinds:
    """Of one repository or project, for one viewer.

    Attributes:
        kinds: the names of those of which something was saved.
        states: how many items there are that the viewer may see, by kind and state.
        is_counted: whether they were counted; as of a run that takes reading every item.
    """

    kinds: frozenset[str] = frozenset()
    states: Mapping[tuple[str, str], int] = field(default_factory=dict)
    is_counted: bool = True


NOTHING_SAVED = SavedKinds()


def saved_kinds(forge: Forge, identity: Identity, subject: Repository | Namespace) -> SavedKinds:
    """What the viewer may know of; nothing where that is nothing. Remembered for as long as nobody writes."""
    key = ("saved kinds", identity, type(subject).__name__, subject.id)
    return forge.answers.recall(key, lambda: _saved_kinds(forge, identity, subject))


def item_states(forge: Forge, identity: Identity, repository: Repository) -> Mapping[tuple[str, str], int]:
    """How many items there are that the viewer may see, by kind and state; nothing for whoever may see none.

    For lists of many repositories: nothing is read but the index.
    """
    try:
        granted = authorize(forge, identity, MayReadConversation, repository)
    except (NotFound, Refused):
        return {}
    rights = reading_rights(forge, granted)
    if rights.indexed is None:
        return {}
    of, seen = rights.indexed.id, rights.seen

    def count() -> Mapping[tuple[str, str], int]:
        with forge.database.begin_read() as connection:
            return items.count_states(connection, of, seen=seen)

    return forge.answers.recall(("states of items", of, seen), count)


def _saved_kinds(forge: Forge, identity: Identity, subject: Repository | Namespace) -> SavedKinds:
    """Items are counted as the index has them: that there are confidential ones is not for everybody."""
    try:
        conversation = _open(forge, identity, subject)
        return _kinds_of(conversation, has_wiki=isinstance(subject, Repository) and _has_wiki(forge, identity, subject))
    except (Damaged, NotFound, Refused):
        return NOTHING_SAVED


def saved_kinds_of_project(forge: Forge, identity: Identity, repository: Repository) -> SavedKinds:
    """Of the project that a repository belongs to, where its issues stand at CODING. Remembered likewise."""
    key = ("saved kinds of project", identity, repository.id)
    return forge.answers.recall(key, lambda: _of_project(forge, identity, repository))


def _of_project(forge: Forge, identity: Identity, repository: Repository) -> SavedKinds:
    try:
        seen = authorize_namespace(forge, identity, MaySee, repository.path.namespace)
    except (NotFound, Refused):
        return NOTHING_SAVED
    return saved_kinds(forge, identity, seen.subject)


def saved_kinds_then(
    forge: Forge, identity: Identity, subject: Repository | Namespace, state: MetadataState | None
) -> SavedKinds:
    """As of a run, by what the line of its manifest names; a wiki that is a repository beside it has its own past."""
    try:
        if isinstance(subject, Repository):
            of_repository = authorize(forge, identity, MayReadConversation, subject)
            return _kinds_then(open_past_conversation(forge, of_repository, state))
        of_namespace = authorize(forge, identity, MayReadConversation, subject)
        return _kinds_then(open_past_conversation(forge, of_namespace, state))
    except (Damaged, NotFound, Refused):
        return NOTHING_SAVED


def _kinds_then(conversation: PastConversation[Any]) -> SavedKinds:
    if not conversation.seen.is_everything:
        return _kinds_of(conversation, has_wiki=False)
    about = conversation.about()
    counts = {} if about is None else about.counts
    return SavedKinds(frozenset(kind for kind, count in counts.items() if count.items), is_counted=False)


def _kinds_of(conversation: Conversation[Any], *, has_wiki: bool) -> SavedKinds:
    about = conversation.about()
    counts = {} if about is None else about.counts
    states = conversation.count_states()
    listed = {kind.name for kind in INDEXED_KINDS}
    kinds = {kind for kind, count in counts.items() if count.items and kind not in listed}
    if has_wiki:
        kinds.add(WIKI_PAGE.name)
    return SavedKinds(frozenset(kinds | {kind for kind, _state in states}), states)


def find_wiki(forge: Forge, identity: Identity, repository: Repository) -> Authorized[Repository, MaySee]:
    """The wiki that was saved as a repository beside it, whatever its name has become. Raises NotFound."""
    source, id_ = repository.read_only_source, repository.source_id
    if source is None or id_ is None:
        raise no_such_repository(repository.path)
    with forge.database.begin_read() as connection:
        wiki = find_repository_by_source(connection, source, wiki_id(id_))
    if wiki is None:
        raise no_such_repository(repository.path)
    return authorize(forge, identity, MaySee, wiki)


def _has_wiki(forge: Forge, identity: Identity, repository: Repository) -> bool:
    try:
        find_wiki(forge, identity, repository)
    except (NotFound, Refused):
        return False
    return True


def _open(forge: Forge, identity: Identity, subject: Repository | Namespace) -> Conversation[Any]:
    if isinstance(subject, Repository):
        return open_conversation(forge, authorize(forge, identity, MayReadConversation, subject))
    return open_conversation(forge, authorize(forge, identity, MayReadConversation, subject))
