"""Manifests: what a run saw, saved and could not save (docs/archive-format.md, "manifest.jsonl")."""

import hashlib
import json
import os
import shutil
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO, NoReturn

import msgspec

from matou.archive.layout import FORMAT, Archive
from matou.errors import Damaged, Phrase
from matou.fs import sync_folder, syncfs, translate_os_errors
from matou.model.platform import VersionControl, Visibility

LONGEST_LINE_BYTES = 64 * 1024 * 1024
RECORDS = "records_sha256"

OUT_OF_PLACE = Phrase("it is out of place")
CUT_OFF = Phrase("it is cut off")
TOO_LONG = Phrase("it is too long")


class DamagedManifest(Damaged):
    """A manifest that is not what was written."""


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
Digest = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]

_DONE = frozenset({Outcome.SAVED, Outcome.UNCHANGED, Outcome.EMPTY, Outcome.GONE, Outcome.EXCLUDED})


class Proof(StrEnum):
    """How a run knew that a repository was unchanged."""

    LS_REFS = "ls-refs"
    LISTING = "listing"


class Listing(StrEnum):
    """What the source's listing of repositories was worth."""

    COMPLETE = "complete"
    BROKEN_OFF = "broken-off"
    SHRUNK = "shrunk"


class _Struct(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Keys stand in the order of the format page; one without a value is left out."""


class SourceLine(_Struct, frozen=True, kw_only=True):
    platform: str
    url: str
    account: str
    team: str = ""
    team_id: str = ""


class PreviousRun(_Struct, frozen=True, kw_only=True):
    """The run before, and the SHA-256 of its whole manifest."""

    run: int
    sha256: Digest


class LfsState(_Struct, frozen=True, kw_only=True):
    """`list` is the blob of the LFS list; `missing` is what the source does not have."""

    list: Digest
    objects: int
    missing: tuple[Digest, ...] = ()


class RunLine(_Struct, frozen=True, kw_only=True, tag_field="kind", tag="run"):
    """`options` is what the run was told, and under RECORDS what its records came to: the one place where a reader of
    format 1 takes a key that it does not know."""

    format: int
    run: int
    started_at: Moment
    source: SourceLine
    previous: PreviousRun | None = None
    options: dict[str, object] = {}
    matou: str

    @property
    def records_digest(self) -> str | None:
        """The SHA-256 of the run's file of records; None where the manifest does not say, as older ones do not."""
        digest = self.options.get(RECORDS)
        return digest if isinstance(digest, str) else None


class NamespaceLine(_Struct, frozen=True, kw_only=True, tag_field="kind", tag="namespace"):
    """A namespace as the source last told of it. `icon` and the documents are blobs; `path` is its place on disk."""

    id: str
    name: str
    path: str
    display_name: str = ""
    description: str = ""
    created_at: Moment | None = None
    icon: Digest | None = None
    icon_url: str | None = None
    archived: bool
    documents: dict[str, Digest] = {}
    seen: bool


class RepositoryLine(_Struct, frozen=True, kw_only=True, tag_field="kind", tag="repository"):
    """A repository, what this run did about it, and the last state that was saved.

    `namespace` is the id of a namespace of the same source, `path` the place on disk, `snapshot` a blob.
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
    saved_in: int | None = None
    refs: int | None = None
    kept: tuple[str, ...] = ()
    not_stored: tuple[str, ...] = ()
    lfs: LfsState | None = None
    received_bytes: int = msgspec.field(name="bytes", default=0)
    seconds: float = 0.0


class UnseenLine(_Struct, frozen=True, kw_only=True, tag_field="kind", tag="unseen"):
    what: str
    reason: str


class EndLine(_Struct, frozen=True, kw_only=True, tag_field="kind", tag="end"):
    """`rows` counts the lines above this one, `sha256` is over all their bytes."""

    finished_at: Moment
    outcomes: dict[Outcome, int]
    received_bytes: int = msgspec.field(name="bytes")
    requests: int
    listing: Listing
    rows: int
    sha256: Digest


Line = RunLine | NamespaceLine | RepositoryLine | UnseenLine | EndLine

_ORDER = (RunLine, NamespaceLine, RepositoryLine, UnseenLine, EndLine)
_DECODER: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


class _Tally:
    """What the lines come to, one after another; the end line of a manifest says the same."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()
        self.rows = 0
        self.rank = 0
        self.received_bytes = 0
        self.outcomes: Counter[Outcome] = Counter()

    @property
    def has_ended(self) -> bool:
        return _ORDER[self.rank] is EndLine

    def add(self, line: Line, text: bytes) -> None:
        self.rank = _ORDER.index(type(line))
        self.hash.update(text)
        self.rows += 1
        if isinstance(line, RepositoryLine):
            self.outcomes[line.outcome] += 1
            self.received_bytes += line.received_bytes

    def end(self, *, finished_at: datetime, requests: int, listing: Listing) -> EndLine:
        return EndLine(
            finished_at=finished_at,
            outcomes={outcome: self.outcomes[outcome] for outcome in Outcome if self.outcomes[outcome]},
            received_bytes=self.received_bytes,
            requests=requests,
            listing=listing,
            rows=self.rows,
            sha256=self.hash.hexdigest(),
        )

    def fault_of(self, line: Line) -> Phrase | None:
        """Say what is wrong with a line that comes next, or None."""
        rank = _ORDER.index(type(line))
        if rank < self.rank or self.has_ended or (rank == 0) != (self.rows == 0):
            return OUT_OF_PLACE
        if isinstance(line, EndLine):
            expected = self.end(finished_at=line.finished_at, requests=line.requests, listing=line.listing)
            return None if line == expected else Phrase("the lines above it come to {expected}", expected=expected)
        return None


class ManifestWriter:
    """Writes the manifest of one run, line by line; it becomes one when it is published.

    May be called from several threads. Until `publish`, and for good where it is never called, the run counts as
    interrupted.
    """

    def __init__(self, archive: Archive, run: RunLine) -> None:
        self._archive = archive
        self._path = archive.manifest(run.run)
        self._run = run
        self._lock = threading.Lock()
        self._tally = _Tally()
        with translate_os_errors(self._partial):
            self._file = self._partial.open("wb")
        self.write(run)

    @property
    def _partial(self) -> Path:
        return self._path.with_name(self._path.name + ".partial")

    def write(self, line: RunLine | NamespaceLine | RepositoryLine | UnseenLine) -> None:
        """Add a line. Namespaces come before repositories, and what is unseen comes last."""
        encoded = encode_line(line)
        with self._lock:
            fault = self._tally.fault_of(line)
            if fault is not None:
                raise ValueError(f"a {type(line).__name__} in a manifest: {fault}")
            self._append(encoded)
            self._tally.add(line, encoded)

    @property
    def outcomes(self) -> Mapping[Outcome, int]:
        return self._tally.outcomes

    def publish(
        self, *, finished_at: datetime, requests: int, listing: Listing, records_digest: str | None = None
    ) -> EndLine:
        """Make everything that the lines name durable, then the manifest itself, in one step.

        Args:
            records_digest: the SHA-256 of the run's file of records, to which nothing more is added.
        """
        self._archive.blobs.flush()
        syncfs(self._archive.root)
        with self._lock, translate_os_errors(self._path):
            if records_digest is not None:
                self._name_records(records_digest)
            end = self._tally.end(finished_at=whole_seconds(finished_at), requests=requests, listing=listing)
            self._append(encode_line(end))
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._partial.replace(self._path)
        sync_folder(self._path.parent)
        return end

    def _name_records(self, digest: str) -> None:
        """Write the first line anew, which came before there were any records, and all others behind it."""
        self._file.close()
        run = msgspec.structs.replace(self._run, options={**self._run.options, RECORDS: digest})
        fuller = self._partial.with_name(f"{self._path.name}.fuller.partial")
        with self._partial.open("rb") as old, fuller.open("wb") as new:
            old.readline()
            new.write(encode_line(run))
            shutil.copyfileobj(old, new)
        with fuller.open("rb") as file:
            self._tally.hash = hashlib.file_digest(file, "sha256")
        fuller.replace(self._partial)
        self._file = self._partial.open("ab")

    def close(self) -> None:
        """Stop without publishing. Does nothing after `publish`."""
        with self._lock, translate_os_errors(self._partial):
            self._file.close()

    def _append(self, encoded: bytes) -> None:
        with translate_os_errors(self._partial):
            self._file.write(encoded)


def encode_line(line: Line) -> bytes:
    """One line of a manifest, with its line feed."""
    try:
        return msgspec.json.encode(line) + b"\n"
    except UnicodeEncodeError:
        # A ref that is not UTF-8 holds lone surrogates, which JSON can say in ASCII alone.
        return json.dumps(msgspec.to_builtins(line), separators=(",", ":")).encode() + b"\n"


def decode_line(text: bytes) -> Line:
    """Raises msgspec.DecodeError, or ValueError, where it is none."""
    try:
        return _DECODER.decode(text)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        line: Line = msgspec.convert(json.loads(text), Line)
        return line


def read_manifest(path: Path) -> Iterator[Line]:
    """Every line of a manifest; memory holds one at a time.

    Whether the file is whole is known only at its end: act upon nothing before the last line has come.

    Raises:
        DamagedManifest: a line cannot be read, or the lines are not those that were written.
    """
    tally = _Tally()
    with path.open("rb") as file:
        for number, text in enumerate(_texts(file, path), start=1):
            line = _decode(text, path, number)
            fault = tally.fault_of(line)
            if fault is not None:
                _refuse(path, number, fault)
            tally.add(line, text)
            yield line
    if not tally.has_ended:
        raise DamagedManifest("{path} has no end", path=path)


def read_run_line(path: Path) -> RunLine:
    """The first line alone. Raises DamagedManifest."""
    with path.open("rb") as file:
        text = next(_texts(file, path), b"")
    line = _decode(text, path, 1)
    if not isinstance(line, RunLine):
        _refuse(path, 1, OUT_OF_PLACE)
    return line


def whole_seconds(moment: datetime) -> datetime:
    """A time of our own, as manifests have it."""
    return moment.astimezone(UTC).replace(microsecond=0)


def _texts(file: BinaryIO, path: Path) -> Iterator[bytes]:
    number = 0
    while text := file.readline(LONGEST_LINE_BYTES + 1):
        number += 1
        if not text.endswith(b"\n"):
            _refuse(path, number, CUT_OFF if len(text) <= LONGEST_LINE_BYTES else TOO_LONG)
        yield text


def _decode(text: bytes, path: Path, number: int) -> Line:
    try:
        line = decode_line(text)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        _refuse(path, number, str(error))
    if isinstance(line, RunLine) and line.format != FORMAT:
        _refuse(path, number, Phrase("its format is {format}", format=line.format))
    return line


def _refuse(path: Path, number: int, reason: str) -> NoReturn:
    raise DamagedManifest("{path}, line {number}: {reason}", path=path, number=number, reason=reason)
