"""The team of `coding_story` with real commits behind its merge requests, for whoever reads its code as well."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.coding_source import TOKEN, CodingSource, running_coding_source
from support.coding_story import GONE, tell_story
from support.commits import commit_in
from support.program import Person

PATH = "/harbour/boats/ferry.git"
LINES = [f"{number}\n" for number in range(1, 9)]


@dataclass(frozen=True)
class CodingTeam:
    """The project `boats` with the depot `ferry`; a project without code, `piers`, has nothing but issues."""

    source: CodingSource
    repository: Path

    def back_up(self, person: Person, archive: Path) -> None:
        words = ("backup", "coding", "--url", self.source.url, "--to", archive)
        person.matou(*words, code=0, MATOU_CODING_TOKEN=TOKEN)


@contextmanager
def coding_team(folder: Path) -> Iterator[CodingTeam]:
    """Below a folder that is there."""
    with running_coding_source() as source:
        source.team_host = f"{source.origin}/harbour"
        _, depot = tell_story(source)
        repository = folder / "ferry.git"
        base, head, merged = _commits(repository)
        for row in depot.merges.values():
            row |= {"TargetBranchSha": base}
            if row["SourceBranchSha"] != GONE:
                row |= {"SourceBranchSha": head}
        depot.merges[1] |= {"MergeCommitSha": merged, "SourceBranchSha": merged}
        _place(depot.threads, head)
        for release in depot.releases:
            release |= {"CommitSha": merged, "TargetCommitBranch": merged}
        source.git[PATH] = repository
        yield CodingTeam(source, repository)


def _commits(repository: Path) -> tuple[str, str, str]:
    """`main`, whose last commit is that of merge request 1; `topic-2`, which changes the fourth line."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(repository)], check=True)

    def commit(branch: str, text: str, at: int) -> str:
        files = {"README.md": "# 渡船\n".encode(), "src/船头.c": text.encode()}
        commit_in(repository, files, "下水", at=at, branch=branch)
        return _git(repository, "rev-parse", branch)

    base = commit("main", "".join(LINES), 1_700_000_000)
    _git(repository, "branch", "topic-2", "main")
    head = commit("topic-2", "".join([*LINES[:3], "red\n", *LINES[4:]]), 1_700_000_100)
    merged = commit("main", "".join([*LINES, "9\n"]), 1_700_000_200)
    _git(repository, "tag", "v1.0/春", "main")
    return base, head, merged


def _place(threads: list[list[dict[str, Any]]], head: str) -> None:
    for thread in threads:
        for note in thread:
            if note["CommitSha"]:
                note |= {"CommitSha": head}


def _git(repository: Path, *words: str) -> str:
    command = ["git", f"--git-dir={repository}", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
