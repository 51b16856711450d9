"""Markdown that somebody wrote elsewhere: where it is code, what in it would act at the target, and where to cut it."""

import re
from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Final

NO_WIDTH: Final = "\N{ZERO WIDTH SPACE}"
"""Within a name that is mentioned, or a number that means nothing at the target: it reads the same and does nothing."""

_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_TICKS: Final = re.compile(r"`+")
_MENTION: Final = re.compile(r"(?<![0-9A-Za-z_.+-])@(?=\w)")
_COMMAND: Final = re.compile(r"^([ \t]*)/(?=[a-z])", re.MULTILINE)


def split_code(text: str) -> list[str]:
    """Parts of a text that are code and parts that are not, by turns; the first is not, though it may be empty.

    What is doubtful is not code: a target might read it as text.
    """
    parts = [""]
    for is_code, piece in _blocks(text):
        if is_code:
            parts += [piece, ""]
        else:
            outside, *others = _split_spans(piece)
            parts[-1] += outside
            parts += others
    return parts


def quiet(text: str) -> str:
    """A text that mentions nobody and commands nothing, wherever it is put: `@name` and `/close` only read so."""
    return _COMMAND.sub(rf"\1{NO_WIDTH}/", _MENTION.sub(f"@{NO_WIDTH}", text))


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


def _blocks(text: str) -> Iterator[tuple[bool, str]]:
    """Fenced code and what is between, whole lines each."""
    piece, fence = "", ""
    for line in text.splitlines(keepends=True):
        after = _fence_after(line, fence)
        if after and not fence:
            yield False, piece
            piece = ""
        piece += line
        if fence and not after:
            yield True, piece
            piece = ""
        fence = after
    yield bool(fence), piece


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


def _split_spans(text: str) -> list[str]:
    """The same for code within a paragraph: a row of backquotes up to the next row that is as long."""
    parts, position = [""], 0
    for paragraph in re.split(r"(\n[ \t]*\n)", text):
        runs = list(_TICKS.finditer(paragraph))
        ends = defaultdict[int, deque[int]](deque)
        for number, run in enumerate(runs):
            ends[len(run[0])].append(number)
        position = number = 0
        while number < len(runs):
            run = runs[number]
            following = ends[len(run[0])]
            while following and following[0] <= number:
                following.popleft()
            is_escaped = run.start() > 0 and paragraph[run.start() - 1] == "\\"
            if is_escaped or not following:
                number += 1
                continue
            end = runs[following[0]].end()
            parts[-1] += paragraph[position : run.start()]
            parts += [paragraph[run.start() : end], ""]
            position, number = end, following[0] + 1
        parts[-1] += paragraph[position:]
    return parts


def _short_lines(text: str, longest: int) -> Iterator[str]:
    for line in text.splitlines(keepends=True):
        for start in range(0, len(line), longest):
            yield line[start : start + longest]
