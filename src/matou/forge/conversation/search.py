"""Full text over all that somebody may read: issues, change requests, releases of repositories and projects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from matou.db import item_search, metadata_repositories
from matou.db.items import IndexedItem, ItemVisibility
from matou.db.metadata_repositories import MetadataId
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.forge.access import Action, Identity, may, viewer
from matou.forge.conversation.conversation import item_visibility
from matou.forge.forge import Forge


@dataclass(frozen=True, slots=True)
class SearchHit:
    """An item that a search found, and whose it is."""

    subject: Repository | Namespace
    item: IndexedItem


@dataclass(frozen=True, slots=True)
class _Readable:
    subject: Repository | Namespace
    seen: ItemVisibility


def search_items(
    forge: Forge,
    identity: Identity,
    search: str,
    *,
    kinds: Sequence[str],
    states: Sequence[str] | None = None,
    repository: str = "",
    projects: bool = True,
    offset: int = 0,
    limit: int = 20,
) -> tuple[Sequence[SearchHit], int]:
    """One page of what has every word of a search, the last changed first, and how many there are in all.

    Scopes are looked at for each repository: what a token may not read is not found.

    Args:
        search: words; what stands in quotes is looked for as it is.
        states: any of these; None for all.
        repository: the path of the only one that is looked in; empty for all.
        projects: whether what is said in projects, of no repository, is looked at.
    """
    recalled = forge.answers.recall(("readable conversations", identity), lambda: _readable(forge, identity))
    readable = {
        one: how
        for one, how in recalled.items()
        if (projects or isinstance(how.subject, Repository)) and repository in ("", str(how.subject.path))
    }
    with forge.database.begin_read() as connection:
        rows, total = item_search.search_items(
            connection,
            search,
            readable=tuple(readable),
            confidential=[one for one, how in readable.items() if how.seen.confidential],
            drafts=[one for one, how in readable.items() if how.seen.drafts],
            gone=[one for one, how in readable.items() if how.seen.gone],
            kinds=kinds,
            states=states,
            offset=offset,
            limit=limit,
        )
    return tuple(SearchHit(readable[one].subject, item) for one, item in rows), total


def _readable(forge: Forge, identity: Identity) -> Mapping[MetadataId, _Readable]:
    """The policy is asked for each: a listing shows more than what may be read."""
    who = viewer(forge, identity)
    with forge.database.begin_read() as connection:
        seen = (
            *metadata_repositories.of_visible_repositories(connection, who),
            *metadata_repositories.of_visible_namespaces(connection, who),
        )
    return {
        one: _Readable(subject, item_visibility(forge, identity, subject))
        for one, subject in cast("Sequence[tuple[MetadataId, Repository | Namespace]]", seen)
        if may(forge, identity, Action.READ_CONVERSATION, subject)
    }
