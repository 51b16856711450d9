"""What every format has beside issues, change requests and releases: events, wiki pages, announcements, tables."""

import csv
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pygit2
import pytest

from matou.archive.metadata import reader
from matou.git.odb.blobs import read_blob
from matou.git.odb.objects import TooLargeToRead
from matou.model.metadata import Announcement, MetadataValue, Milestone, TimelineEvent, WikiPage
from matou.model.metadata.kinds import (
    ANNOUNCEMENT,
    COMMIT_COMMENT,
    ISSUE,
    LABEL,
    MILESTONE,
    PERSON,
    WIKI_PAGE,
    MetadataKind,
)
from matou.model.names import ObjectId
from matou.transfer.export.command import ExportOptions, export
from matou.transfer.export.formats import FORMATS
from support.archive_with_metadata import ArchiveWithMetadata
from support.metadata_items import BEGAN, comment, commit_comment, issue, label, markdown, person

HOSTILE = "<script>1</script>"


@pytest.fixture
def saved(tmp_path: Path) -> ArchiveWithMetadata:
    made = ArchiveWithMetadata(tmp_path / "archive")
    closed = TimelineEvent(id="5", kind="closed", by="17", at=BEGAN, data={})
    named = TimelineEvent(kind="labeled", by="17", at=BEGAN.replace(year=2025), data={"label": HOSTILE})
    told = TimelineEvent(kind="other", data={}, text="关联了 =1+1")
    first = replace(issue("7", comments=(comment("1", "最后说的"),)), events=(closed, named, told), milestone="1")
    wiki = WikiPage(id="3", title="值班表", text=markdown(f"周一 {HOSTILE}"), by="17", updated_at=BEGAN)
    news = Announcement(id="4", title="=停航", text=markdown("台风"), by="17", at=BEGAN)
    milestone = Milestone(number="1", title="第一版", state="open", kind="milestone", text=markdown(HOSTILE))
    values: list[tuple[MetadataKind, MetadataValue]] = [
        (ISSUE, first),
        (WIKI_PAGE, wiki),
        (ANNOUNCEMENT, news),
        (LABEL, replace(label(), description=HOSTILE)),
        (MILESTONE, milestone),
        (PERSON, person("17", "张三")),
        (COMMIT_COMMENT, commit_comment("401", HOSTILE)),
    ]
    made.run({}, {"harbour": values})
    return made


def exported(saved: ArchiveWithMetadata, to: Path, kind: str, *, language: str = "en") -> Path:
    report = export(
        saved.archive, ExportOptions(to=to, format=kind, language=language), lambda _path, _done, _all: None
    )
    assert (report.faults, report.missing_files) == ([], 0)
    return to / "harbour/-"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_pages_show_events_among_the_comments_by_time(saved: ArchiveWithMetadata, tmp_path: Path) -> None:
    page = (exported(saved, tmp_path / "out", "html") / "issues/7.html").read_text()

    said = ("关联了 =1+1", "added a label &lt;script&gt;", "最后说的", "closed it")
    places = [page.index(text) for text in said]
    assert places == sorted(places)


def test_wiki_pages_and_announcements_have_pages_of_their_own(saved: ArchiveWithMetadata, tmp_path: Path) -> None:
    folder = exported(saved, tmp_path / "out", "html")

    (wiki,) = (folder / "wiki").glob("*.html")
    (news,) = (folder / "announcements").glob("*.html")
    assert "周一" in wiki.read_text()
    assert "<script>1" not in wiki.read_text()
    assert "台风" in news.read_text()
    listed = (folder / "items-1.js").read_text()
    assert '"值班表","wiki page","张三"' in listed
    assert '"=停航","announcement","张三"' in listed


def test_labels_and_milestones_have_pages_that_lead_to_their_items(saved: ArchiveWithMetadata, tmp_path: Path) -> None:
    folder = exported(saved, tmp_path / "out", "html")

    for name, title in (("labels", "错误"), ("milestones", "第一版")):
        page = (folder / f"{name}.html").read_text()
        assert f">{title}</a>" in page
        assert 'href="index.html#q=%' in page
        assert HOSTILE not in page
        assert f'href="{name}.html"' in (folder / "index.html").read_text()
    assert "第一版" in (folder / "search-1.js").read_text()


