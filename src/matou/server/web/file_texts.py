"""A file's lines as they are shown: decoded and coloured once, and in parts that keep a page small."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from markupsafe import Markup

from matou.caching import SizedCache
from matou.forge.forge import Forge
from matou.model.names import ObjectId
from matou.server.web.colouring import coloured
from matou.server.web.text_encoding import DecodedText, decode_text
from matou.settings import MEBIBYTE

MOST_REMEMBERED_BYTES: Final = 24 * MEBIBYTE
PART_BYTES: Final = 70_000
MOST_LINES: Final = 1_000
LONGEST_LINE: Final = 5_000

NOTHING_BESIDE: Final[Mapping[int, int]] = MappingProxyType({})
_ROW_BYTES: Final = 60
_OVERHEAD_BYTES: Final = 100


@dataclass(frozen=True, slots=True)
class FileText:
    """What is shown of a file.

    Attributes:
        lines: as HTML.
        encoding: for people, empty for UTF-8.
        is_cut: a line was longer than is shown.
        is_lasting: whoever asks again gets the same.
    """

    lines: Sequence[Markup]
    encoding: str
    is_cut: bool = False
    is_lasting: bool = True


@dataclass(frozen=True, slots=True)
class TextPart:
    """Lines that a page shows: from `first` on, counted from 1, of `total`; where the parts beside it begin."""

    first: int
    lines: Sequence[Markup]
    total: int
    previous: int | None
    following: int | None

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1

    @property
    def is_all(self) -> bool:
        return len(self.lines) == self.total


class FileTextCache:
    """By the blob and the file's name, which decide what is shown; whoever asks has found the blob by a right."""

    def __init__(self, most_bytes: int = MOST_REMEMBERED_BYTES) -> None:
        self.known: SizedCache[tuple[ObjectId, str], FileText] = SizedCache(most_bytes, size_of=_size)


def _size(shown: FileText) -> int:
    return _OVERHEAD_BYTES + sum(len(line) + _OVERHEAD_BYTES for line in shown.lines)


def known_text(forge: Forge, blob: ObjectId, file_name: str) -> FileText | None:
    """What was shown of it before."""
    return forge.memory(FileTextCache).known.get((blob, file_name))


def shown_text(forge: Forge, blob: ObjectId, file_name: str, content: bytes) -> FileText | None:
    """None where it is no text."""
    decoded = decode_text(content)
    return None if decoded is None else shown_lines(forge, blob, file_name, decoded)


def shown_lines(forge: Forge, blob: ObjectId, file_name: str, decoded: DecodedText) -> FileText:
    """The same of a text that was decoded."""
    lines, is_lasting = coloured(decoded.text, file_name)
    is_cut = any(len(line) > LONGEST_LINE for line in lines)
    shown = FileText([_cut(line) for line in lines] if is_cut else lines, decoded.encoding, is_cut, is_lasting)
    if is_lasting:
        forge.memory(FileTextCache).known.put((blob, file_name), shown)
    return shown


def _cut(line: Markup) -> Markup:
    """One with colours stays, so that no tag is cut: it has no more than `highlight.LONGEST_LINE` characters."""
    if len(line) <= LONGEST_LINE or "<" in line:
        return line
    kept = str(line)[:LONGEST_LINE]
    begin = kept.rfind("&")
    return Markup(kept[:begin] if begin > kept.rfind(";") else kept)  # noqa: S704  it was escaped


def part_at(lines: Sequence[Markup], line: int, *, beside: Mapping[int, int] = NOTHING_BESIDE) -> TextPart:
    """The part that holds a line, the last one for a line that there is not.

    Args:
        beside: how many bytes the page writes beside a line, by its number from 1 on.
    """
    begins = _begins(lines, beside)
    index = max(number for number, begin in enumerate(begins) if begin < max(line, 1))
    first = begins[index]
    end = begins[index + 1] if index + 1 < len(begins) else len(lines)
    return TextPart(
        first + 1,
        lines[first:end],
        len(lines),
        previous=begins[index - 1] + 1 if index else None,
        following=end + 1 if end < len(lines) else None,
    )


def _begins(lines: Sequence[Markup], beside: Mapping[int, int]) -> list[int]:
    """Where each part begins; the same for whoever asks."""
    begins, size, count = [0], 0, 0
    for number, line in enumerate(lines):
        row = len(line.encode()) + _ROW_BYTES + beside.get(number + 1, 0)
        if count and (size + row > PART_BYTES or count >= MOST_LINES):
            begins.append(number)
            size = count = 0
        size, count = size + row, count + 1
    return begins
