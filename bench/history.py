"""A long history, made by one `git fast-import` and the same each time: real edits of lines, many people, merges."""

import random
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

FIRST_SECOND: Final = 1_420_070_400
"""2015-01-01."""
SECONDS_A_COMMIT: Final = 6_000
PEOPLE: Final = 60
FILES_A_FOLDER: Final = 50
COMMITS_A_MERGE: Final = 40
SIDE_COMMITS: Final = 3
LINES: Final = (30, 120)
ENDINGS: Final = (
    *(".py", ".py", ".py", ".c", ".h", ".ts", ".go", ".java", ".sh", ".md", ".json", ".ets", ".css", ".rs", ".sql"),
)
ZONES: Final = ("+0800", "+0800", "+0800", "+0000", "-0500", "+0530")
WORDS: Final = (
    *("archive", "branch", "commit", "delta", "entry", "fetch", "graph", "head", "index", "journal", "kept", "merge"),
    *("object", "pack", "queue", "ref", "tree", "walk", "码头", "仓库", "提交", "分支", "return", "if", "for", "while"),
)


def make_history(
    folder: Path, *, commits: int = 50_000, files: int = 2_000, seed: int = 1, is_packed: bool = True
) -> Path:
    """Make a bare repository whose branch `main` has so many commits and files, and give its folder.

    It has a `.mailmap` of every form, a `.gitattributes`, a tag for each thousand commits, and a branch `topic`. Takes
    about half a minute for the default.

    Args:
        folder: where it is made; nothing may be there.
        commits: reachable from `main`, merges among them.
        files: in the tree of `main`.
        seed: another one makes another history.
        is_packed: repack it as a server's maintenance would; that takes as long again.
    """
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", folder], check=True)
    with subprocess.Popen(
        ["git", f"--git-dir={folder}", "fast-import", "--quiet", "--date-format=raw"], stdin=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        _History(random.Random(seed), child.stdin, files).write(commits)
        child.stdin.close()
        assert child.wait() == 0
    if is_packed:
        subprocess.run(["git", f"--git-dir={folder}", "repack", "-adbq", "--window=5"], check=True)
        subprocess.run(["git", f"--git-dir={folder}", "commit-graph", "write", "--reachable"], check=True)
    return folder


@dataclass
class _History:
    chosen: random.Random
    stream: IO[bytes]
    files: int
    contents: list[list[bytes]] = field(default_factory=list)
    mark: int = 0
    made: int = 0

    def write(self, commits: int) -> None:
        self._commit("main", b"Begin\n", self._first_files())
        while self.made < commits:
            left = commits - self.made
            if left > SIDE_COMMITS + 2 and self.made % COMMITS_A_MERGE == 0:
                self._topic()
            else:
                self._commit("main", self._message(), self._edited(*self._some_files()))
            if self.made % 1_000 == 0:
                self.stream.write(b"reset refs/tags/v%d\nfrom :%d\n\n" % (self.made // 1_000, self.mark))

    def _topic(self) -> None:
        """A side branch of some commits, one on main beside it, and the merge of the two."""
        base = self.mark
        *mine, other = self.chosen.sample(range(self.files), SIDE_COMMITS + 1)
        on_the_side: dict[int, bytes] = {}
        parent = base
        for number in mine:
            edited = self._edited(number)
            on_the_side |= edited
            parent = self._commit("topic", self._message(), edited, parents=(parent,))
        main = self._commit("main", self._message(), self._edited(other), parents=(base,))
        self._commit("main", b"Merge branch 'topic'\n", on_the_side, parents=(main, parent))

    def _commit(self, branch: str, message: bytes, changed: dict[int, bytes], parents: tuple[int, ...] = ()) -> int:
        self.made += 1
        self.mark += 1
        at = FIRST_SECOND + self.made * SECONDS_A_COMMIT + self.chosen.randrange(SECONDS_A_COMMIT)
        author, committer = self._person(), self._person()
        if self.chosen.random() < 0.8:
            committer = author
        written = at - (self.chosen.randrange(86_400) if self.chosen.random() < 0.1 else 0)
        zone = self.chosen.choice(ZONES).encode()
        lines = [b"commit refs/heads/%s\nmark :%d\n" % (branch.encode(), self.mark)]
        lines.append(b"author %s %d %s\ncommitter %s %d %s\n" % (author, written, zone, committer, at, zone))
        lines.append(b"data %d\n%s" % (len(message), message))
        lines.extend(b"%s :%d\n" % (word, mark) for word, mark in zip((b"from", b"merge"), parents, strict=False))
        if self.made == 1:
            lines.extend(_inline(name, text) for name, text in _FIXED.items())
        lines.extend(_inline(name_of(number), text) for number, text in changed.items())
        self.stream.write(b"".join(lines))
        return self.mark

    def _first_files(self) -> dict[int, bytes]:
        for _ in range(self.files - len(_FIXED)):
            self.contents.append([self._line() for _ in range(self.chosen.randint(*LINES))])
        self.files = len(self.contents)
        return {number: b"".join(lines) for number, lines in enumerate(self.contents)}

    def _some_files(self) -> list[int]:
        """One to three files, the earlier ones more often: most changes are made to few files."""
        count = self.chosen.choice((1, 1, 1, 2, 3))
        return [int(self.files * self.chosen.random() ** 2) for _ in range(count)]

    def _edited(self, *numbers: int) -> dict[int, bytes]:
        for number in numbers:
            lines = self.contents[number]
            for _ in range(self.chosen.randint(1, 3)):
                at = self.chosen.randrange(len(lines) + 1)
                gone = 0 if len(lines) < LINES[0] else self.chosen.randint(0, 4)
                come = 0 if len(lines) > 2 * LINES[1] else self.chosen.randint(0, 4)
                lines[at : at + gone] = [self._line() for _ in range(come)]
        return {number: b"".join(self.contents[number]) for number in numbers}

    def _line(self) -> bytes:
        words = " ".join(self.chosen.choices(WORDS, k=self.chosen.randint(1, 7)))
        return f"{'    ' * self.chosen.randint(0, 3)}{words} {self.chosen.getrandbits(24):x}\n".encode()

    def _message(self) -> bytes:
        return (" ".join(self.chosen.choices(WORDS, k=6)) + "\n").encode()

    def _person(self) -> bytes:
        """Somebody, by one of the identities that they have used."""
        number = int(PEOPLE * self.chosen.random() ** 2)
        return self.chosen.choice(identities_of(number)).encode()


def name_of(number: int) -> bytes:
    return b"package%02d/module%04d%s" % (number // FILES_A_FOLDER, number, ENDINGS[number % len(ENDINGS)].encode())


def identities_of(number: int) -> tuple[str, ...]:
    """What a person has called themselves; .mailmap makes one of all that a person has used."""
    name = f"Person {number:02d}"
    usual = f"{name} <person{number:02d}@example.com>"
    if number % 4 == 0:
        return (usual,)
    if number % 4 == 1:
        return usual, f"人员{number:02d} <person{number:02d}@example.com>"
    if number % 4 == 2:
        return usual, f"{name} <PERSON{number:02d}@laptop.local>"
    return usual, f"root <root{number:02d}@build.local>", f"p{number:02d} <shared@build.local>"


def _mailmap() -> bytes:
    lines = ["# one line for each form that gitmailmap(5) knows"]
    for number in range(PEOPLE):
        usual = f"Person {number:02d} <person{number:02d}@example.com>"
        if number % 4 == 1:
            lines.append(usual)
        elif number % 4 == 2:
            lines.append(f"<person{number:02d}@example.com> <person{number:02d}@laptop.local>")
        elif number % 4 == 3:
            lines.append(f"{usual} <root{number:02d}@build.local>")
            lines.append(f"{usual} p{number:02d} <shared@build.local>")
    return "\n".join(lines).encode() + b"\n"


def _inline(name: bytes, text: bytes) -> bytes:
    return b"M 100644 inline %s\ndata %d\n%s\n" % (name, len(text), text)


_FIXED: Final = {
    b".gitattributes": b"package03/** linguist-vendored\n*.sql linguist-detectable\n",
    b".mailmap": _mailmap(),
    b"README.md": b"# A long history\n",
}


if __name__ == "__main__":
    make_history(Path(sys.argv[1]), commits=int(sys.argv[2]) if len(sys.argv) > 2 else 50_000)
