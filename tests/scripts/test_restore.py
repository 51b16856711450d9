"""What `matou restore` and `matou show` say of an archive that is damaged, empty, or has no place to go."""

from pathlib import Path

import pytest

from support.program import Person
from support.team import Team


@pytest.fixture
def archive(team: Team, tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    team.person.matou("backup", "coding", "--url", team.api, "--to", folder, MATOU_CODING_TOKEN=team.token)
    return folder


def test_what_failed_is_counted_and_the_next_step_is_told(team: Team, archive: Path, tmp_path: Path) -> None:
    next((archive / "repositories/acme/web/shop.git/objects/pack").glob("*.pack")).unlink()

    ended = team.person.matou("restore", archive, "--to", tmp_path / "out", code=5)

    # Two repositories, and what was said around their project.
    assert "3 restored, 0 were there already, 0 had nothing saved, 1 failed" in ended.err
    assert f"matou verify {archive}" in ended.err


def test_what_is_in_the_way_is_counted_and_the_next_step_is_told(team: Team, archive: Path, tmp_path: Path) -> None:
    (tmp_path / "out/acme/web/shop.git").mkdir(parents=True)
    (tmp_path / "out/acme/web/shop.git/mine").touch()

    ended = team.person.matou("restore", archive, "--to", tmp_path / "out", code=3)

    assert "3 restored, 0 were there already, 0 had nothing saved, 1 failed" in ended.err
    assert "the same command restores what failed" in ended.err


@pytest.mark.parametrize("to", ["file", "file/inner"])
@pytest.mark.parametrize("command", ["restore", "backup", "serve"])
def test_a_file_where_a_folder_should_be_is_told_as_that(
    team: Team, archive: Path, tmp_path: Path, command: str, to: str
) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / to
    words: dict[str, tuple[str | Path, ...]] = {
        "restore": (archive, "--to", folder),
        "backup": ("coding", "--url", team.api, "--to", folder),
        "serve": ("--root", folder),
    }

    ended = team.person.matou(command, *words[command], code=2, MATOU_CODING_TOKEN=team.token)

    assert f"{tmp_path / 'file'}" in ended.err
    assert "not a directory" in ended.err
    assert ".matou-partial" not in ended.err


def test_show_of_an_archive_without_a_run_prints_no_line(person: Person, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    person.matou("user", "add", "li", "--no-password", "--root", archive)

    ended = person.matou("show", archive)

    assert ended.out == ""
    assert "no repository" in ended.err


def test_the_table_is_sorted_by_path(team: Team, archive: Path) -> None:
    team.person.matou(
        "repo", "import", team.root / "repositories/acme/web/shop.git", "acme/web/aa", "--root", team.root
    )
    team.person.matou("backup", "coding", "--url", team.api, "--to", archive, MATOU_CODING_TOKEN=team.token)

    paths = [line.split()[0] for line in team.person.matou("show", archive).out.splitlines()[1:]]

    assert paths == ["acme/web/aa", "acme/web/empty", "acme/web/notes", "acme/web/shop"]
