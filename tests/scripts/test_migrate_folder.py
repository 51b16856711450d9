"""`matou migrate --to folder`: what another forge imports by hand, by the name that people who move away look for."""

import json
import tarfile
from pathlib import Path

import pytest

from matou.model.metadata import ProtectionRule, Webhook
from matou.model.metadata.kinds import HOOK, ISSUE, PROTECTION
from support.archive_with_metadata import ArchiveWithMetadata
from support.metadata_items import issue
from support.program import Person


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    made = ArchiveWithMetadata(tmp_path / "archive")
    hook = Webhook(id="1", url="https://example.com/hook")
    rule = ProtectionRule(pattern="main", target="branch")
    made.run({"harbour/api": [(ISSUE, issue("7")), (HOOK, hook), (PROTECTION, rule)]})
    return tmp_path / "archive"


def test_a_folder_gets_what_a_gitlab_imports_and_the_new_numbers(person: Person, archive: Path, tmp_path: Path) -> None:
    words = ("migrate", archive, "--to", "folder", tmp_path / "out", "--format", "gitlab", "--json")

    report = json.loads(person.matou(*words).out)

    assert report["repositories"] == [{"path": "harbour/api", "items": 1}]
    assert report["left_behind"] == {"webhooks": 1}
    with tarfile.open(tmp_path / "out/harbour/api/api.tar.gz") as tar:
        assert {"VERSION", "tree/project.json", "tree/project/issues.ndjson"} <= set(tar.getnames())
    assert (tmp_path / "out/harbour/api/numbers.csv").read_text() == "kind,source,target\nissue,7,7\n"


def test_a_folder_needs_to_be_named_and_a_platform_its_address(person: Person, archive: Path, tmp_path: Path) -> None:
    no_folder = person.matou("migrate", archive, "--to", "folder", "--format", "gitea", code=2)
    no_format = person.matou("migrate", archive, tmp_path / "out", "--to", "folder", code=2)
    no_address = person.matou("migrate", archive, "--to", "gitee", "--namespace", "x", code=2)

    assert "missing argument: FOLDER" in no_folder.err
    assert "missing option: --format (choose from gitea, gitlab)" in no_format.err
    assert "missing option: --url" in no_address.err


def test_a_dry_run_says_what_would_be_written_and_writes_none(person: Person, archive: Path, tmp_path: Path) -> None:
    ended = person.matou("migrate", archive, tmp_path / "out", "--to", "folder", "--format", "gitea", "--dry-run")

    out, err = ended.out, ended.err

    assert "harbour/api: would be written" in out
    assert "webhooks: 1, which stay in the archive" in err
    assert "protected branches and tags: 1, which stay" in err
    assert not (tmp_path / "out").exists()
