"""Histories with all that real ones have: merges, renames, binaries, odd names, odd dates, many spellings of people."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from support.git_repositories import fast_import, init_bare

PEOPLE: Final = (
    b"Li Lei <li.lei@example.com>",
    b"li lei <LI.LEI@example.com>",
    "李雷 <li.lei@example.com>".encode(),
    b"Han <han@example.com>",
    b"Han Meimei <han@work.example.com>",
    b"root <root@localhost>",
    b"\xff\xfe odd <odd@example.com>",
    b"Nobody <>",
    b"<nameless@example.com>",
    "张 三 <san@example.com>".encode(),
)
MAILMAP: Final = "\n".join(
    (
        "# every form",
        "Li Lei <li.lei@example.com>",
        "Han Meimei <han@example.com> <han@work.example.com>",
        "<han@example.com> <nobody@example.com>",
        "Odd One <odd@example.com> \t",
        "The Root <the.root@example.com> ROOT <Root@LocalHost>",
        "Nameless <nameless@example.com>",
        "broken line <",
        "",
    )
).encode()
NAMES: Final = (b"a.py", b"src/b.c", '"文档/说 明.md"'.encode(), b'"new\\nline"', b'"quo\\"te"', b'"\\377\\376"', b"x")
DATES: Final = (
    "1700000000 +0800",
    "1700000000 -0800",
    "0 +0000",
    "86399 -1200",
    "9999999999 +1400",
    "1699999999 +0530",
)


def make_odd_history(path: Path, seed: int, *, commits: int = 30, mailmap: bytes | None = MAILMAP) -> Path:
    """A bare repository whose `main` has merges among its commits; the same one for the same seed."""
    init_bare(path)
    fast_import(path, b"".join(_stream(random.Random(seed), commits, mailmap)))
    return path


def _stream(chosen: random.Random, commits: int, mailmap: bytes | None) -> Iterator[bytes]:
    for number in range(1, commits + 1):
        yield b"commit refs/heads/main\nmark :%d\n" % number
        yield b"author %b %b\n" % (chosen.choice(PEOPLE), chosen.choice(DATES).encode())
        yield b"committer %b %d +0800\ndata 2\nc\n" % (chosen.choice(PEOPLE), 1_700_000_000 + number)
        if number > 1:
            yield b"from :%d\n" % (number - 1 if chosen.random() < 0.7 else chosen.randint(1, number - 1))
        if number == commits or (number > 3 and chosen.random() < 0.25):
            yield b"merge :%d\n" % chosen.randint(1, number - 2)
        if number == 1 and mailmap is not None:
            yield _file(b".mailmap", mailmap)
        yield from _changes(chosen, number)


def _changes(chosen: random.Random, number: int) -> Iterator[bytes]:
    yield _file(b"kept%d.txt" % number, b"".join(b"%d kept\n" % line for line in range(20)))
    for name in chosen.sample(NAMES, chosen.randint(0, 3)):
        lines = [b"%d\n" % chosen.randint(0, 9) for _ in range(chosen.randint(0, 30))]
        yield _file(name, b"".join(lines))
    if chosen.random() < 0.2:
        yield _file(b"image.png", bytes(chosen.randrange(256) for _ in range(50)) + b"\0")
    if chosen.random() < 0.3:
        yield b"R kept%d.txt moved%d.txt\n" % (number, number)
    if chosen.random() < 0.1:
        yield b"deleteall\n"
    yield b"\n"


def _file(name: bytes, content: bytes) -> bytes:
    return b"M 100644 inline %b\ndata %d\n%b\n" % (name, len(content), content)
