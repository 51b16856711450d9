"""Markdown that somebody wrote elsewhere: where it is code, what in it would act at the target, and where to cut it."""

import re
from collections.abc import Iterator
from typing import Final

NO_WIDTH: Final = "\N{ZERO WIDTH SPACE}"
"""Within a name that is mentioned, or a number that means nothing at the target: it reads the same and does nothing."""

_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_TICKS: Final = re.compile(r"`+")
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+\Z")
_ANY_FENCE: Final = re.compile(r"(?P<before>[ \t>*+\-0-9.)]*)(?P<row>`{3,}|~{3,})(?P<rest>.*)", re.DOTALL)
"""Within lists and quotations, too."""
_HTML: Final = re.compile(r"(?P<before>[ \t>*+\-0-9.)]*)<(?P<name>!--|[A-Za-z/!?][^\s>]*)")
_RAW: Final = re.compile(r"(?i)script|pre|style|textarea|[!?]")
"""What does not end with an empty line."""
_TAG: Final = re.compile(r"<[A-Za-z/!?]")
_DEEPEST: Final = 3
_LONGEST_LINE: Final = 2_000
"""A longer one may be cut where it has code."""
_MENTION: Final = re.compile(r"(?<![0-9A-Za-z_])(@|&#0{0,9}64;?|&#[xX]0{0,9}40;?|&commat;)(?=[\w&\\])")
_COMMAND: Final = re.compile(r"^([ \t]*)/(?=[a-z])", re.MULTILINE)


def split_code(text: str) -> list[str]:
    """Parts of a text that are code and parts that are not, by turns; the first is not, though it may be empty.

    What is doubtful is not code: a target might read it as text. Where lists, HTML or a row of signs make it doubtful
    whether a block of code has begun, nothing after is.
    """
    splitter = _Splitter()
    for line in _LINE.findall(text):
        splitter.take(line)
    return splitter.parts()


def quiet(text: str) -> str:
    """A text that mentions nobody and commands nothing, wherever it is put: `@name` and `/close` only read so."""
    return _COMMAND.sub(rf"\1{NO_WIDTH}/", _MENTION.sub(rf"\1{NO_WIDTH}", text))


def cut(text: str, longest: int) -> list[str]:
    """A text in parts that are not longer, at ends of lines where that can be; a block of code is closed and goes on.

    Args:
        longest: in characters; 200 at least.
    """
    parts: list[str] = []
    part, fence = "", ""
    for line in _short_lines(text, longest - 100):
        closing = f"\n{fence[: _run(fence)]}\n" if fence else ""
        if len(part) + len(line) + len(closing) + 1 > longest and part:
            parts.append(part.rstrip("\n") + closing)
            part = fence
        part += line
        fence = _fence_after(line, fence)
    return [*parts, part] if part or not parts else parts


