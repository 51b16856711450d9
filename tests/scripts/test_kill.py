"""F-01: the program is killed at any moment; what it saved before is valid at once, and the next run goes on."""

import json
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.crash_points import leftovers
from support.git_repositories import git, make_many_refs, make_repository
from support.program import serving
from support.scripted_source import refs_of
from support.team import Team, make_person

LONGEST_LIFE_SECONDS = 0.28
"""From when a run has locked its archive; on an idle machine it is done about then."""

seeds = pytest.mark.parametrize(
    "seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(3, 50))]
)


@dataclass(frozen=True)
class Source:
    """A team, as it is and as it was when `saved` was made.

    Attributes:
        dropped: the tips that were force-pushed over or deleted since, by repository.
    """

    team: Team
    saved: Path
    dropped: dict[str, str]

    def back_up(self, root: Path) -> None:
        self.team.person.matou(*self._words(root), MATOU_CODING_TOKEN=self.team.token)

    def back_up_until_killed(self, root: Path, *, after_seconds: float) -> None:
        """It may be done before that."""
        (root / "lock").unlink(missing_ok=True)
        with self.team.person.start(*self._words(root), MATOU_CODING_TOKEN=self.team.token) as running:
            while not (root / "lock").exists() and running.poll() is None:
                time.sleep(0.001)
            with suppress(subprocess.TimeoutExpired):
                running.wait(after_seconds)
            running.kill()
            running.wait(30)

    def verify(self, root: Path, *options: str) -> list[str]:
        """The repositories that are ahead of an archive that is whole, or in which no run has ended yet."""
        ended = self.team.person.matou("verify", root, "--json", *options, code=None)
        report = json.loads(ended.out)
        assert report["problems"] == []
        assert (report["whole"], ended.code) == ((True, 0) if report["manifests"] else (False, 3))
        return list(report["ahead"])

    def assert_can_be_finished(self, root: Path) -> None:
        self.back_up(root)
        assert self.verify(root, "--all") == []
        for name in ("shop", "notes", "large", "many"):
            found, wanted = (refs_of(at / f"repositories/acme/web/{name}.git") for at in (root, self.team.root))
            assert {ref: oid for ref, oid in found.items() if "/matou/" not in ref} == wanted
        assert leftovers(root) == []

    def _words(self, root: Path) -> tuple[str | Path, ...]:
        return ("backup", "coding", "--url", self.team.api, "--to", root)


@pytest.fixture(scope="module")
def source(made_team: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    folder = tmp_path_factory.mktemp("kill")
    person, root = make_person(folder / "home"), Path(shutil.copytree(made_team[0], folder / "server"))
    large = make_repository(folder / "large.git", commits=4, file_bytes=700_000)
    for path in (large, make_many_refs(folder / "many.git", 200)):
        person.matou("repo", "import", path, f"acme/web/{path.stem}", "--private", "--root", root)
    with serving(person, root) as url:
        team = Team(person, url, made_team[1], root)
        before = Source(team, folder / "saved", {})
        before.back_up(before.saved)
        yield Source(team, before.saved, change(root / "repositories/acme/web"))


def change(repositories: Path) -> dict[str, str]:
    """Force-push over two repositories, so that each has new objects; gives the tips that are gone."""
    dropped = {}
    for name in ("shop", "large"):
        git_dir = repositories / f"{name}.git"
        dropped[name] = git(git_dir, "rev-parse", "main")
        rewritten = git(git_dir, "commit-tree", "main^{tree}", "-p", "main~2", "-m", "rewritten")
        git(git_dir, "update-ref", "refs/heads/main", rewritten)
    return dropped


def life(seed: int) -> float:
    return random.Random(seed).uniform(0, LONGEST_LIFE_SECONDS)


@seeds
def test_a_first_backup_that_is_killed_can_be_finished(source: Source, tmp_path: Path, seed: int) -> None:
    archive = tmp_path / "archive"

    source.back_up_until_killed(archive, after_seconds=life(seed))

    assert set(source.verify(archive)) <= {"acme/web/shop", "acme/web/notes", "acme/web/large", "acme/web/many"}
    source.assert_can_be_finished(archive)


@seeds
def test_a_later_backup_that_is_killed_can_be_finished_and_loses_nothing(
    source: Source, tmp_path: Path, seed: int
) -> None:
    archive = Path(shutil.copytree(source.saved, tmp_path / "archive"))

    source.back_up_until_killed(archive, after_seconds=life(1000 + seed))

    assert set(source.verify(archive)) <= {"acme/web/shop", "acme/web/large"}
    source.assert_can_be_finished(archive)
    for name, tip in source.dropped.items():
        assert tip in refs_of(archive / f"repositories/acme/web/{name}.git").values()
