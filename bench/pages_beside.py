"""The pages beside those of a real Gitea: the same repository, the same readers, in turns in one run."""

import asyncio
import multiprocessing
import os
import re
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, MutableSequence, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gitea_server import Gitea, running_gitea
from measuring import high_water
from readers import OK, Answers, Asker, read_answer
from rows import Row

GITEA: Final = "MATOU_BENCH_GITEA"
"""In the environment: the folder with a program `gitea` in it."""

READERS = 16
SECONDS = 4.0
CRAWLERS = 64
CRAWLER_PAUSE = 1.0
"""How long one of its connections waits after it was refused; it was told to come back much later."""

TIMES_ON_FRONT, TIMES_ELSEWHERE, SLOWER_UNDER_A_CRAWLER = 10, 3, 3
OTHERS = 300
TOO_MANY: Final = 429


@dataclass(frozen=True)
class Side:
    """One of the two servers, as somebody who is signed in sees it."""

    name: str
    asker: Asker
    pages: Mapping[str, Sequence[str]]
    blamed: Sequence[str]

    @property
    def front(self) -> str:
        return self.pages["front page"][0]


def beside_gitea(plain: Path, ours: Asker, front: str, rounds: int) -> Iterator[Row]:
    """Nothing where no Gitea is at hand.

    Args:
        plain: the repository that both serve.
        ours: our server, with a session.
        front: the repository's page there.
    """
    program = os.environ.get(GITEA)
    if not program:
        print(f"pages beside a Gitea: left out, as {GITEA} names none")
        return
    with running_gitea(Path(program).resolve()) as gitea:
        theirs = Side(f"Gitea {gitea.version}", Asker(gitea.url, "", "", _cookie(gitea)), *_of_gitea(plain, gitea))
        mine = Side("matou", ours, *_of_matou(plain, front))
        _settle(mine, theirs)
        yield from _rates(mine, theirs, rounds)
        yield from _under_a_crawler(mine, theirs)
        yield Row("memory of Gitea beside it", high_water(gitea.pid) / 2**20, 1e9, "MiB", "peak, without its git")


def _cookie(gitea: Gitea) -> tuple[str, ...]:
    return (f"Cookie: {gitea.cookie}",)


def _of_matou(plain: Path, front: str) -> tuple[Mapping[str, Sequence[str]], Sequence[str]]:
    def at(word: str, place: str) -> str:
        return f"{front}/-/{word}/{place}"

    old, wide, commits, files = _places(plain)
    single = {
        "front page": front,
        "folder of 2,000 entries": at("tree", "main/many"),
        "file of 2,000 lines": at("blob", "main/blamed.py"),
        "commit of 100 files": at("commit", wide),
        "blame of 2,000 lines": at("blame", "main/blamed.py"),
        "history of a file": at("history", "main/blamed.py"),
        "history of an old file": at("history", f"main/{old}"),
        "commits": f"{front}/-/commits/main",
        "branches": f"{front}/-/branches",
        "tags": f"{front}/-/tags",
    }
    many = {
        "commits, each another one": [at("commit", commit) for commit in commits],
        "files, each another one": [at("blob", f"main/{file}") for file in files],
    }
    return {**{name: [path] for name, path in single.items()}, **many}, [at("blame", f"main/{file}") for file in files]


def _of_gitea(plain: Path, gitea: Gitea) -> tuple[Mapping[str, Sequence[str]], Sequence[str]]:
    front = gitea.add_repository("history", plain)
    old, wide, commits, files = _places(plain)
    single = {
        "front page": front,
        "folder of 2,000 entries": f"{front}/src/branch/main/many",
        "file of 2,000 lines": f"{front}/src/branch/main/blamed.py",
        "commit of 100 files": f"{front}/commit/{wide}",
        "blame of 2,000 lines": f"{front}/blame/branch/main/blamed.py",
        "history of a file": f"{front}/commits/branch/main/blamed.py",
        "history of an old file": f"{front}/commits/branch/main/{old}",
        "commits": f"{front}/commits/branch/main",
        "branches": f"{front}/branches",
        "tags": f"{front}/tags",
    }
    many = {
        "commits, each another one": [f"{front}/commit/{commit}" for commit in commits],
        "files, each another one": [f"{front}/src/branch/main/{file}" for file in files],
    }
    return {**{name: [path] for name, path in single.items()}, **many}, [
        f"{front}/blame/branch/main/{file}" for file in files
    ]


def _places(plain: Path) -> tuple[str, str, Sequence[str], Sequence[str]]:
    """An old file, the commit of many files, some commits and some files."""
    old = _git(plain, "ls-tree", "-r", "--name-only", "main", "package39/")[-1]
    (wide,) = _git(plain, "log", "-1", "--format=%H", "main", "--", "wide/0.txt")
    commits = _git(plain, "rev-list", "--no-merges", f"--max-count={OTHERS}", "main~3000")
    files = [name for name in _git(plain, "ls-tree", "-r", "--name-only", "main") if name.startswith("package")]
    return old, wide, commits, files[:OTHERS]


