"""What a pull needs of the server that the target takes from; `server/import_server.py` is it."""

from collections.abc import Iterable
from typing import Protocol

from matou.credentials import Secret
from matou.model.names import NamespacePath, RepositoryPath


class ServedArchive(Protocol):
    """A Matou that the target can reach, over the archive that is moved. May be used by several threads."""

    def address_of(self, path: RepositoryPath | NamespacePath) -> str:
        """Of a repository, as it would be at a GitHub; of a project, as one without code that has its issues."""

    def grant(self, paths: Iterable[RepositoryPath | NamespacePath], *, confidential: bool) -> Secret:
        """A token that reads these repositories and projects and nothing else, for some hours at most.

        Args:
            confidential: with the items that are marked so.
        """

    def revoke(self, token: Secret) -> None: ...
