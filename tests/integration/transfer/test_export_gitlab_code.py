"""What of a project export of GitLab is git: code, wikis, LFS objects; what becomes of damage and of hostile names."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from matou.model.metadata import AttachedFile, WikiPage
from matou.model.metadata.kinds import ISSUE, WIKI_PAGE
from matou.model.names import RepositoryPath
from matou.transfer.export.command import ExportOptions, ExportReport, export
from matou.transfer.export.gitlab import archive as gitlab_archive
from support.archive_with_metadata import ArchiveWithMetadata
from support.commits import commit_in
from support.git_repositories import git, init_bare, refs_of
from support.gitlab_export import GitLabExport
from support.metadata_items import BEGAN, comment, issue, markdown

BYTES = b"what LFS keeps"
OID = hashlib.sha256(BYTES).hexdigest()
LOST = "ab" * 32
GONE = "cd" * 32


def pointer(oid: str) -> bytes:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(BYTES)}\n".encode()


@pytest.fixture
def saved(tmp_path: Path) -> ArchiveWithMetadata:
    return ArchiveWithMetadata(tmp_path / "archive")


@pytest.fixture
def code(tmp_path: Path) -> Path:
    made = init_bare(tmp_path / "code.git")
    commit_in(made, {"a.bin": pointer(OID), "b.bin": pointer(LOST)}, "first", at=100)
    commit_in(made, {"c.bin": pointer(GONE)}, "forced away", at=101, branch="secret")
    git(made, "update-ref", "refs/matou/kept/1/heads/secret", "refs/heads/secret")
    git(made, "update-ref", "-d", "refs/heads/secret")
    return made


def exported(saved: ArchiveWithMetadata, to: Path, format_: str = "gitlab") -> ExportReport:
    return export(saved.archive, ExportOptions(to=to, format=format_, language="en"), lambda *_: None)


def unpacked(folder: Path, path: str) -> GitLabExport:
    name = path.rpartition("/")[2]
    return GitLabExport(folder / "out" / path / f"{name}.tar.gz", folder / "unpacked" / name)


def test_code_about_which_nothing_was_said_is_a_project_with_the_lfs_objects_behind_its_branches(
    saved: ArchiveWithMetadata, code: Path, tmp_path: Path
) -> None:
    saved.add_code("harbour/api", code)
    saved.archive.blobs.put_bytes(BYTES)
    saved.archive.blobs.put_bytes(b"secret")
    saved.add_lfs("harbour/api", {OID: len(BYTES), LOST: 5, GONE: 6})
    saved.run({})

    report = exported(saved, tmp_path / "out")

    found = unpacked(tmp_path, "harbour/api")
    assert (report.items, report.missing_files) == ({"harbour/api": 0}, 1)
    assert json.loads(found.text("lfs-objects.json")) == {OID: [0]}
    assert (found.folder / "lfs-objects" / OID).read_bytes() == BYTES
    assert found.strange_keys() == []
    git(None, "clone", "--quiet", "--mirror", str(found.folder / "project.bundle"), str(tmp_path / "there.git"))
    assert [str(name) for name in refs_of(tmp_path / "there.git")] == ["refs/heads/main"]


def test_a_repository_that_lies_beside_another_as_its_wiki_is_that_ones_wiki(
    saved: ArchiveWithMetadata, code: Path, tmp_path: Path
) -> None:
    wiki = init_bare(tmp_path / "wiki.git")
    commit_in(wiki, {"home.md": b"# Tides\n"}, "home", at=100, branch="master")
    saved.add_code("harbour/api", code, id_="42")
    saved.add_code("harbour/api-wiki", wiki, id_="42.wiki")
    saved.run({})

    report = exported(saved, tmp_path / "out")

    bundle = unpacked(tmp_path, "harbour/api").folder / "project.wiki.bundle"
    assert list(report.items) == ["harbour/api"]
    git(None, "clone", "--quiet", "--mirror", str(bundle), str(tmp_path / "there.git"))
    assert git(tmp_path / "there.git", "show", "master:home.md") == "# Tides"


def test_pages_of_a_project_are_the_wiki_of_its_project_and_begin_where_gitlab_looks(
    saved: ArchiveWithMetadata, tmp_path: Path
) -> None:
    saved.run({}, {"harbour": [(WIKI_PAGE, WikiPage(id="1", title="潮水", text=markdown("涨"), at=BEGAN))]})

    exported(saved, tmp_path / "out")

    bundle = GitLabExport(tmp_path / "out/harbour/-/harbour.tar.gz", tmp_path / "u").folder / "project.wiki.bundle"
    git(None, "clone", "--quiet", "--mirror", str(bundle), str(tmp_path / "there.git"))
    assert git(tmp_path / "there.git", "show", "master:潮水.md") == "涨"
    assert "潮水" in git(tmp_path / "there.git", "show", "master:home.md")


def test_of_a_damaged_repository_nothing_is_left_and_of_the_others_everything(
    saved: ArchiveWithMetadata, code: Path, tmp_path: Path
) -> None:
    saved.add_code("harbour/api", code)
    saved.add_code("harbour/whole", code)
    saved.run({"harbour/api": [(ISSUE, issue("1"))]})
    for pack in saved.archive.repository(RepositoryPath.parse("harbour/api")).glob("objects/**/*"):
        if pack.is_file():
            pack.unlink()

    report = exported(saved, tmp_path / "out")

    assert [path for path, _fault in report.faults] == ["harbour/api"]
    assert report.has_damage
    assert [path.name for path in sorted((tmp_path / "out/harbour").rglob("*.tar.gz"))] == ["whole.tar.gz"]
    assert not (tmp_path / "out/harbour/api").exists()


def test_an_item_longer_than_gitlab_reads_is_left_out_and_said(
    saved: ArchiveWithMetadata, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gitlab_archive, "LARGEST_LINE_BYTES", 10_000)
    long = replace(issue("1"), comments=(comment("1", "x" * 20_000),))
    saved.run({"harbour/api": [(ISSUE, long), (ISSUE, issue("2"))]})

    report = exported(saved, tmp_path / "out")

    assert [row["iid"] for row in unpacked(tmp_path, "harbour/api").rows("issues")] == [2]
    assert "issues 1" in str(report.faults[0][1])


def test_hostile_names_leave_the_archive_with_members_below_its_own_folders(
    saved: ArchiveWithMetadata, tmp_path: Path
) -> None:
    sha256 = saved.archive.blobs.put_bytes(b"x")
    names = ("../../a", "/etc/passwd", "a\nb", "..", "CON", "\udcff.png", "x" * 5000)
    files = tuple(AttachedFile(url=f"u{at}", name=name, sha256=sha256, size=1) for at, name in enumerate(names))
    saved.run({"harbour/api": [(ISSUE, replace(issue("1", "\udcff\0"), files=files, labels=("\udcff,",)))]})

    report = exported(saved, tmp_path / "out")

    found = unpacked(tmp_path, "harbour/api")
    assert report.faults == []
    assert all(member.isfile() and ".." not in member.name.split("/") for member in found.members)
    assert found.dangling() == []


def test_a_dump_for_gitea_has_code_about_which_nothing_was_said_too(
    saved: ArchiveWithMetadata, code: Path, tmp_path: Path
) -> None:
    saved.add_code("harbour/api", code)
    saved.run({})

    exported(saved, tmp_path / "out", "gitea")

    assert git(tmp_path / "out/harbour/api/git", "rev-parse", "main") == git(code, "rev-parse", "main")


def test_a_dump_for_gitea_has_the_wiki_beside_a_repository_on_the_branch_where_gitea_looks(
    saved: ArchiveWithMetadata, code: Path, tmp_path: Path
) -> None:
    wiki = init_bare(tmp_path / "wiki.git")
    tip = commit_in(wiki, {"home.md": b"# Tides\n"}, "home", at=100, branch="main")
    saved.add_code("harbour/api", code, id_="42")
    saved.add_code("harbour/api-wiki", wiki, id_="42.wiki")
    saved.run({})

    exported(saved, tmp_path / "out", "gitea")

    assert git(tmp_path / "out/harbour/api/git.wiki.git", "rev-parse", "master") == tip
