"""What the words in texts speak of: issues, change requests, people and commits that are there and may be seen."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.errors import Damaged, NotFound, Refused
from matou.forge.access import MayReadCode, MayReadConversation, authorize, authorize_namespace
from matou.forge.content.abbreviations import commits_named
from matou.forge.conversation.conversation import Conversation, open_conversation
from matou.git.operations.history import HistoryTooLong
from matou.model.metadata.kinds import CHANGE, ISSUE, PERSON, MetadataKind
from matou.model.names import folded

MOST_COMMITS: Final = 200
"""Words of a page that are tried as a commit's id."""

COMMIT: Final = "commit"


@dataclass(frozen=True, slots=True)
class TextReference:
    """What a word speaks of: an item or a person by the name of its kind, or a commit.

    Attributes:
        subject: whose it is.
        name: its number, the person's key, the commit's id.
    """

    subject: Repository | Namespace
    kind: str
    name: str


def find_references(conversation: Conversation[Any], words: Collection[str]) -> Mapping[str, TextReference]:
    """By the word, those of them that speak of something which whoever asks may see.

    `!12` is a change request; `#7` an issue, or where there is none of this number a change request, or an issue of
    the project that the repository belongs to.
    """
    return {
        **_commits(conversation, words),
        **_people(conversation, words),
        **dict(_items_of_project(conversation, words)),
        **dict(_items(conversation, "#", CHANGE, words)),
        **dict(_items(conversation, "#", ISSUE, words)),
        **dict(_items(conversation, "!", CHANGE, words)),
    }


def _items(
    conversation: Conversation[Any], sign: str, kind: MetadataKind, words: Collection[str]
) -> Iterator[tuple[str, TextReference]]:
    numbers = [word[1:] for word in words if word[0] == sign]
    for number in conversation.known_numbers(kind, numbers):
        yield sign + number, TextReference(conversation.granted.subject, kind.name, number)


def _items_of_project(conversation: Conversation[Any], words: Collection[str]) -> Iterator[tuple[str, TextReference]]:
    """CODING's issues belong to the project, and change requests of its repositories speak of them."""
    subject = conversation.granted.subject
    if not isinstance(subject, Repository) or not any(word[0] == "#" for word in words):
        return
    forge, identity = conversation.forge, conversation.granted.identity
    try:
        granted = authorize_namespace(forge, identity, MayReadConversation, subject.path.namespace)
        project = open_conversation(forge, granted)
    except (NotFound, Refused, Damaged):
        return
    yield from _items(project, "#", ISSUE, words)


def _people(conversation: Conversation[Any], words: Collection[str]) -> dict[str, TextReference]:
    named = {folded(word[1:]): word for word in words if word[0] == "@"}
    if not named:
        return {}
    people = ((key, folded(one.login), folded(one.name)) for key, one in conversation.people().items())
    return {
        named[called]: TextReference(conversation.granted.subject, PERSON.name, key)
        for key, *names in people
        for called in names
        if called in named
    }


def _commits(conversation: Conversation[Any], words: Collection[str]) -> dict[str, TextReference]:
    ids = sorted(word for word in words if word[0] not in "#!@")[:MOST_COMMITS]
    subject = conversation.granted.subject
    if not ids or not isinstance(subject, Repository):
        return {}
    try:
        code = authorize(conversation.forge, conversation.granted.identity, MayReadCode, subject)
        found = commits_named(conversation.forge, code, ids)
    except (NotFound, Refused, HistoryTooLong):
        return {}
    return {word: TextReference(subject, COMMIT, commit) for word, commit in found.items()}