def test_the_words_around_are_in_the_language_that_was_wanted(saved: ArchiveWithMetadata, tmp_path: Path) -> None:
    chinese = exported(saved, tmp_path / "zh", "html", language="zh")
    english = exported(saved, tmp_path / "en", "html", language="en")

    assert "关闭了" in (chinese / "issues/7.html").read_text()
    assert '<html lang="zh">' in (chinese / "index.html").read_text()
    assert "closed it" in (english / "issues/7.html").read_text()
    assert ">title<" in (english / "index.html").read_text()


def test_markdown_has_them_too(saved: ArchiveWithMetadata, tmp_path: Path) -> None:
    folder = exported(saved, tmp_path / "out", "markdown")

    assert "- 2026\\-01\\-01 08:00 UTC · 张三 · closed it" in (folder / "issues/7.md").read_text()
    readme = (folder / "README.md").read_text()
    assert all((folder / link).is_file() for link in re.findall(r"\]\(([^)]+)\)", readme))
    assert "值班表" in readme
    assert "停航" in readme


def test_markdown_lists_labels_and_milestones(saved: ArchiveWithMetadata, tmp_path: Path) -> None:
    folder = exported(saved, tmp_path / "out", "markdown")

    assert "| 错误 | \\#ff0000 |" in (folder / "labels.md").read_text()
    assert "| 第一版 | milestone | open |" in (folder / "milestones.md").read_text()
    assert "- [labels](labels.md)\n- [milestones](milestones.md)" in (folder / "README.md").read_text()


@pytest.mark.parametrize("format_name", FORMATS)
def test_what_is_too_long_to_be_read_is_told_and_ends_nothing(
    saved: ArchiveWithMetadata, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_name: str
) -> None:
    def read(repository: pygit2.Repository, blob: ObjectId, *, largest_bytes: int) -> bytes:
        content = read_blob(repository, blob, largest_bytes=largest_bytes)
        if b'"number": "7"' in content:
            raise TooLargeToRead("it is too long")
        return content

    monkeypatch.setattr(reader, "read_blob", read)

    options = ExportOptions(to=tmp_path / "out", format=format_name, language="en")
    report = export(saved.archive, options, lambda _path, _done, _all: None)

    assert {path for path, fault in report.faults} == {"harbour"}
    assert {type(fault) for path, fault in report.faults} == {TooLargeToRead}
    assert not report.has_damage
    assert (tmp_path / "out/harbour/-").is_dir()


def test_tables_have_a_row_for_each(saved: ArchiveWithMetadata, tmp_path: Path) -> None:
    folder = exported(saved, tmp_path / "out", "csv")

    assert [row["kind"] for row in rows(folder / "issue-events.csv")] == ["closed", "labeled", "other"]
    assert [(row["id"], row["title"]) for row in rows(folder / "wiki.csv")] == [("3", "值班表")]
    assert [row["title"] for row in rows(folder / "announcements.csv")] == ["'=停航"]
    assert [row["name"] for row in rows(folder / "labels.csv")] == ["错误"]
    assert [row["title"] for row in rows(folder / "milestones.csv")] == ["第一版"]


def test_a_workbook_has_times_that_excel_sorts_by(saved: ArchiveWithMetadata, tmp_path: Path) -> None:
    folder = exported(saved, tmp_path / "out", "xlsx")

    with zipfile.ZipFile(folder / "items.xlsx") as workbook:
        issues = workbook.read("xl/worksheets/sheet1.xml").decode()
        styles = workbook.read("xl/styles.xml").decode()
    # Days since the end of 1899, as Excel counts: 8 o'clock on the first day of 2026.
    assert re.search(r'<c r="[A-Z]+2" s="1"><v>46023\.33333', issues)
    assert "yyyy-mm-dd hh:mm:ss" in styles


def test_comments_on_commits_are_a_table_of_every_format(saved: ArchiveWithMetadata, tmp_path: Path) -> None:
    html = (exported(saved, tmp_path / "html", "html") / "commit-comments.html").read_text()
    markdown_ = (exported(saved, tmp_path / "markdown", "markdown") / "commit-comments.md").read_text()
    [row] = rows(exported(saved, tmp_path / "csv", "csv") / "commit-comments.csv")
    [line] = (exported(saved, tmp_path / "jsonl", "jsonl") / "commit-comment.jsonl").read_text().splitlines()

    assert f"<td>{'c' * 40}</td><td>张三</td>" in html
    assert "tide.py:3" in html
    assert "<script>alert" not in html
    assert "tide\\.py:3" in markdown_
    assert (row["id"], row["commit"], row["path"], row["line"], row["author"]) == (
        "401",
        "c" * 40,
        "tide.py",
        "3",
        "张三",
    )
    assert json.loads(line)["text"]["body"] == HOSTILE
