"""A difference in pages that a browser shows at once: which files stand on which, and which are folded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Final
from urllib.parse import urlencode

import pygit2
from markupsafe import escape

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayReadCode
from matou.git.odb.blobs import blob_size
from matou.git.odb.objects import MissingObject, open_repository
from matou.git.operations.differences import Difference, FileDifference
from matou.git.operations.history import ChangeKind
from matou.git.operations.patches import PatchLine, patch_lines
from matou.model.names import ObjectId
from matou.server.web.diff_colours import LONGEST_LINE, DiffColourCache, Palette
from matou.server.web.diff_rows import DiffCell, SplitRow, shown_lines, split_rows, unified_rows
from matou.server.web.highlight import has_colours
from matou.server.web.page import Paging, WebRequest
from matou.server.web.text_encoding import guess_codec

PAGE_BYTES: Final = 80_000
FOLDED_FROM_BYTES: Final = 24_000
LINES_OF_ONE_FILE: Final = 500
PART_BYTES: Final = 55_000
COLOURS_OF_ONE_FILE_BYTES: Final = 30_000
"""On a page of its own."""

_LISTED_BYTES: Final = 150
_HEAD_BYTES: Final = 500
_ROW_BYTES: Final = 75
_NOTHING: Final = "000000"
_SIDES: Final = 2
_WORDS: Final = ("view", "w", "file", "page")
"""Of an address, which stand in each link to the same difference in another form."""

_MORE_WITH_COLOURS: Final = 1.5
"""By which part of its lines a file becomes longer, about."""


@dataclass(frozen=True, slots=True)
class DiffFile:
    """One file on a page.

    Attributes:
        number: among those of the difference, from 1 on.
        unified, split: its lines in the one form or the other.
        folded: how many lines were added and removed, where they stand on a page of their own.
        sizes: of a binary file on this page: its bytes before and after, None where it was or is not there.
        is_left_out: its patch is longer than is shown at all.
        page: of the difference, on which it stands.
    """

    number: int
    of: FileDifference
    page: int
    unified: Sequence[DiffCell] = ()
    split: Sequence[SplitRow] = ()
    folded: int = 0
    sizes: tuple[int | None, int | None] = (None, None)
    is_left_out: bool = False

    @property
    def is_binary(self) -> bool:
        return self.of.is_binary

    @property
    def is_renamed(self) -> bool:
        return self.of.path != self.of.old_path

    @property
    def is_removed(self) -> bool:
        return self.of.kind is ChangeKind.REMOVED

    @property
    def mode_changed(self) -> bool:
        return self.of.kind in (ChangeKind.MODIFIED, ChangeKind.RENAMED) and self.of.old_mode != self.of.new_mode


@dataclass(frozen=True, slots=True)
class DiffPage:
    """What of a difference is shown at once.

    Attributes:
        listed: all of its files, without their lines.
        shown: those of this page.
        is_alone: one file is shown by itself.
        is_whole: git was read to the end.
    """

    listed: Sequence[DiffFile]
    shown: Sequence[DiffFile]
    paging: Paging
    additions: int
    deletions: int
    is_split: bool
    ignores_whitespace: bool
    is_alone: bool
    is_whole: bool
    query: dict[str, str]

    @property
    def binaries(self) -> int:
        return sum(file.is_binary for file in self.listed)

    @property
    def has_lines(self) -> bool:
        return bool(self.additions or self.deletions) or self.binaries < len(self.listed)

    def address(self, **changed: str) -> str:
        """This page's in another form; an empty value takes a word away."""
        words = {name: value for name, value in {**self.query, **changed}.items() if value}
        return "?" + urlencode(words, errors="surrogateescape")


def diff_page(view: WebRequest, code: Authorized[Repository, MayReadCode], difference: Difference) -> DiffPage:
    """By the page's own words: `view=split`, `w=1` without spaces, `file=3` alone, `page`."""
    files, is_split = difference.files, view.query.get("view") == "split"
    pages = list(_places(files, is_split=is_split))
    cache = view.forge.memory(DiffColourCache)
    alone = _file_number(view.query.get("file", ""), len(files))
    paging = Paging(min(view.number, max(pages, default=1)), max(pages, default=1), 1)
    opened = open_repository(view.forge.git_dir(code.subject))
    listed = [DiffFile(number, each, page) for number, (each, page) in enumerate(zip(files, pages, strict=True), 1)]
    if alone is None:
        on_page = [file for file in listed if file.page == paging.number]
        palette = Palette(cache, _room_for_colours(on_page, len(files), is_split=is_split))
        shown = [_shown(file, palette, is_split=is_split) for file in on_page]
    else:
        begins = _part_begins(files[alone - 1].hunks, is_split=is_split)
        paging = Paging(min(view.number, len(begins)), len(begins), 1)
        lines = slice(*(*begins, None)[paging.number - 1 : paging.number + 1])
        shown = [_part(listed[alone - 1], lines, Palette(cache, COLOURS_OF_ONE_FILE_BYTES), is_split=is_split)]
    return DiffPage(
        listed=listed,
        shown=[_with_sizes(opened, file) if file.is_binary else file for file in shown],
        paging=paging,
        additions=sum(each.additions for each in files),
        deletions=sum(each.deletions for each in files),
        is_split=is_split,
        ignores_whitespace=view.query.get("w") == "1",
        is_alone=alone is not None,
        is_whole=difference.is_whole,
        query={name: view.query[name] for name in _WORDS if len(view.query.get(name, "x" * 9)) < 9},
    )


