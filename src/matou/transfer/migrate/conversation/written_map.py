"""What went where: one line of a file in the archive for each thing that was written, durable before the next one.

The file is the truth about what is not to be written again; what a run was cut off over is found at the target by its
marker. Whoever writes to a repository holds its file, so that two commands never write the same to it.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Self

import msgspec

from matou.archive.layout import Archive
from matou.archive.path_registry import safe_segment
from matou.errors import Conflict, Damaged
from matou.fs import flocked, make_folders, sync_folder, translate_os_errors
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED
from matou.transfer.migrate.conversation.markers import ItemKey

FOLDER: Final = "migrations"
PLANNED: Final = "planned"
"""The state of a file that is going to be committed, and is not known to be there."""
DRAFT: Final = "draft"
"""The state of a release that is not published yet."""


class DamagedMap(Damaged):
    """The list of what was written to a repository does not read as one."""


class WrittenElsewhere(Conflict):
    """Another command is writing to the same repository."""


class WrittenLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that stands at the target; the last line of a key holds.

    Attributes:
        source, kind, number: see `ItemKey`.
        to: what it is called at the target: a number, an id, an address.
        to_kind: whether an item became an issue or a change request there.
        at: when it was written or last changed.
        text_sha256: of the text as it was sent; `title_sha256` and `fields_sha256` of what an item has besides.
        state: of an item, as it was last set; of a file, see `PLANNED`; of a release, `DRAFT` or nothing.
        thread: of a comment on a line; of a file that is to be committed, the branch.
    """

    source: str
    kind: str
    number: str
    to: str
    to_kind: str = ""
    url: str = ""
    at: str = ""
    text_sha256: str = ""
    title_sha256: str = ""
    fields_sha256: str = ""
    state: str = ""
    thread: str = ""

    @property
    def key(self) -> ItemKey:
        return ItemKey(self.source, self.kind, self.number)

    @property
    def is_planned(self) -> bool:
        return self.state == PLANNED


def replace_line(line: WrittenLine, **changes: str) -> WrittenLine:
    return msgspec.structs.replace(line, **changes)


def digest(text: str) -> str:
    """Of a text as platforms keep it: they change the ends of lines, and what is empty at its end."""
    return hashlib.sha256(text.replace("\r\n", "\n").strip().encode("utf-8", "replace")).hexdigest()


class MapHead(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The first line: how texts are put, for as long as the file is there."""

    format: int = 1
    target: str
    target_host: str
    repository: str
    language: str
    keeps_numbers: bool


@dataclass
class WrittenMap:
    """The lines of one repository at one target."""

    head: MapHead
    lines: dict[ItemKey, WrittenLine]
    _file: IO[bytes] = field(repr=False)

    @classmethod
    @contextmanager
    def opened(cls, archive: Archive, head: MapHead) -> Iterator[Self]:
        """Hold it, and read it; where there is none it begins with this head.

        Raises:
            WrittenElsewhere: another command holds it.
            DamagedMap: it cannot be read.
        """
        path = map_path(archive, head)
        with translate_os_errors(path):
            make_folders(path.parent, below=archive.root)
            try:
                with flocked(path, waits=False, creates=True), path.open("r+b") as file:
                    kept_head, lines = _read(path, file)
                    opened = cls(kept_head or head, lines, file)
                    if kept_head is None:
                        opened._append(msgspec.json.encode(head))
                        sync_folder(path.parent)
                    yield opened
            except BlockingIOError as error:
                raise WrittenElsewhere(
                    "another command is writing to {repository}", repository=repr(head.repository)
                ) from error

    def __contains__(self, key: ItemKey) -> bool:
        return key in self.lines

    def get(self, key: ItemKey) -> WrittenLine | None:
        return self.lines.get(key)

    def add(self, line: WrittenLine) -> WrittenLine:
        """Durable when this returns."""
        if self.lines.get(line.key) != line:
            self._append(msgspec.json.encode(line))
            self.lines[line.key] = line
        return line

    def of_kinds(self, *kinds: str) -> Iterable[WrittenLine]:
        return [line for line in self.lines.values() if line.kind in kinds]

    def _append(self, line: bytes) -> None:
        self._file.write(line + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def map_path(archive: Archive, head: MapHead) -> Path:
    *namespace, name = map(safe_segment, head.repository.split("/"))
    return _folder_of(archive, head).joinpath(*namespace, f"{name}.jsonl")


def _folder_of(archive: Archive, head: MapHead) -> Path:
    return archive.root / FOLDER / safe_segment(f"{head.target} {head.target_host.replace(':', ' ')}")


def other_repository_with(archive: Archive, head: MapHead, source: str) -> str | None:
    """Which other repository of the same target has issues of a source; None where none has."""
    own, wanted = map_path(archive, head), b'"source":%b,"kind":"issue"' % msgspec.json.encode(source)
    for path in sorted(_folder_of(archive, head).rglob("*.jsonl")):
        if path == own or wanted not in path.read_bytes():
            continue
        with path.open("rb") as file:
            return msgspec.json.decode(file.readline(), type=decodable(MapHead)).repository
    return None


def _read(path: Path, file: IO[bytes]) -> tuple[MapHead | None, dict[ItemKey, WrittenLine]]:
    """What is there; half a line, which a run that was killed left, is cut off: nothing is known to be of it."""
    content = file.read()
    whole = content.rfind(b"\n") + 1
    file.seek(whole)
    file.truncate()
    head: MapHead | None = None
    lines: dict[ItemKey, WrittenLine] = {}
    for number, text in enumerate(content[:whole].splitlines(), start=1):
        try:
            if head is None:
                head = msgspec.json.decode(text, type=decodable(MapHead))
            else:
                line = msgspec.json.decode(text, type=decodable(WrittenLine))
                lines[line.key] = line
        except NOT_DECODED as error:
            raise DamagedMap("{path}, line {number}: {reason}", path=path, number=number, reason=error) from error
    return head, lines
