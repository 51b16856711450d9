"""What imports by itself: a target that, told where a repository is, takes it from there with all that was said.

Whoever offers this is a `MigrationTarget` as well; what it is told to take from is a Matou that speaks GitHub's API v3
(`server/import_server.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from matou.credentials import Secret
from matou.errors import Refused, TryLater
from matou.model.platform import Visibility
from matou.model.targets import TargetRepository
from matou.platforms.base.target import MigrationTarget


class TargetImportRefused(Refused):
    """The target may not import for this account, or not from this address; its operator can change that."""


class NotAssigned(Refused):
    """The target does not assign these people: they are not there, or may not see the repository."""


class TargetImportFailed(TryLater):
    """The target began, and says that it did not come to the end; nothing of it stays there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryImport:
    """One repository that a target is to import.

    Attributes:
        address: of the repository, as it would be at a GitHub: `http://host:port/OWNER/NAME`.
        token: reads that repository and nothing else, for as long as it lasts.
        has_lfs: whether there are LFS objects to fetch.
    """

    namespace: str
    name: str
    description: str
    visibility: Visibility
    address: str
    token: Secret = field(repr=False)
    has_lfs: bool


class ImportingTarget(MigrationTarget, Protocol):
    """An account at a platform that imports by itself. All methods may be called from several threads."""

    def require_importer(self) -> None:
        """Raises TargetImportRefused where the server says beforehand that it imports nothing."""

    def start_import(self, wanted: RepositoryImport, /) -> TargetRepository | None:
        """Have it imported, once: it is never repeated.

        Returns:
            What is there, where the target answered at the end; None where no answer came, which says nothing of what
            became of it: it may be at work still, so `find` looks again.

        Raises:
            Conflict: there is one of that name.
            TargetImportRefused: with what its operator has to change.
            TargetImportFailed: it said so.
        """

    def assign(self, repository: TargetRepository, number: str, people: Sequence[str], /) -> None:
        """Make these the assignees of an issue or a change request, which no importer does.

        Raises:
            NotAssigned: nobody there is called so, or may be assigned.
            MatouError: it could not be asked.
        """

    def find(self, namespace: str, name: str) -> TargetRepository | None:
        """What is there now, in the midst of an import too."""
