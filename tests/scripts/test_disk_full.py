"""F-08 and F-10: a backup that finds no room says so, and what was saved before is whole."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from matou.fs import free_bytes
from support.crash_points import leftovers
from support.git_repositories import make_repository
from support.private_mounts import mount_memory, private_mounts, resize_memory
from support.program import MATOU
from support.team import Team

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Has 14 MiB that do not compress."""
    return make_repository(tmp_path_factory.mktemp("large") / "large.git", commits=7, file_bytes=2 * MEBIBYTE)


@pytest.fixture
def grown(team: Team, large: Path) -> Team:
    """The team with a repository that is too large; the others fit anywhere."""
    team.person.matou("repo", "import", large, "acme/web/large", "--private", "--root", team.root)
    return team


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with private_mounts():
        yield mount_memory(tmp_path / "disk", mebibytes=12)


def words(team: Team, archive: Path) -> tuple[str | Path, ...]:
    return ("backup", "coding", "--url", team.api, "--to", archive)


def test_a_full_disk_is_named_with_the_room_that_is_left_and_harms_nothing(grown: Team, disk: Path) -> None:
    archive, person = disk / "archive", grown.person
    person.matou(*words(grown, archive), "--exclude", "*large*", MATOU_CODING_TOKEN=grown.token)
    free = free_bytes(disk)

    ended = person.matou(*words(grown, archive), code=1, MATOU_CODING_TOKEN=grown.token)

    assert f"writing {archive}" in ended.err
    assert "bytes are free" in ended.err
    assert "Traceback" not in ended.err
    person.matou("verify", archive, "--all")
    assert [path for path in leftovers(archive) if not path.endswith(".jsonl.partial")] == []
    assert abs(free_bytes(disk) - free) < MEBIBYTE
    assert not (archive / "runs/000002/manifest.jsonl").exists()
    resize_memory(disk, mebibytes=64)
    person.matou(*words(grown, archive), MATOU_CODING_TOKEN=grown.token)
    person.matou("verify", archive, "--all")
    assert leftovers(archive) == []


def test_an_archive_on_a_disk_that_others_filled_can_be_verified(team: Team, disk: Path) -> None:
    archive = disk / "archive"
    team.person.matou(*words(team, archive), MATOU_CODING_TOKEN=team.token)
    with suppress(OSError), (disk / "others").open("wb", buffering=0) as others:
        while others.write(bytes(4096)):
            continue

    assert free_bytes(disk) == 0
    assert "the archive is whole" in team.person.matou("verify", archive).out


def test_a_limit_on_the_size_of_files_fails_the_one_repository_that_exceeds_it(grown: Team, tmp_path: Path) -> None:
    archive, limit = tmp_path / "archive", ["prlimit", f"--fsize={10 * MEBIBYTE}"]
    if shutil.which("prlimit") is None:
        pytest.skip("prlimit is not installed")
    environment = grown.person.variables(MATOU_CODING_TOKEN=grown.token)

    ended = subprocess.run(
        [*limit, MATOU, *words(grown, archive), "--json"], env=environment, capture_output=True, text=True
    )

    assert ended.returncode == 3, ended.stderr
    assert "acme/web/large" in json.dumps(json.loads(ended.stdout)["problems"])
    grown.person.matou("verify", archive, "--all")
    assert leftovers(archive) == []
    grown.person.matou(*words(grown, archive), MATOU_CODING_TOKEN=grown.token)
    grown.person.matou("verify", archive, "--all")
