"""What stands in a copy: the mark that makes it one, and a catalogue of every file for each time that it was made."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
import zstandard

from matou.errors import Damaged, Phrase
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED, fault_of_json
from matou.transfer.copy.paths import COPY_FOLDER, require_path

MARK_KEY: Final = f"{COPY_FOLDER}/copy.json"
UNFINISHED_KEY: Final = f"{COPY_FOLDER}/unfinished"
GROWING_KEY: Final = f"{COPY_FOLDER}/append-only.json"
"""Says that nothing was ever deleted there, so that nobody does without meaning to."""

COPY_FORMAT: Final = 1
LONGEST_MARK_BYTES: Final = 64 * 1024

_CATALOGUE: Final = re.compile(rf"{COPY_FOLDER}/([0-9]{{6,12}})\.jsonl\.zst\Z")
_SHA256: Final = r"^[0-9a-f]{64}$"
LARGEST_STORED_CATALOGUE_BYTES: Final = 1024 * 1024 * 1024
_LARGEST_CATALOGUE_BYTES: Final = 4 * 1024 * 1024 * 1024
_HIGHEST_RATIO: Final = 256
"""Each line has the digest of a content, of which no compressor makes less than half."""

_SMALL_BYTES: Final = 16 * 1024 * 1024
_LONGEST_LINE_BYTES: Final = 64 * 1024
_PIECE_BYTES: Final = 16 * 1024

Size = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
Sha256 = Annotated[str, msgspec.Meta(pattern=_SHA256)]


class DamagedCatalogue(Damaged):
    """A catalogue that is not what was written."""


class CopiedFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file of an archive as it stands in a copy.

    Attributes:
        path: in the archive.
        sha256: of its content.
        key: under which it stands; empty where that is the path's own.
        damaged: it was so at the source already.
    """

    path: str
    size: Size
    sha256: Sha256
    key: str = ""
    damaged: bool = False


class CatalogueHead(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a catalogue; the last is the number of files."""

    format: int
    archive: UUID
    number: Annotated[int, msgspec.Meta(ge=1)]
    at: datetime
    matou: str


class _End(msgspec.Struct, frozen=True, kw_only=True):
    files: Size


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What belongs to a copy, by path."""

    head: CatalogueHead
    files: Mapping[str, CopiedFile] = field(default_factory=dict)


def catalogue_key(number: int) -> str:
    return f"{COPY_FOLDER}/{number:06d}.jsonl.zst"


def catalogue_numbers(keys: Iterable[str]) -> list[int]:
    """Of all catalogues among some keys, ascending."""
    return sorted(
        int(match[1]) for key in keys if (match := _CATALOGUE.match(key)) and key == catalogue_key(int(match[1]))
    )


def encode_catalogue(catalogue: Catalogue) -> bytes:
    files = [catalogue.files[path] for path in sorted(catalogue.files)]
    text = msgspec.json.Encoder().encode_lines([catalogue.head, *files, _End(files=len(files))])
    return zstandard.ZstdCompressor(level=9, write_checksum=True).compress(text)


def decode_catalogue(content: bytes, *, name: str) -> Catalogue:
    """Raises DamagedCatalogue, also where it names a path that no archive has."""
    try:
        _require_likely_size(content, name)
        lines = _lines(content)
        head = msgspec.json.decode(next(lines, b""), type=decodable(CatalogueHead))
        file_of = msgspec.json.Decoder(decodable(CopiedFile)).decode
        last = next(lines, b"")
        files = []
        for line in lines:
            files.append(file_of(last))
            last = line
        end = msgspec.json.decode(last, type=decodable(_End))
    except (*NOT_DECODED, zstandard.ZstdError, EOFError) as error:
        raise DamagedCatalogue("{name} cannot be read: {reason}", name=name, reason=_reason(error)) from error
    by_path = {require_path(file.path): file for file in files}
    if len(by_path) != end.files or len(files) != end.files:
        raise DamagedCatalogue(
            "{name} lists {found} files, and {written} were written", name=name, found=len(by_path), written=end.files
        )
    return Catalogue(head, by_path)


def _require_likely_size(content: bytes, name: str) -> None:
    """Raises DamagedCatalogue, where what it says it becomes is more than any catalogue of these bytes does."""
    size = zstandard.frame_content_size(content)
    most = min(_LARGEST_CATALOGUE_BYTES, max(_SMALL_BYTES, len(content) * _HIGHEST_RATIO))
    if not 0 <= size <= most:
        raise DamagedCatalogue("{name} does not say how large it is, or says what cannot be", name=name)


def _lines(content: bytes) -> Iterator[bytes]:
    """One after another, so that what is no catalogue ends at its first line. Raises EOFError, ZstdError."""
    waiting = b""
    frame = zstandard.ZstdDecompressor().decompressobj()
    for start in range(0, len(content), _PIECE_BYTES):
        *whole, waiting = (waiting + frame.decompress(content[start : start + _PIECE_BYTES])).split(b"\n")
        yield from whole
        if len(waiting) > _LONGEST_LINE_BYTES:
            raise EOFError
    if waiting or not frame.eof or frame.unused_data:
        raise EOFError


def _reason(error: Exception) -> Phrase:
    return fault_of_json(error) if isinstance(error, NOT_DECODED) else Phrase("it ends early or was changed")
