"""Writes manifests, of the newest format alone, and keeps the tally by which writer and reader tell a whole one."""

import hashlib
import os
import shutil
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from matou.archive.layout import FORMAT, Archive
from matou.archive.manifest.format_2 import write_line
from matou.archive.manifest.lines import (
    EndLine,
    Line,
    ListingState,
    NamespaceLine,
    Outcome,
    RepositoryLine,
    RunLine,
    UnseenLine,
    whole_seconds,
)
from matou.errors import Phrase
from matou.fs import sync_folder, syncfs, translate_os_errors

OUT_OF_PLACE = Phrase("it is out of place")

_RANKS: Mapping[type, int] = {RunLine: 0, NamespaceLine: 1, RepositoryLine: 2, UnseenLine: 3, EndLine: 4}
"""In which order kinds of lines stand; one that is not known has no place in it."""

_LAST = _RANKS[EndLine]


class Tally:
    """What the lines come to, one after another; the end line of a manifest says the same."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()
        self.rows = 0
        self.rank = 0
        self.received_bytes = 0
        self.outcomes: Counter[Outcome] = Counter()

    @property
    def has_ended(self) -> bool:
        return self.rank == _LAST

    def add(self, line: Line, text: bytes) -> None:
        self.rank = _RANKS.get(type(line), self.rank)
        self.hash.update(text)
        self.rows += 1
        if isinstance(line, RepositoryLine):
            self.outcomes[line.outcome] += 1
            self.received_bytes += line.received_bytes

    def end(self, *, finished_at: datetime, requests: int, listing: ListingState) -> EndLine:
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
        rank = _RANKS.get(type(line))
        if rank is None:
            return OUT_OF_PLACE if self.has_ended or self.rows == 0 else None
        if rank < self.rank or self.has_ended or (rank == 0) != (self.rows == 0):
            return OUT_OF_PLACE
        if isinstance(line, EndLine):
            expected = self.end(finished_at=line.finished_at, requests=line.requests, listing=line.listing)
            expected = msgspec.structs.replace(expected, unknown=line.unknown)
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
        self._run = msgspec.structs.replace(run, format=FORMAT)
        self._lock = threading.Lock()
        self._tally = Tally()
        with translate_os_errors(self._partial):
            self._file = self._partial.open("wb")
        self.write(self._run)

    @property
    def _partial(self) -> Path:
        return self._path.with_name(self._path.name + ".partial")

    def write(self, line: RunLine | NamespaceLine | RepositoryLine | UnseenLine) -> None:
        """Add a line. Namespaces come before repositories, and what is unseen comes last."""
        encoded = write_line(line)
        with self._lock:
            fault = self._tally.fault_of(line)
            if fault is not None:
                raise ValueError(f"a {type(line).__name__} in a manifest: {fault}")
            self._append(encoded)
            self._tally.add(line, encoded)

    def flush(self) -> None:
        """Make durable what was written so far: what a run has read is made again by what its first line says."""
        with self._lock, translate_os_errors(self._partial):
            if not self._file.closed:
                self._file.flush()
                os.fsync(self._file.fileno())

    @property
    def outcomes(self) -> Mapping[Outcome, int]:
        return self._tally.outcomes

    def publish(
        self, *, finished_at: datetime, requests: int, listing: ListingState, records_digest: str | None = None
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
            self._append(write_line(end))
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._partial.replace(self._path)
        sync_folder(self._path.parent)
        return end

    def _name_records(self, digest: str) -> None:
        """Write the first line anew, which came before there were any records, and all others behind it."""
        self._file.close()
        run = msgspec.structs.replace(self._run, records=digest)
        fuller = self._partial.with_name(f"{self._path.name}.fuller.partial")
        with self._partial.open("rb") as old, fuller.open("wb") as new:
            old.readline()
            new.write(write_line(run))
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