class _Splitter:
    """Takes lines, one after another.

    Attributes:
        _is_doubtful: whether nothing that follows is taken for code; `_is_paragraph_doubtful`: to the next empty line.
        _is_html: whether a line before, in this paragraph, may begin a block of HTML; `_is_comment`: one of `<!--`.
        _fence: how far the block of code is indented that is open, its row of signs, and its lines.
    """

    def __init__(self) -> None:
        self._pieces: list[tuple[bool, str]] = []
        self._is_doubtful = self._is_paragraph_doubtful = self._is_html = self._is_comment = False
        self._fence: tuple[int, str, list[str]] | None = None

    def take(self, line: str) -> None:
        if self._fence is not None:
            self._go_on(line, *self._fence)
        elif self._is_doubtful or not self._may_be_code(line):
            self._pieces.append((False, line))
        elif (found := _ANY_FENCE.match(line)) and not (found["row"][0] == "`" and "`" in found["rest"]):
            self._begin(line, found["before"], found["row"])
        else:
            self._pieces += self._spans(line)

    def parts(self) -> list[str]:
        if self._fence is not None:
            indent, _row, lines = self._fence
            self._pieces += [(indent == 0, line) for line in lines]
            self._fence = None
        parts: list[list[str]] = [[]]
        for is_code, piece in self._pieces:
            if is_code is not (len(parts) % 2 == 0):
                parts.append([])
            parts[-1].append(piece)
        return ["".join(part) for part in (parts if len(parts) % 2 else [*parts, []])]

    def _may_be_code(self, line: str) -> bool:
        """Whether a block or a span may begin in it; notes what it says of HTML."""
        bare = line.strip()
        if "\r" in line.removesuffix("\n").removesuffix("\r"):
            self._is_doubtful = True  # To some, each of them ends a line.
        elif self._is_comment:
            self._is_comment = "-->" not in line
        elif not bare:
            self._is_paragraph_doubtful = self._is_html = False
        elif found := _HTML.match(line):
            self._is_paragraph_doubtful = self._is_html = True
            if found["name"] == "!--":
                self._is_comment = "-->" not in line
                self._is_html = False
                self._is_doubtful = self._is_comment and bool(found["before"].strip())
            elif _RAW.match(found["name"]):
                self._is_doubtful = True
        else:
            return True
        return False

    def _begin(self, line: str, before: str, row: str) -> None:
        if self._is_html or before.strip(" "):
            self._is_doubtful = True
            self._pieces.append((False, line))
        else:
            self._fence = (len(before), row, [line])

    def _go_on(self, line: str, indent: int, row: str, lines: list[str]) -> None:
        lines.append(line)
        found = _ANY_FENCE.match(line)
        closes = (
            found is not None
            and not found["before"].strip(" ")
            and len(found["before"]) <= indent + _DEEPEST
            and found["row"][0] == row[0]
            and len(found["row"]) >= len(row)
            and not found["rest"].strip()
        )
        if not closes:
            return
        # In a list, a line that is less indented ends the list's block of code, too.
        is_clear = all(not one.strip() or one.startswith(" " * indent) for one in lines)
        self._is_doubtful = not is_clear
        self._pieces += [(is_clear and indent <= _DEEPEST, one) for one in lines]
        self._is_paragraph_doubtful = self._is_html = False
        self._fence = None

    def _spans(self, line: str) -> list[tuple[bool, str]]:
        """Code within a line: a row of backquotes up to the next row that is as long."""
        if self._is_paragraph_doubtful or len(line) > _LONGEST_LINE:
            return [(False, line)]
        pieces, position = [], 0
        runs = list(_TICKS.finditer(line))
        next_run, later = dict[int, re.Match[str]](), dict[int, re.Match[str]]()
        for run in reversed(runs):
            if len(run[0]) in later:
                next_run[run.start()] = later[len(run[0])]
            later[len(run[0])] = run
        for run in runs:
            if run.start() < position:
                continue
            end = next_run.get(run.start())
            outside = line[position : run.start()]
            if end is None or outside.endswith("\\") or _TAG.search(outside) or "|" in line[run.end() : end.start()]:
                self._is_paragraph_doubtful = True
                break
            pieces += [(False, outside), (True, line[run.start() : end.end()])]
            position = end.end()
        self._is_paragraph_doubtful |= _TAG.search(line, position) is not None
        return [*pieces, (False, line[position:])]


def _fence_after(line: str, fence: str) -> str:
    """The line that began the block of code which goes on after this one; empty where none does."""
    found = _FENCE.match(line)
    if found is None:
        return fence
    run, rest = found[1], found[2].strip()
    if not fence:
        return "" if run[0] == "`" and "`" in rest else line[:100].rstrip() + "\n"
    opened = fence.lstrip(" ")
    closes = run[0] == opened[0] and len(run) >= _run(opened) and not rest
    return "" if closes else fence


def _run(fence: str) -> int:
    """How long the row of signs is that a fence begins with."""
    bare = fence.lstrip(" ")
    return len(bare) - len(bare.lstrip(bare[0]))


def _short_lines(text: str, longest: int) -> Iterator[str]:
    for line in text.splitlines(keepends=True):
        for start in range(0, len(line), longest):
            yield line[start : start + longest]
