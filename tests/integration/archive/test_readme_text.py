"""What MATOU.txt tells a person to type works, without Matou."""

import subprocess
from pathlib import Path

import pytest

from integration.transfer.saved_archives import Team, git, make_repository
from matou.archive.readme_text import FIRST_AID


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    team = Team.create(tmp_path / "archive")
    source = make_repository(tmp_path / "source")
    team.save({"TEAM/PROJECT/REPOSITORY": source})
    git(source.parent, "reset", "-q", "--hard", "HEAD~1")
    team.save({"TEAM/PROJECT/REPOSITORY": source})
    return team.archive.root


def command_with(words: str) -> str:
    (line, *_) = (line.strip() for line in FIRST_AID.splitlines() if line.startswith("  ") and words in line)
    return line


def typed(command: str, archive: Path) -> str:
    """What a shell in the archive's folder answers."""
    done = subprocess.run(
        ["sh", "-e", "-c", command.replace("THIS_FOLDER", str(archive))],
        cwd=archive,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


def test_a_repository_is_cloned_as_the_text_says(archive: Path) -> None:
    typed(f"cd .. && {command_with('git clone')}", archive)

    clone = archive.parent / "REPOSITORY"
    assert (clone / "file.txt").exists()
    assert git(clone, "branch", "-r").split() == ["origin/HEAD", "->", "origin/main", "origin/main", "origin/topic"]


def test_what_was_overwritten_is_shown_and_does_not_come_with_a_clone(archive: Path) -> None:
    shown = typed(command_with("for-each-ref refs/matou"), archive)

    assert "refs/matou/kept/000002/heads/main" in shown


def test_every_line_of_a_manifest_is_found_as_the_text_says(archive: Path) -> None:
    assert '"kind":"end"' in typed(command_with("tail -n 1"), archive)
    assert '"name":"REPOSITORY"' in typed(command_with("grep"), archive)


def test_damage_is_found_as_the_text_says(archive: Path) -> None:
    typed(command_with("fsck --full"), archive)
    assert typed(command_with("sha256sum"), archive) == ""

    blob = next((archive / "blobs" / "objects").glob("*/*/*"))
    blob.chmod(0o644)
    blob.write_bytes(b"changed")

    with pytest.raises(subprocess.CalledProcessError):
        typed(command_with("sha256sum"), archive)


def test_both_languages_give_the_same_commands() -> None:
    english, chinese = FIRST_AID.split("[中文]")

    for words in ("git clone", "lfs checkout", "for-each-ref", "tail -n 1", "grep", "fsck --full", "sha256sum"):
        assert words in english
        assert words in chinese
