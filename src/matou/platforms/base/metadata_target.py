"""How what people said is written to one repository of a target: each platform that takes it offers this.

A platform's part maps and asks. Order, texts, the map of what went where, waiting, going on after an interruption and
the proof are `transfer/migrate/conversation`'s, the same for all.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from msgspec import UNSET

from matou.credentials import Secret
from matou.errors import Phrase
from matou.model.metadata_targets import (
    ImportedIssue,
    ItemAddress,
    ItemEdit,
    ItemKind,
    MetadataRules,
    NewChangeRequest,
    NewFile,
    NewIssue,
    NewLabel,
    NewLineComment,
    NewMilestone,
    NewPage,
    NewTargetRelease,
    TargetComment,
    TargetItem,
    TargetMilestone,
    TargetPage,
    TargetRelease,
)
from matou.model.targets import TargetRepository

if TYPE_CHECKING:
    from matou.http.session import Session
    from matou.platforms.base.platform import Clock


def author_of(user: object, name: str = "login") -> str | None:
    """The account that wrote something, for `TargetItem.author`; `name` is the field that its name stands in."""
    if user is UNSET:
        return None
    found = getattr(user, name, None)
    return found if isinstance(found, str) else ""


class MetadataTarget(Protocol):
    """One repository at a target, to write to; for one thread.

    What makes something is never repeated on its own: it raises TryLater where no answer, or none that says what
    became of it, came, and whoever called looks before calling again. What reads or sets may be repeated.

    All methods raise:
        TryLater: waiting may help; carries how long, if the platform told it.
        BadCredential: the token is not good.
        NotOffered: the platform, or this repository, has no such thing.
        MatouError: what was given cannot be written; nothing was.
    """

    @property
    def rules(self) -> MetadataRules: ...

    def labels(self) -> Iterable[str]:
        """The names of all that are there."""

    def add_label(self, label: NewLabel) -> None:
        """Raises Conflict where there is one of that name."""

    def milestones(self) -> Iterable[TargetMilestone]:
        """All, closed ones too."""

    def add_milestone(self, milestone: NewMilestone) -> TargetMilestone: ...

    def items(self, kind: ItemKind) -> Iterable[TargetItem]:
        """All of a kind, closed ones too, with their texts as they were written; never one of the other kind."""

    def add_issue(self, issue: NewIssue) -> TargetItem: ...

    def add_change_request(self, change: NewChangeRequest) -> TargetItem: ...

    def edit_item(self, item: ItemAddress, edit: ItemEdit) -> None:
        """Set what the edit names, and nothing else."""

    def comments(self, item: ItemAddress) -> Iterable[TargetComment]:
        """All on an item: those on lines and the answers to them, too."""

    def add_comment(self, item: ItemAddress, text: str) -> TargetComment: ...

    def add_line_comment(self, number: str, comment: NewLineComment) -> TargetComment:
        """On a line of the change request of that number.

        Raises:
            MatouError: the platform does not find the line; the caller says it as an ordinary comment.
        """

    def add_answer(self, number: str, thread: str, text: str) -> TargetComment:
        """In the thread of a comment on a line, where the rules say that there are threads."""

    def edit_comment(self, item: ItemAddress, comment: str, text: str) -> None: ...

    def releases(self) -> Iterable[TargetRelease]:
        """All, with the names of their files but for archives of the code that the platform makes itself."""

    def add_release(self, release: NewTargetRelease) -> TargetRelease: ...

    def edit_release(self, release: TargetRelease, text: str) -> None: ...

    def add_asset(self, release: TargetRelease, file: NewFile) -> None: ...

    def upload(self, file: NewFile, item: ItemAddress | None) -> str:
        """Its address, for texts; not called where files are committed, see `FileCommitting`.

        Args:
            item: what it belongs to, where the rules say that it must be there; else None.
        """


@runtime_checkable
class FileCommitting(Protocol):
    """What a target can do besides whose API takes no files for texts: they are committed beside its repositories."""

    def address_of_committed(self, repository: TargetRepository, branch: str, path: str) -> str:
        """Where a browser finds a file of another repository as it is, for a text to name."""


@runtime_checkable
class WikiWriting(Protocol):
    """What a target can do besides that has wikis which are no git repositories."""

    def pages(self) -> Iterable[TargetPage]:
        """All of the wiki."""

    def add_page(self, page: NewPage) -> TargetPage: ...

    def edit_page(self, page: str, title: str, text: str) -> None:
        """The page of that id; it stays where it is."""


@runtime_checkable
class CommentLister(Protocol):
    """What a target can do besides that lists the comments of a whole repository, which is a request for many items."""

    def comments_on_all(self) -> Iterable[TargetComment]:
        """Those on all items, as `comments` gives them for each."""


@runtime_checkable
class IssueImporter(Protocol):
    """What a target can do besides that takes an issue with its comments and times in one request."""

    @property
    def sets_numbers(self) -> bool:
        """Whether an issue gets the number that it is to have, whatever others there are."""

    def import_issue(self, issue: ImportedIssue) -> TargetItem:
        """Make it, and wait until the platform has. Its comments are then found by `comments`, by their markers.

        One after another gets numbers in order.

        Raises:
            NotOffered: not here, or not for this token: the next ones are to be written as usual, too.
            TryLater, MatouError: as all methods of `MetadataTarget`.
        """


@runtime_checkable
class AuthorWriter(Protocol):
    """What a target can do besides that lets some write in the names of others."""

    @property
    def unwritten_authors(self) -> Mapping[str, Phrase]:
        """In whose name it wrote nothing of what it was to, and why; as far as it was tried."""


class OpenMetadataTarget(Protocol):
    def __call__(
        self, session: "Session", url: str, token: Secret, repository: TargetRepository, /, *, now: "Clock"
    ) -> MetadataTarget: ...
