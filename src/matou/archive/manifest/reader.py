"""Reads manifests of every format that there ever was, each by a reader of its own."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NoReturn

import msgspec

from matou.archive.layout import FEATURES, FORMAT, Archive
from matou.archive.manifest import format_1, format_2
from matou.archive.manifest.lines import Line, RunLine
from matou.archive.manifest.writer import OUT_OF_PLACE, Tally
from matou.errors import Damaged, Phrase
from matou.model.decodable import decodable

LONGEST_LINE_BYTES = 64 * 1024 * 1024

CUT_OFF = Phrase("it is cut off")
TOO_LONG = Phrase("it is too long")
NEWER = Phrase("it is of a later format, and archive.json knows of none")

LineReader = Callable[[bytes], Line]

READERS: Mapping[int, LineReader] = {1: format_1.read_line, 2: format_2.read_line}


class DamagedManifest(Damaged):
    """A manifest that is not what was written."""


class NewerManifest(Exception):
    """A first line names a format, or a feature of one, that this Matou does not know."""


class _Head(msgspec.Struct):
    """What the first line says in every format."""

    format: int
    features: tuple[str, ...] = ()


def read_manifest(path: Path) -> Iterator[Line]:
    """Every line of a manifest; memory holds one at a time.

    Whether the file is whole is known only at its end: act upon nothing before the last line has come.

    Raises:
        DamagedManifest: a line cannot be read, or the lines are not those that were written.
    """
    tally = Tally()
    read_line: LineReader = _read_first
    with path.open("rb") as file:
        for number, text in enumerate(_texts(file, path), start=1):
            line = _decode(read_line, text, path, number)
            fault = tally.fault_of(line)
            if fault is not None:
                _refuse(path, number, fault)
            tally.add(line, text)
            if number == 1 and isinstance(line, RunLine):
                read_line = READERS[line.format]
            yield line
    if not tally.has_ended:
        raise DamagedManifest("{path} has no end", path=path)


def read_run_line(path: Path) -> RunLine:
    """The first line alone. Raises DamagedManifest."""
    with path.open("rb") as file:
        text = next(_texts(file, path), b"")
    line = _decode(_read_first, text, path, 1)
    if not isinstance(line, RunLine):
        _refuse(path, 1, OUT_OF_PLACE)
    return line


def _texts(file: BinaryIO, path: Path) -> Iterator[bytes]:
    number = 0
    while text := file.readline(LONGEST_LINE_BYTES + 1):
        number += 1
        if not text.endswith(b"\n"):
            _refuse(path, number, CUT_OFF if len(text) <= LONGEST_LINE_BYTES else TOO_LONG)
        yield text


def _decode(read_line: LineReader, text: bytes, path: Path, number: int) -> Line:
    try:
        return read_line(text)
    except NewerManifest:
        # Whoever wrote it said so in archive.json first; if nothing is said there, the number is not what was written.
        Archive.open(path.parents[2])
        _refuse(path, number, NEWER)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        _refuse(path, number, str(error))


def _read_first(text: bytes) -> Line:
    """The line that says which format it is of."""
    head = msgspec.json.decode(text, type=decodable(_Head))
    if head.format > FORMAT or not set(head.features) <= FEATURES:
        raise NewerManifest
    if head.format not in READERS:
        message = f"its format is {head.format}"
        raise ValueError(message)
    return READERS[head.format](text)


def _refuse(path: Path, number: int, reason: str) -> NoReturn:
    raise DamagedManifest("{path}, line {number}: {reason}", path=path, number=number, reason=reason)
