"""Where Go finds a module that is a repository here: https://go.dev/ref/mod#vcs-find"""

from matou.errors import NotFound
from matou.forge.access import Identity, MaySee, authorize_repository
from matou.forge.accounts.namespaces import find_namespace
from matou.forge.forge import Forge
from matou.model.names import NamespacePath, RepositoryPath
from matou.server.paths import repository_at


def find_module(forge: Forge, identity: Identity, segments: tuple[str, ...]) -> RepositoryPath | None:
    """The repository of a module, or of a package inside one; None where none is seen at or above the path.

    No further in is looked than there are namespaces, however long the path is.
    """
    for end in range(2, len(segments) + 1):
        path = repository_at(segments[:end])
        if path is None or not _is_there(forge, path.namespace):
            return None
        try:
            return authorize_repository(forge, identity, MaySee, path).subject.path
        except NotFound:
            continue
    return None


def _is_there(forge: Forge, namespace: NamespacePath) -> bool:
    try:
        find_namespace(forge, namespace)
    except NotFound:
        return False
    return True
