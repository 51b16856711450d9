"""The refs of a repository as GitHub and Gitea have them: a change request's commits stand under `refs/pull/N/head`."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from matou.archive.metadata.commits import saved_commits
from matou.caching import SizedCache
from matou.db.repositories import Repository
from matou.errors import NotFound, Refused
from matou.forge.access import Authorized, MayReadCode, MayReadConversation, authorize
from matou.forge.content.references import known_refs
from matou.forge.conversation.conversation import Conversation, open_conversation
from matou.forge.forge import Forge
from matou.git.odb.stored_objects import describe_objects
from matou.git.wire.known_refs import KnownRefs
from matou.model.metadata.kinds import CHANGE
from matou.model.names import ObjectId, RefName

PULL_PREFIX: Final = "refs/pull/"

_MOST_REMEMBERED: Final = 64
_MOST_AT_ONCE: Final = 10_000
"""SQLite takes 32,766 values in a statement."""


class SavedHeadCache(SizedCache[tuple[Path, str], Mapping[str, ObjectId]]):
    """The last commit of each change request, by metadata repository and commit: they do not change."""

    def __init__(self) -> None:
        super().__init__(_MOST_REMEMBERED)


class PullRefCache(SizedCache[Path, tuple[KnownRefs, Mapping[RefName, ObjectId], KnownRefs]]):
    """What was made of a repository's refs, with what it was made of."""

    def __init__(self) -> None:
        super().__init__(_MOST_REMEMBERED)


def known_pull_refs(forge: Forge, granted: Authorized[Repository, MayReadCode]) -> KnownRefs:
    """As `known_refs`, with change requests under the numbers that they have where issues count with them.

    Those that may not be seen, and those whose commits were not saved, have none. To whoever may not read what was
    said, and where nothing was saved of it, refs are what they are.

    Raises:
        Damaged: what was saved cannot be read.
    """
    known = known_refs(forge, granted)
    try:
        conversation = open_conversation(
            forge, authorize(forge, granted.identity, MayReadConversation, granted.subject)
        )
    except (NotFound, Refused):
        return known
    return known if conversation.tree is None else _with_heads(forge, granted.subject, known, conversation)


def _with_heads(
    forge: Forge, repository: Repository, known: KnownRefs, conversation: Conversation[Repository]
) -> KnownRefs:
    git_dir, cache = forge.git_dir(repository), forge.memory(PullRefCache)
    heads = _visible_heads(forge, conversation)
    found = cache.get(git_dir)
    if found is not None and found[0] is known and found[1] == heads:
        return found[2]
    present = describe_objects(git_dir, frozenset(heads.values()))
    pulls = {name: oid for name, oid in heads.items() if oid in present}
    made = _with_refs(known, pulls)
    cache.put(git_dir, (known, heads, made))
    return made


def _with_refs(known: KnownRefs, pulls: Mapping[RefName, ObjectId]) -> KnownRefs:
    """The source's own below `refs/pull/` make way: their numbers may be those of others here."""
    listing = known.listing
    others = {name: oid for name, oid in listing.refs.items() if not name.startswith(PULL_PREFIX)}
    if others.keys() | pulls.keys() == listing.refs.keys() and all(listing.refs[name] == pulls[name] for name in pulls):
        return known
    peeled = {name: oid for name, oid in listing.peeled.items() if name in others}
    return replace(known, listing=replace(listing, refs={**others, **pulls}, peeled=peeled), _base=None)


def _visible_heads(forge: Forge, conversation: Conversation[Repository]) -> dict[RefName, ObjectId]:
    heads, numbers = _saved_heads(forge, conversation), conversation.shared_numbers().changes
    return {
        RefName(f"{PULL_PREFIX}{numbers[name]}/head"): heads[name]
        for name in _seen(conversation, heads)
        if name in numbers
    }


def _saved_heads(forge: Forge, conversation: Conversation[Repository]) -> Mapping[str, ObjectId]:
    tree, indexed = conversation.tree, conversation.indexed
    assert tree is not None  # noqa: S101 - as the caller has seen
    assert indexed is not None  # noqa: S101 - as the caller has seen
    cache, key = (
        forge.memory(SavedHeadCache),
        (forge.archive.metadata(conversation.granted.subject.path), indexed.commit_id),
    )
    heads = cache.get(key)
    if heads is None:
        heads = {one.number: one.head for one in saved_commits(tree)}
        cache.put(key, heads)
    return heads


def _seen(conversation: Conversation[Repository], names: Mapping[str, ObjectId]) -> Iterator[str]:
    remaining = iter(sorted(names))
    while some := tuple(islice(remaining, _MOST_AT_ONCE)):
        yield from conversation.known_numbers(CHANGE, some)
