"""How a platform is walked for what people said about the code: one repository, or one namespace, at a time.

A platform's folder offers a `MetadataSource` by its `PLATFORM.metadata`; transfer/backup/metadata walks it. Who keeps
what, what has changed, what is gone, what is fetched: all that is the machinery's. A reader asks, and turns what the
wire says into the structs of `model/metadata`.

What every reader keeps to:

* It asks by way of its `ApiClient` alone, which keeps each answer before anybody reads it, and in whose place recorded
  answers can stand (`OpenMetadata.answers`). So what it asks depends on its arguments and on what was answered, never
  on the clock, on chance, or on what another reader has come by: then the same records give the same items again.
* It walks a list by what does not move while it is walked: by number or by time of creation, ascending, where all is
  read; by time of change where that is asked for, with each row once, by its key. What a platform can only sort the
  other way round is read to the end before the first row is given, or read again until it holds still.
* A list that was not read to its end raises after the rows that came. `Refused` means that the credential may not;
  anything else, that the list broke off. Nothing is concluded from either about what did not come.
* What an answer does not tell is absent; what the struct has no place for stands in `extra`, under the platform's name.
* An address that is signed, or expires, is no part of an item: see `ItemRead.addresses`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from matou.credentials import Secret
from matou.errors import MatouError, Phrase
from matou.model.metadata import ChangeRequest, Comment, JsonObject, MetadataValue, Participant, ReviewThread
from matou.model.metadata.kinds import MetadataKind
from matou.model.platform import RemoteNamespace, RemoteRepository

if TYPE_CHECKING:
    from matou.http.session import Session
    from matou.platforms.base.api_client import Answers
    from matou.platforms.base.platform import Clock
    from matou.platforms.base.source import RecordSink


class CommentListing(Enum):
    """Where the comments of a kind's items come from."""

    WITH_ITEM = auto()
    """`read` gives them with the item, or there are none."""
    REPOSITORY_WIDE = auto()
    """One list for the whole repository: `comments`. It is walked before the rows are, so that each finds its item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableKind:
    """A kind that a platform has.

    One whose items have files of their own is read by `rows`, then `read` for those that changed; one that is a table
    (`Layout.TABLE`) by `table`, since a few requests give all of it.

    Attributes:
        is_rare: whether it costs a request that is not spared where nothing has changed, and few repositories have any:
            one that was found to have none is asked again by a sweep alone.
        unseen: why nobody gets it, where the platform has it and gives it to no program: it is reported and not asked.
        has_since: whether `rows` asks the platform for what has changed since; else it gives all rows each time.
        needs_tag: whether each is made at a tag of the repository's: where that has none and nothing is saved, it is
            asked for by a sweep alone, which finds what outlived its tag.
        is_for_sweeps: whether it costs requests of its own for each repository and seldom changes, so that once it was
            read whole a sweep alone asks again.
    """

    kind: MetadataKind
    comments: CommentListing = CommentListing.WITH_ITEM
    has_since: bool = True
    needs_tag: bool = False
    is_for_sweeps: bool = False
    is_rare: bool = False
    unseen: Phrase | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """A row of a list of items, as far as the machinery looks into it.

    Attributes:
        key: what the item is told by, in its kind: a number (`7`, `I6D3AV`), a release's tag.
        updated_at: as the item will have it; None where the platform does not say. Where an item of the same time is
            saved already, the row is passed over.
        value: what came, for `read`.
        comments: how many there are on it, where the row says so: where another number is saved, it is read again.
    """

    key: str
    updated_at: datetime | None
    value: object
    comments: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRow:
    """A comment from a list of the whole repository.

    Attributes:
        key: of the item that it belongs to.
        updated_at: when it last changed; None where the platform does not say.
        thread: that it belongs to, without comments: at change requests alone, None for the general talk.
        addresses: of its files: see `ItemRead`.
    """

    key: str
    comment: Comment
    updated_at: datetime | None
    thread: ReviewThread | None = None
    people: tuple[Participant, ...] = ()
    addresses: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRead:
    """An item as the platform tells of it now.

    Attributes:
        item: with its comments, where these come with it (`CommentListing.WITH_ITEM`). Each `AttachedFile` and
            `ReleaseAsset` that the platform tells of beside the texts is in it, with a `url` that stays the same and no
            `sha256`; what stands within texts the machinery finds.
        beside: items of other kinds that come with it: the earlier versions of a wiki's page.
        people: whoever is named in it.
        addresses: where the bytes of a file are for some minutes, by the `url` that stays the same. They are used at
            once and kept nowhere.
        faults: why a part of it is missing here that the platform has: its comments were refused, say. It is saved as
            far as it came, what was saved of that part stays, and the kind counts as broken off.
        has_all_comments: whether a comment that was saved before and is not here is gone.
    """

    item: MetadataValue
    beside: tuple[MetadataValue, ...] = ()
    people: tuple[Participant, ...] = ()
    addresses: Mapping[str, str] = field(default_factory=dict, repr=False)
    faults: tuple[MatouError, ...] = ()
    has_all_comments: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRead:
    """All rows of a kind that is a table; the settings are one object."""

    rows: tuple[MetadataValue | JsonObject, ...]
    people: tuple[Participant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRequest:
    """How the bytes of a file are asked for.

    Attributes:
        url: absolute; may be signed, and is kept nowhere.
        hosts: where it may lead, itself and its redirects: names of hosts; one with a dot before it stands for all
            that is below. None of them may be inside our network, unless it is the one that the user named.
        authorization: the value of that header. It goes to the origin of the platform's API, and nowhere else.
        headers: besides, such as a Referer that a host insists on.
    """

    url: str
    hosts: frozenset[str]
    authorization: Secret | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitSource:
    """Where a change request's head commit can be fetched, if the mirror has no ref that reaches it.

    Attributes:
        url: of a repository that the credential for git may be sent to.
        wants: refs, or ids of objects, the likeliest first.
        earlier: ids of commits that were its head before, and that the platform may still give.
    """

    url: str
    wants: tuple[str, ...]
    earlier: tuple[str, ...] = ()


class MetadataReader(Protocol):
    """One repository, or one namespace, at a platform. Called by one thread, but for `read`, which several may call."""

    @property
    def kinds(self) -> Sequence[ReadableKind]:
        """In the order in which they are walked. Asks nobody."""

    def expected_calls(self, kind: MetadataKind, since: datetime | None, *, saved: int) -> int:
        """How many requests a walk will take; one or two may be put to find out how long the list is.

        Args:
            since: as for `rows`.
            saved: how many items the archive has already.
        """

    def rows(self, kind: MetadataKind, since: datetime | None) -> Iterator[ItemRow]:
        """The items that changed since then, or all of them; each once, page by page as they come.

        Where the platform tells nothing of changes, all of them: the machinery sees which are new. A sweep asks with
        None, for then what is missing is gone.

        Raises:
            MatouError: after the rows that came, where the list was not read to its end.
        """

    def comments(self, kind: MetadataKind, since: datetime | None) -> Iterator[CommentRow]:
        """The same for the comments on all items of a kind, where they come so (`CommentListing.REPOSITORY_WIDE`)."""

    def read(
        self, kind: MetadataKind, row: ItemRow, before: MetadataValue | None, *, sweeping: bool
    ) -> ItemRead | None:
        """The whole item, asking for what the row does not tell.

        Args:
            before: the item as it is saved, where it is. What the row proves to be as it was need not be asked again.
            sweeping: look for what changed and moved no time: ask for what is asked by item, such as its comments.

        Returns:
            None where the row proves that nothing has changed.

        Raises:
            MatouError: it cannot be read at all.
        """

    def table(self, kind: MetadataKind) -> TableRead:
        """All rows of a kind that is a table. Raises MatouError: what was saved stays."""

    def is_attachment(self, address: str) -> bool:
        """Whether an address that stands in a text, absolute or not, is that of a file which the platform keeps."""

    def download(self, url: str, signed: str | None) -> FileRequest:
        """How to fetch a file. May ask the platform for an address that is valid for some minutes.

        Args:
            url: of an `AttachedFile` or `ReleaseAsset`, or an address for which `is_attachment` holds.
            signed: what `ItemRead.addresses` had for it; None where there was nothing, or where it has expired.

        Raises:
            MatouError: it cannot be had; the text says why.
        """

    def commits_of(self, change: ChangeRequest) -> CommitSource | None:
        """Where the head commit of a change request is; None where nobody can say."""


class MetadataSource(Protocol):
    """An account at a platform. Its methods ask nobody and may be called from several threads."""

    def of_repository(self, repository: RemoteRepository, namespace: RemoteNamespace | None) -> MetadataReader | None:
        """None for what has nothing of its own, such as a wiki."""

    def of_namespace(self, namespace: RemoteNamespace) -> MetadataReader | None: ...


@runtime_checkable
class QuietSource(Protocol):
    """A `MetadataSource` that can say of many repositories at once where nothing was said."""

    def is_quiet(self, repository: RemoteRepository, since: datetime, /) -> bool:
        """Whether no issue and no change request of it has changed since then; False where that is not certain.

        What moves no time of change (a label, a release's text, a comment that was edited) is found by a sweep.
        """


def wants_by_default(kind: MetadataKind) -> bool:
    return kind.is_default


class OpenMetadata(Protocol):
    def __call__(
        self,
        session: "Session",
        url: str,
        token: Secret,
        record: "RecordSink",
        /,
        *,
        now: "Clock",
        wants: Callable[[MetadataKind], bool] = wants_by_default,
        answers: "Answers | None" = None,
    ) -> MetadataSource:
        """Asks nobody.

        Args:
            session: that of the platform's `Source`, so that both keep to one pace.
            wants: for `read`, what of kinds that stand within items is asked for where it costs a request of its own:
                EVENT and REACTION, unless a person says so, are not. A kind with files of its own is walked or not.
            answers: to be given to every `ApiClient`: recorded answers, in whose order all is read again.
        """