def _places(files: Sequence[FileDifference], *, is_split: bool) -> Iterator[int]:
    """The page of each file, one after the other: as many on each as have room."""
    room = max(PAGE_BYTES - _LISTED_BYTES * len(files), PAGE_BYTES // 4)
    page, left = 1, room
    for each in files:
        size = _HEAD_BYTES + (0 if _is_folded(each, is_split=is_split) else _coloured_size(each, is_split=is_split))
        if size > left and left < room:
            page, left = page + 1, room
        left -= size
        yield page


def _size(file: FileDifference, *, is_split: bool) -> int:
    """About how long its lines are as HTML."""
    sides = _SIDES if is_split else 1
    return sides * (len(file.hunks) + _ROW_BYTES * _line_count(file))


def _room_for_colours(on_page: Sequence[DiffFile], listed: int, *, is_split: bool) -> int:
    """What the lines themselves leave of a page; a line that stays the same stands on both sides."""
    lines = [_size(file.of, is_split=is_split) for file in on_page if not _is_folded(file.of, is_split=is_split)]
    left = PAGE_BYTES - _LISTED_BYTES * listed - _HEAD_BYTES * len(on_page) - sum(lines)
    return max(left, 0) // (_SIDES if is_split else 1)


def _coloured_size(file: FileDifference, *, is_split: bool) -> int:
    more = _MORE_WITH_COLOURS * len(file.hunks) if has_colours(_base_name(file.path)) else 0
    return _size(file, is_split=is_split) + round((_SIDES if is_split else 1) * more)


def _base_name(path: bytes) -> str:
    return path.rpartition(b"/")[2].decode("utf-8", "replace")


def _is_folded(file: FileDifference, *, is_split: bool) -> bool:
    return _size(file, is_split=is_split) > FOLDED_FROM_BYTES


def _line_count(file: FileDifference) -> int:
    return file.hunks.count(b"\n")


def _file_number(text: str, count: int) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) < 6
    return int(text) if is_number and 1 <= int(text) <= count else None


def _shown(file: DiffFile, palette: Palette, *, is_split: bool) -> DiffFile:
    if _is_folded(file.of, is_split=is_split):
        return DiffFile(file.number, file.of, file.page, folded=file.of.additions + file.of.deletions)
    return _with_lines(file, list(patch_lines(file.of.hunks)), palette, is_split=is_split)


def _part(file: DiffFile, part: slice, palette: Palette, *, is_split: bool) -> DiffFile:
    lines = list(islice(patch_lines(file.of.hunks), part.start, part.stop))
    return _with_lines(file, lines, palette, is_split=is_split)


def _part_begins(hunks: bytes, *, is_split: bool) -> list[int]:
    """With which of its lines each page of one file begins: by their number and by how long they are as HTML."""
    begins, size, sides = [0], 0, _SIDES if is_split else 1
    for number, line in enumerate(hunks.split(b"\n")):
        row = sides * (_ROW_BYTES + len(escape(line[:LONGEST_LINE].decode("latin-1"))))
        if number > begins[-1] and (size + row > PART_BYTES or number - begins[-1] >= LINES_OF_ONE_FILE):
            begins.append(number)
            size = 0
        size += row
    return begins


def _with_sizes(opened: pygit2.Repository, file: DiffFile) -> DiffFile:
    old = None if file.of.old_mode == _NOTHING else _blob_size(opened, file.of.old_blob)
    new = None if file.of.new_mode == _NOTHING else _blob_size(opened, file.of.blob)
    return replace(file, sizes=(old, new))


def _blob_size(opened: pygit2.Repository, blob: ObjectId | None) -> int | None:
    try:
        return None if blob is None else blob_size(opened, blob)
    except MissingObject:
        return None


def _with_lines(file: DiffFile, lines: list[PatchLine], palette: Palette, *, is_split: bool) -> DiffFile:
    codec, _name = guess_codec(file.of.hunks)
    names = _base_name(file.of.old_path), _base_name(file.of.path)
    shown = shown_lines(lines, codec, partial(palette.colour, names=names))
    return DiffFile(
        file.number,
        file.of,
        file.page,
        unified=() if is_split else list(unified_rows(shown)),
        split=list(split_rows(shown)) if is_split else (),
        is_left_out=file.of.patch is None,
    )
