"""The lines of a manifest, as the newest format has them; a reader of an older one gives these, too."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from matou.model.platform import VersionControl, Visibility

UNKNOWN = "*unknown*"
"""Under which name a struct holds the fields that it does not know, as no format names one."""


class Outcome(StrEnum):
    """What a run did about one repository."""

    SAVED = "saved"
    UNCHANGED = "unchanged"
    EMPTY = "empty"
    GONE = "gone"
    UNLISTED = "unlisted"
    EXCLUDED = "excluded"
    UNSUPPORTED = "unsupported"
    REFUSED = "refused"
    FAILED = "failed"
    INCOMPLETE = "incomplete"

    @property
    def is_done(self) -> bool:
        return self in _DONE


Moment = Annotated[datetime, msgspec.Meta(tz=True)]
ObjectName = Annotated[str, msgspec.Meta(pattern=r"\A(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""What a database and every other language's integer can hold, too."""

Seconds = Annotated[float, msgspec.Meta(ge=0, le=2**53)]
Digest = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]

_DONE = frozenset({Outcome.SAVED, Outcome.UNCHANGED, Outcome.EMPTY, Outcome.GONE, Outcome.EXCLUDED})


class Proof(StrEnum):
    """How a run knew that a repository was unchanged."""

    LS_REFS = "ls-refs"
    LISTING = "listing"


class ListingState(StrEnum):
    """What the source's listing of repositories was worth."""

    COMPLETE = "complete"
    BROKEN_OFF = "broken-off"
    SHRUNK = "shrunk"


class ReadState(StrEnum):
    """What a run's reading of one kind of metadata was worth.

    OFF: it was not asked for. UNSEEN: the platform has it and gives it to no program. A word that a later Matou wrote
    is kept, and is not done.
    """

    COMPLETE = "complete"
    BROKEN_OFF = "broken-off"
    REFUSED = "refused"
    OFF = "off"
    UNSEEN = "unseen"

    @property
    def is_done(self) -> bool:
        return self in _DONE_READING

    @classmethod
    def _missing_(cls, value: object) -> "ReadState | None":
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_, unknown._value_ = value, value
        return unknown


_DONE_READING = frozenset({ReadState.COMPLETE, ReadState.OFF, ReadState.UNSEEN})


