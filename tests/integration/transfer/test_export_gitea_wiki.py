"""A wiki that is no git repository comes to Gitea as the one that Gitea keeps beside a repository, with its history."""

from datetime import timedelta
from pathlib import Path

import pytest

from matou.model.metadata import AttachedFile, MarkupText, WikiPage, WikiVersion
from matou.model.metadata.kinds import PERSON, WIKI_PAGE, WIKI_VERSION
from matou.transfer.export.command import ExportOptions, export
from support.archive_with_metadata import ArchiveWithMetadata
from support.git_repositories import assert_sound, git
from support.metadata_items import BEGAN, markdown, person

PICTURE = b"\x89PNG a crane"
ADDRESS = "/api/project/1/files/2/imagePreview"


def page(id_: str, title: str, text: str, **values: object) -> WikiPage:
    return WikiPage(id=id_, title=title, text=markdown(text), at=BEGAN, **values)  # type: ignore[arg-type]


def version(page_id: str, number: int, text: str, **values: object) -> WikiVersion:
    at = BEGAN + timedelta(days=10 * int(page_id) + number)
    given = {"title": f"第{number}版", "text": markdown(text), "at": at, "by": "17", **values}
    return WikiVersion(page=page_id, version=number, **given)  # type: ignore[arg-type]


@pytest.fixture
def saved(tmp_path: Path) -> ArchiveWithMetadata:
    return ArchiveWithMetadata(tmp_path / "archive")


def wiki_of(saved: ArchiveWithMetadata, to: Path, *values: WikiPage | WikiVersion) -> Path:
    kinds = {WikiPage: WIKI_PAGE, WikiVersion: WIKI_VERSION}
    rows = [(kinds[type(value)], value) for value in values]
    saved.run({}, {"harbour": [(PERSON, person("17", "张三")), *rows]})
    report = export(saved.archive, ExportOptions(to=to, format="gitea", language="en"), lambda *_: None)
    assert report.faults == []
    return to / "harbour" / "-" / "git.wiki.git"


def shown(wiki: Path, path: str, commit: str = "master") -> str:
    return git(wiki, "show", f"{commit}:{path}")


def test_pages_are_files_of_markdown_with_their_history_and_who_wrote_it(
    saved: ArchiveWithMetadata, tmp_path: Path
) -> None:
    wiki = wiki_of(
        saved,
        tmp_path / "out",
        page("1", "码头 怎样用", "新的"),
        version("1", 1, "旧的"),
        version("1", 2, "新的"),
        page("2", "灯塔", "灯", parent="1"),
        version("2", 1, "灯"),
    )

    assert_sound(wiki)
    assert git(wiki, "symbolic-ref", "HEAD") == "refs/heads/master"
    assert git(wiki, "log", "--reverse", "--format=%an %s", "master").splitlines() == [
        "张三 第1版",
        "张三 第2版",
        "张三 第1版",
        "Matou list of pages",
    ]
    assert (shown(wiki, "码头-怎样用.md"), shown(wiki, "码头-怎样用.md", "master~3")) == ("新的", "旧的")
    assert git(wiki, "log", "-1", "--format=%at", "master~3") == str(int((BEGAN + timedelta(days=11)).timestamp()))
    home = shown(wiki, "Home.md")
    assert home.splitlines() == [
        "* [码头 怎样用](%E7%A0%81%E5%A4%B4-%E6%80%8E%E6%A0%B7%E7%94%A8)",
        "  * [灯塔](%E7%81%AF%E5%A1%94)",
    ]


def test_pictures_are_in_it_and_texts_lead_to_them(saved: ArchiveWithMetadata, tmp_path: Path) -> None:
    sha256 = saved.archive.blobs.put_bytes(PICTURE)
    file = AttachedFile(url=ADDRESS, name="吊 车.png", sha256=sha256, size=len(PICTURE))
    lost = AttachedFile(url=f"{ADDRESS}2", name="lost.png", missing="404")

    wiki = wiki_of(saved, tmp_path / "out", page("1", "Home", f"![]({ADDRESS}) ![]({ADDRESS}2)", files=(file, lost)))

    [path] = [name for name in git(wiki, "ls-tree", "-rz", "--name-only", "master").split("\0") if "files/" in name]
    # Gitea takes a space and a hyphen in an address for one another.
    assert path == f"files/{sha256}/吊_车.png"
    assert git(wiki, "cat-file", "-s", f"master:{path}") == str(len(PICTURE))
    text = shown(wiki, "Home.md")
    assert text.startswith(f"![](files/{sha256}/%")
    # One that is not there keeps its address, though it begins as the other's does.
    assert text.endswith(f"![]({ADDRESS}2)")


@pytest.mark.parametrize(
    "title", ["../../x", "CON", "a/b", ".git", "_Sidebar", "raw", "", "100%+?#", "\ud800", "长" * 300]
)
def test_no_title_leads_out_of_it_or_to_what_is_no_page(saved: ArchiveWithMetadata, tmp_path: Path, title: str) -> None:
    wiki = wiki_of(saved, tmp_path / "out", page("1", title, "一"), page("2", title, "二"))

    assert_sound(wiki)
    names = git(wiki, "ls-tree", "-rz", "--name-only", "master").strip("\0").split("\0")
    assert len(names) == 3
    assert [name for name in names if "/" in name or not name.endswith(".md")] == []
    assert {"_Sidebar.md", "raw.md"}.isdisjoint(names)
    assert sorted(shown(wiki, name) for name in names if name != "Home.md") == ["一", "二"]


def test_where_there_is_no_page_there_is_no_wiki(saved: ArchiveWithMetadata, tmp_path: Path) -> None:
    assert not wiki_of(saved, tmp_path / "out").exists()


def test_what_is_not_text_for_git_is_made_so(saved: ArchiveWithMetadata, tmp_path: Path) -> None:
    text = MarkupText(markup="markdown", body="\ud83d 一半")

    wiki = wiki_of(
        saved, tmp_path / "out", WikiPage(id="1", title="\0", text=text, by="17"), version("1", 1, "", title="\0")
    )

    assert_sound(wiki)
    assert git(wiki, "log", "--format=%s", "master").splitlines()[1:] == ["-", "-"]
