"""Somebody leaves a platform for a real Gitea by commands alone, and saves that Gitea again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matou.archive.layout import Archive
from matou.archive.metadata import open_metadata
from matou.model.fidelity import MigrationMethod
from matou.model.names import NamespacePath
from matou.platforms.registry import PLATFORMS
from support.gitea_server import OWNER, GiteaServer, running_gitea
from support.program import Ended, Person
from support.round_trip import RoundTrip
from support.travelling_accounts import TRAVELS, TravellingAccount

BY_PULL = PLATFORMS["gitea"].methods[MigrationMethod.PULL]


@dataclass(frozen=True)
class Journey:
    """From an account at a platform to an archive, to a Gitea, and from there to another archive.

    Attributes:
        reports: of what was planned, and of what was done.
    """

    folder: Path
    person: Person
    account: TravellingAccount
    gitea: GiteaServer
    reports: list[dict[str, Any]]

    @property
    def archive(self) -> Path:
        return self.folder / "first"

    @property
    def last(self) -> Path:
        return self.folder / "last"

    def migrate(self, *options: str, code: int | None = 0, token: str = "") -> Ended:
        there = ("--to", "gitea", "--url", self.gitea.url, "--namespace", OWNER, "--json")
        words: tuple[str | Path, ...] = ("migrate", self.archive, *there, *options)
        return self.person.matou(*words, code=code, MATOU_GITEA_TOKEN=token or self.gitea.token)

    def save_gitea(self, *options: str) -> dict[str, Any]:
        there: tuple[str | Path, ...] = ("--url", self.gitea.url, "--to", self.last, "--json")
        words = ("backup", "gitea", *there, *options)
        report: dict[str, Any] = json.loads(self.person.matou(*words, code=0, MATOU_GITEA_TOKEN=self.gitea.token).out)
        return report

    def compare(self, first: str, name: str) -> RoundTrip:
        before, after = Archive.open(self.archive), Archive.open(self.last)
        brought = open_metadata(before.metadata(NamespacePath.parse(first)))
        saved = open_metadata(after.metadata(NamespacePath.parse(f"{OWNER}/{OWNER}/{name}")))
        known = frozenset({self.account.known.partition(":")[2]})
        return RoundTrip(brought, saved, BY_PULL, OWNER, known, is_project=first in self.account.projects)


@contextmanager
def journey_from(platform: str, folder: Path) -> Iterator[Journey]:
    """It is made: planned, done with `people.toml`, and saved."""
    person = Person(folder)
    with TRAVELS[platform](folder) as account, running_gitea(folder / "gitea") as gitea:
        journey = Journey(folder, person, account, gitea, [])
        account.back_up(person, journey.archive)
        people = folder / "people.toml"
        people.write_text(f'[people]\n"{account.known}" = "{OWNER}"\n', encoding="utf-8")
        for options in (("--dry-run",), ("--people", str(people))):
            journey.reports.append(json.loads(journey.migrate(*options, code=None).out))
        journey.save_gitea()
        yield journey