class LineStruct(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Keys stand in the order of the format page; one without a value is left out.

    `unknown` has the fields that this Matou does not know, as the text of a JSON object; whoever writes the line again
    writes them again.
    """

    unknown: str = msgspec.field(name=UNKNOWN, default="")


class SourceLine(LineStruct, frozen=True, kw_only=True):
    platform: str
    url: str
    account: str
    team: str = ""
    team_id: str = ""

    def __post_init__(self) -> None:
        urlsplit(self.url)  # raises ValueError


class PreviousRunRef(LineStruct, frozen=True, kw_only=True):
    """The run before, and the SHA-256 of its whole manifest."""

    run: Count
    sha256: Digest


class LfsState(LineStruct, frozen=True, kw_only=True):
    """`list` is the blob of the LFS list; `missing` is what the source does not have."""

    list: Digest
    objects: Count
    missing: tuple[Digest, ...] = ()


class KindState(LineStruct, frozen=True, kw_only=True):
    """One kind of metadata, as the last run left it: `items` are all that are kept, `missing` are files without bytes.

    The next run asks for what has changed since `since`, and for the comments since `comments_since`: the latest change
    in a list that was read to its end. `reason` says why the kind is not complete.
    """

    state: ReadState
    items: Count = 0
    changed: Count = 0
    gone: Count = 0
    missing: Count = 0
    bytes: Count = 0
    since: Moment | None = None
    comments_since: Moment | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        _require_in_utc(self.since, self.comments_since)

    @property
    def is_done(self) -> bool:
        return self.state.is_done and not self.missing


class MetadataState(LineStruct, frozen=True, kw_only=True):
    """What the metadata repository of a line holds: `commit` is what its main named, made by the run `saved_in`.

    `unswept` counts the runs since all of it was last read, changed or not.
    """

    commit: ObjectName | None = None
    saved_in: Count | None = None
    unswept: Count = 0
    kinds: dict[str, KindState] = {}

    @property
    def is_done(self) -> bool:
        return all(kind.is_done for kind in self.kinds.values())


class RunLine(LineStruct, frozen=True, kw_only=True, tag_field="kind", tag="run"):
    """`options` is what the run was told; `records` the SHA-256 of its file of records, None where nothing says it.

    `features` are those of the format that whoever reads the manifest must know.
    """

    format: int
    features: tuple[str, ...] = ()
    run: Count
    started_at: Moment
    source: SourceLine
    previous: PreviousRunRef | None = None
    options: dict[str, object] = {}
    records: Digest | None = None
    matou: str

    def __post_init__(self) -> None:
        _require_in_utc(self.started_at)


class NamespaceLine(LineStruct, frozen=True, kw_only=True, tag_field="kind", tag="namespace"):
    """A namespace as the source last told of it. `icon` and the documents are blobs; `path` is its place on disk.

    `type` is the platform's own word for what kind of owner it is.
    """

    id: str
    name: str
    path: str
    display_name: str = ""
    description: str = ""
    created_at: Moment | None = None
    icon: Digest | None = None
    icon_url: str | None = None
    archived: bool
    type: str = ""
    documents: dict[str, Digest] = {}
    metadata: MetadataState | None = None
    seen: bool

    def __post_init__(self) -> None:
        _require_in_utc(self.created_at)


class RepositoryLine(LineStruct, frozen=True, kw_only=True, tag_field="kind", tag="repository"):
    """A repository, what this run did about it, and the last state that was saved.

    `namespace` is the id of a namespace of the same source, `path` the place on disk, `snapshot` a blob. So is each of
    the documents, whose names are those of kinds: nothing writes any yet.
    """

    id: str
    namespace: str
    name: str
    path: str
    description: str = ""
    clone_url: str
    version_control: VersionControl
    visibility: Visibility
    created_at: Moment | None = None
    last_push_at: Moment | None = None
    default_branch: str | None = None
    outcome: Outcome
    proof: Proof | None = None
    reason: str | None = None
    snapshot: Digest | None = None
    saved_in: Count | None = None
    refs: Count | None = None
    kept: tuple[str, ...] = ()
    not_stored: tuple[str, ...] = ()
    lfs: LfsState | None = None
    documents: dict[str, Digest] = {}
    switched_off: tuple[str, ...] = ()
    archived: bool = False
    metadata: MetadataState | None = None
    received_bytes: Count = msgspec.field(name="bytes", default=0)
    seconds: Seconds = 0.0

    def __post_init__(self) -> None:
        _require_in_utc(self.created_at, self.last_push_at)

    def __hash__(self) -> int:
        # The documents are a dictionary, which has none.
        return hash((self.id, self.path, self.snapshot))


class UnseenLine(LineStruct, frozen=True, kw_only=True, tag_field="kind", tag="unseen"):
    what: str
    reason: str


class EndLine(LineStruct, frozen=True, kw_only=True, tag_field="kind", tag="end"):
    """`rows` counts the lines above this one, `sha256` is over all their bytes."""

    finished_at: Moment
    outcomes: dict[Outcome, Count]
    received_bytes: Count = msgspec.field(name="bytes")
    requests: Count
    listing: ListingState
    rows: Count
    sha256: Digest

    def __post_init__(self) -> None:
        _require_in_utc(self.finished_at)


class UnknownLine(LineStruct, frozen=True, kw_only=True):
    """A line of a kind that this Matou does not know: counted, and passed over."""

    kind: str


KnownLine = RunLine | NamespaceLine | RepositoryLine | UnseenLine | EndLine
Line = KnownLine | UnknownLine


_TEXTS = ("id", "namespace", "name", "path", "display_name", "description", "clone_url", "icon_url", "what")
_TEXTS_OF_SOURCE = ("platform", "url", "account", "team", "team_id")


def require_unicode(fields: object) -> None:
    """Of a line as JSON has it. A ref may hold bytes that are not UTF-8, as lone surrogates; nothing else may.

    Raises:
        ValueError: something else does.
    """
    if isinstance(fields, Mapping):
        source = fields.get("source")
        texts = [fields.get(name) for name in _TEXTS]
        texts += [source.get(name) for name in _TEXTS_OF_SOURCE] if isinstance(source, Mapping) else []
        for text in texts:
            if isinstance(text, str):
                text.encode()


def _require_in_utc(*moments: datetime | None) -> None:
    """Raises ValueError for one that is before or after all years there."""
    for moment in moments:
        if moment is None or moment.tzinfo is UTC:
            continue
        try:
            moment.astimezone(UTC)
        except OverflowError:
            message = f"{moment} is before or after all years"
            raise ValueError(message) from None


def whole_seconds(moment: datetime) -> datetime:
    """A time of our own, as manifests have it."""
    return moment.astimezone(UTC).replace(microsecond=0)
