"""Lists of repositories as people ask for them: theirs, somebody's, an organization's; and what is told of each."""

from collections.abc import Mapping, Sequence

from matou.db.repositories import Repository, RepositoryId
from matou.db.repository_facts import RepositoryFacts, facts_of
from matou.forge.access import Identity, viewer
from matou.forge.forge import Forge


def repository_facts(
    forge: Forge, identity: Identity, repositories: Sequence[Repository]
) -> Mapping[RepositoryId, RepositoryFacts]:
    """What the identity is told of each beside its own row; it was decided before that it may see them."""
    key = ("repository facts", identity, tuple(repositories))
    return forge.answers.recall(key, lambda: _facts(forge, identity, repositories))


def _facts(
    forge: Forge, identity: Identity, repositories: Sequence[Repository]
) -> Mapping[RepositoryId, RepositoryFacts]:
    eyes = viewer(forge, identity)
    with forge.database.begin_read() as connection:
        return facts_of(connection, repositories, eyes)
