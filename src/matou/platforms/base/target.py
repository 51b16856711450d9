"""What is written to: an account at a platform, for a migration. Each platform that can be written offers this."""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol, runtime_checkable

from matou.credentials import GitCredential
from matou.errors import Phrase, Refused
from matou.model.platform import Visibility
from matou.model.targets import NamespaceMaker, NewTargetRepository, TargetRepository, TargetRules


class TokenScopeMissing(Refused):
    """The token is good, and was made without the right to what is wanted."""


class MigrationTarget(NamespaceMaker, Protocol):
    """An account at a platform, to write to. All methods may be called from several threads."""

    @property
    def platform(self) -> str: ...

    @property
    def url(self) -> str: ...

    @property
    def rules(self) -> TargetRules: ...

    def login(self) -> str:
        """Whom the credential stands for; asked before anything else. Raises Refused where it is not good."""

    def repositories(self, namespace: str) -> Iterable[TargetRepository]:
        """All that the namespace has and this account sees.

        Raises:
            NotFound: there is no such namespace.
            MatouError: there are more, or may be.
        """

    def create(self, new: NewTargetRepository) -> TargetRepository:
        """Raises Conflict where there is one of that name."""

    def set_default_branch(self, repository: TargetRepository, branch: str) -> None: ...

    def set_visibility(self, repository: TargetRepository, visibility: Visibility) -> None: ...

    def git_credential(self) -> GitCredential: ...


@runtime_checkable
class MaybeCodeAlone(Protocol):
    """What a target can say besides that has more than one API, not all of which take what people said."""

    def fault_of_conversation(self) -> Phrase | None:
        """Why nothing but code can be written with this credential; None where more can. Raises as `login` does."""


@runtime_checkable
class ScopedTarget(Protocol):
    """What a target can say besides whose platform lets a token be asked, without a change, what it may."""

    def missing_scopes(self, visibilities: Collection[Visibility], *, has_conversation: bool) -> Sequence[str]:
        """The names of scopes without which what is wanted cannot be made; none where the platform does not say.

        Args:
            visibilities: of the repositories that are wanted.
            has_conversation: what people said is to be written, too.
        """