def _git(plain: Path, *arguments: str) -> Sequence[str]:
    command = ["git", f"--git-dir={plain}", *arguments]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()


def _settle(*sides: Side) -> None:
    """Each page is asked for until what is found in the background is there."""
    for side in sides:
        for paths in side.pages.values():
            for _ in range(2):
                _look(side, paths[0])
    time.sleep(5)
    for side in sides:
        for name, paths in side.pages.items():
            print(f"{side.name}: {name}: {_look(side, paths[0]) / 1000:.0f} kB")


def _look(side: Side, path: str) -> int:
    """How long a page is; ends where it is another page than was meant."""
    request = urllib.request.Request(side.asker.url + path)
    for header in side.asker.headers:
        name, _, value = header.partition(": ")
        request.add_header(name, value)
    with urllib.request.urlopen(request) as answer:
        content = answer.read()
    if re.search(rb'(name|id)="user_name"', content):
        message = f"{side.name}: {path} wants somebody to sign in"
        raise RuntimeError(message)
    return len(content)


def _rates(mine: Side, theirs: Side, rounds: int) -> Iterator[Row]:
    for name, paths in mine.pages.items():
        ours, other = [], []
        for _ in range(min(rounds, 2)):
            ours.append(_read(mine, paths))
            other.append(_read(theirs, theirs.pages[name]))
        ratio = statistics.median(one.a_second / two.a_second for one, two in zip(ours, other, strict=True))
        bar = TIMES_ON_FRONT if name == "front page" else TIMES_ELSEWHERE
        detail = f"{_rate(ours)} a second to {_rate(other)}; half in {_half(ours)} ms to {_half(other)}"
        yield Row(f"{READERS} readers, {name}: times {theirs.name}", ratio, bar, "×", detail, at_least=True)


def _read(side: Side, paths: Sequence[str]) -> Answers:
    """One page again and again, or each of many once."""
    if len(paths) == 1:
        answers = side.asker.ask(paths[0], connections=READERS, seconds=SECONDS)
    else:
        answers = side.asker.ask_each(paths, connections=READERS)
    assert not answers.failures, (side.name, paths[0], answers.failures)
    return answers


def _rate(answers: Sequence[Answers]) -> str:
    return f"{statistics.median(one.a_second for one in answers):,.0f}"


def _half(answers: Sequence[Answers]) -> str:
    return f"{statistics.median(one.percentile(0.5) for one in answers) * 1000:,.1f}"


def _under_a_crawler(mine: Side, theirs: Side) -> Iterator[Row]:
    for side in (theirs, mine):
        alone = side.asker.ask(side.front, connections=1, seconds=SECONDS)
        with _crawler(side) as answered:
            crowded = side.asker.ask(side.front, connections=1, seconds=2 * SECONDS)
        times = crowded.percentile(0.5) / alone.percentile(0.5)
        detail = (
            f"half in {alone.percentile(0.5) * 1000:.1f} and {crowded.percentile(0.5) * 1000:.1f} ms, nine of ten in "
            f"{alone.percentile(0.9) * 1000:.1f} and {crowded.percentile(0.9) * 1000:.1f}; "
            f"blames {answered[0]:,}, refused {answered[1]:,}"
        )
        bar = SLOWER_UNDER_A_CRAWLER if side is mine else 1e9
        yield Row(f"{side.name}, front page with a crawler of {CRAWLERS} on blame", times, bar, "×", detail)


@contextmanager
def _crawler(side: Side) -> Iterator[list[int]]:
    """Somebody without an account looks at who wrote each line of all files, in a process of their own.

    Gives how many answers they got, and how many refusals, once it is over.
    """
    counts = multiprocessing.Array("i", [0, 0])
    over = multiprocessing.Event()
    crawler = multiprocessing.Process(target=_crawl, args=(side.asker.url, side.blamed, counts, over))
    answered: list[int] = []
    crawler.start()
    time.sleep(1)
    try:
        yield answered
    finally:
        over.set()
        answered += [counts[0], counts[1]]
        crawler.terminate()
        crawler.join()


def _crawl(url: str, paths: Sequence[str], counts: MutableSequence[int], over: Event) -> None:
    asyncio.run(_crawl_all(url, paths, counts, over))


async def _crawl_all(url: str, paths: Sequence[str], counts: MutableSequence[int], over: Event) -> None:
    left = cycle(paths)
    await asyncio.gather(*(_crawl_on_one(url, left, counts, over) for _ in range(CRAWLERS)))


async def _crawl_on_one(url: str, paths: Iterator[str], counts: MutableSequence[int], over: Event) -> None:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=2**26)
    while not over.is_set():
        writer.write(f"GET {next(paths)} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        status = await read_answer(reader)
        assert status in (OK, TOO_MANY), status
        counts[0 if status == OK else 1] += 1
        if status == TOO_MANY:
            await asyncio.sleep(CRAWLER_PAUSE)
    writer.close()
