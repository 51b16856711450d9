"""What people said: 20,000 issues with 60,000 comments at a Gitee, saved, saved again, exported and served."""

import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import quote

from matou.forge.access import MayManageAccount, granted_to_operator
from matou.forge.accounts.tokens import create_token
from matou.forge.accounts.users import create_user
from matou.settings import Settings
from matou.wiring import open_forge
from measuring import MATOU, Command, Measured, high_water, matou, run
from readers import Answers, Asker
from rows import Row
from said import PLACE, BusyGitee, busy_gitee, lists_asked
from support.gitee_source import TOKEN

ISSUES = 20_000
SOME = 48
COMMENTS_EACH = 2
COMMENTS_OF_SOME = 50
CHANGED = 50
RUNS = 30
CONNECTIONS = 8
LONG = 20_000
SERVED = f"captain%2F{PLACE}"


@dataclass(frozen=True)
class Saving:
    """An archive into which a Gitee is saved again and again."""

    gitee: BusyGitee
    archive: Path

    def save(self, *options: str) -> Measured:
        """What was asked for by it stands in the Gitee's `requests_seen` after it."""
        self.gitee.requests_seen.clear()
        command = matou("backup", "gitee", "--url", self.gitee.origin, "--to", self.archive, "--json", *options)
        return run(command, {"MATOU_GITEE_TOKEN": TOKEN})

    @property
    def requests(self) -> int:
        return len(self.gitee.requests_seen)

    @property
    def mebibytes(self) -> float:
        """Of the metadata repositories, as their files' lengths."""
        files = (self.archive / "metadata").rglob("*")
        return sum(path.stat().st_size for path in files if path.is_file()) / 2**20


def bench_conversation(folder: Path, scale: float, rounds: int) -> Iterator[Row]:
    """20,000 issues of all sizes with 60,000 comments."""
    counts = comment_counts(round(ISSUES * scale))
    what = f"{len(counts):,} issues"
    with busy_gitee() as gitee:
        gitee.fill(counts)
        saving = Saving(gitee, folder / "archive")
        yield from _first(saving, what)
        yield from _unchanged(saving, what, rounds)
        yield from _changed(saving, what)
        yield from _exported(saving, what)
        yield from _served(saving, rounds)


def comment_counts(issues: int) -> list[int]:
    """Of each issue: two, and 50 of the last, which are one in 48; three on average."""
    long = issues // SOME
    return [COMMENTS_EACH] * (issues - long) + [COMMENTS_OF_SOME] * long


def bench_long_issue(folder: Path, scale: float, _rounds: int) -> Iterator[Row]:
    """20,000 comments on one issue."""
    comments = round(LONG * scale)
    with busy_gitee() as gitee:
        gitee.fill([comments])
        yield from _first(Saving(gitee, folder / "archive"), f"one issue with {comments:,} comments")


def _first(saving: Saving, what: str) -> Iterator[Row]:
    first = saving.save()
    yield Row(f"first backup, {what}", first.seconds, 90, "s", f"{saving.requests:,} requests")
    yield Row(f"first backup, {what}: memory", first.peak_bytes / 2**20, 250, "MiB", "peak")
    yield Row(f"metadata repository, {what}", saving.mebibytes, 25, "MiB", "of its files")


def _unchanged(saving: Saving, what: str, rounds: int) -> Iterator[Row]:
    # Five runs with those of `_changed` stay below the seventh, which reads everything.
    runs = [saving.save() for _ in range(min(rounds, 4))]
    yield Row(f"nothing changed, {what}", median(one.seconds for one in runs), 1, "s", f"{len(runs)} runs, median")
    most, count = Counter(lists_asked(saving.gitee)).most_common(1)[0]
    detail = f"of {most}, the kind with most; {saving.requests} in all"
    yield Row(f"nothing changed, {what}: requests a kind", count, 2, "", detail)


def _changed(saving: Saving, what: str) -> Iterator[Row]:
    for number in range(1, RUNS + 1):
        saving.gitee.change(CHANGED, run=number)
        changed = saving.save()
        if number == 1:
            yield Row(f"{CHANGED} changed, {what}", changed.seconds, 2, "s", "one run")
            yield Row(f"{CHANGED} changed, {what}: requests", saving.requests, 120, "", "counted")
    detail = f"after {RUNS} runs that found {CHANGED} changed"
    yield Row(f"metadata repository, {what}, later", saving.mebibytes, 30, "MiB", detail)


def _exported(saving: Saving, what: str) -> Iterator[Row]:
    exported = run(matou("export", saving.archive, "--to", saving.archive.with_name("pages")), {})
    yield Row(f"export as HTML, {what}", exported.seconds, 60, "s", "one run")
    yield Row(f"export as HTML, {what}: memory", exported.peak_bytes / 2**20, 300, "MiB", "peak")


def _served(saving: Saving, rounds: int) -> Iterator[Row]:
    """Each page and each item is another one: no answer is one that was remembered."""
    numbers = saving.gitee.numbers
    long = numbers[-(len(numbers) // SOME) :]
    pages = range(1, len(numbers) // 20 + 1)
    issues = f"/repos/{SERVED}/issues"
    asked: Sequence[tuple[str, float, Sequence[str]]] = (
        ("lists of 20 issues", 500, [f"{issues}?state=all&per_page=20&page={page}" for page in pages]),
        (f"issues with {COMMENTS_EACH} comments", 800, [f"{issues}/{number}" for number in numbers[:2000]]),
        (f"issues with {COMMENTS_OF_SOME} comments", 800, [f"{issues}/{number}" for number in long]),
        (
            f"pages of {COMMENTS_OF_SOME} comments of one issue",
            300,
            [f"{issues}/{number}/comments?per_page=50" for number in long],
        ),
        ("pages of 20 comments of all issues", 150, [f"{issues}/comments?per_page=20&page={page}" for page in pages]),
        ("searches in issues", 50, [f"/search/issues?q={quote(word)}" for word in saving.gitee.words[40:140]]),
    )
    with _serving(saving.archive) as (asker, pid):
        for name, bar, paths in asked:
            yield _rate(name, bar, [asker.ask_each(paths, connections=CONNECTIONS)])
        again = [asker.ask(f"{issues}/{numbers[-1]}", seconds=1) for _ in range(rounds)]
        yield _rate(f"one issue with {COMMENTS_OF_SOME} comments, again and again", 800, again)
        yield Row("memory of the server, issues", high_water(pid) / 2**20, 250, "MiB", "peak")


def _rate(name: str, bar: float, answers: Sequence[Answers]) -> Row:
    assert not any(one.failures for one in answers), name
    best = max(answers, key=lambda one: one.a_second)
    detail = f"{len(best.times):,} at {CONNECTIONS} connections; half in {best.percentile(0.5) * 1e3:.1f} ms"
    return Row(f"{name}, a second", best.a_second, bar, "", detail, at_least=True)


@contextmanager
def _serving(archive: Path) -> Iterator[tuple[Asker, int]]:
    with open_forge(archive, Settings.of_process(), loopback=True) as forge:
        owner = create_user(forge, "bench", email="bench@example.com", admin=True)
        token = create_token(forge, granted_to_operator(MayManageAccount, owner), "bench").reveal()
    command: Command = [MATOU, "serve", "--root", archive, "--port", "0", "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            yield Asker(server.stdout.readline().strip(), token, root="/gitee/api/v5"), server.pid
        finally:
            server.terminate()
