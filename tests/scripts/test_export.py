"""What `matou export` writes: pages that can do nothing, lines that lose nothing, tables that calculate nothing."""

import csv
import json
import re
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from xlsxwriter import Workbook

from matou.errors import Invalid
from matou.model.metadata import AttachedFile, CustomField, Issue
from matou.model.metadata.kinds import CHANGE, ISSUE, LABEL, PERSON, RELEASE
from matou.transfer.export import xlsx_workbook
from matou.transfer.export.csv_tables import _cell
from matou.transfer.export.xlsx_workbook import _Sheet
from support.archive_with_metadata import ArchiveWithMetadata
from support.chromium import PROGRAM, page_of, rows_of
from support.metadata_items import asset, change, comment, issue, label, markdown, person, release
from support.program import Person

PICTURE = b"\x89PNG tide"
VECTOR = b'<svg xmlns="http://www.w3.org/2000/svg"><script>document.title="owned"</script></svg>'
HOSTILE = """
<script>document.title = "owned"</script><img src=x onerror="document.title='owned'">
<svg onload="document.title='owned'"></svg> <a href="javascript:document.title='owned'">click</a>
<iframe src="https://evil.example/"></iframe> <style>body { display: none }</style>

![remote](https://evil.example/spy.png) <img src="https://evil.example/spy2.png" alt="remote2">
[data](data:text/html,<script>1</script>) <a href="file:///etc/passwd">local</a> `#7 in code`
<a title="<img src=//evil.example/x>" href="https://example.com/">title</a>
"""


def attached(archive: ArchiveWithMetadata, name: str, data: bytes) -> AttachedFile:
    sha256 = archive.archive.blobs.put_bytes(data)
    url = f"https://gitee.com/uploads/{name}"
    return AttachedFile(url=url, sha256=sha256, size=len(data), name=name)


@pytest.fixture
def saved(tmp_path: Path) -> ArchiveWithMetadata:
    made = ArchiveWithMetadata(tmp_path / "archive")
    picture, vector = attached(made, "tide.png", PICTURE), attached(made, "../evil.svg", VECTOR)
    body = f"潮水表见 ![图]({picture.url})，另见 #12、!3 和 #99。\n\n| a | b |\n|---|---|\n| 1 | 2 |\n{HOSTILE}"
    first = replace(
        issue("7", "<script>document.title='owned'</script>潮水表", comments=(comment("1", "评论里的暗语"),)),
        text=markdown(body),
        files=(picture, vector, AttachedFile(url="u", name="lost.pdf", missing="404")),
    )
    field = CustomField(name="=负责人", value="@SUM(1)")
    second = replace(issue("12", "=HYPERLINK(1)"), fields=(field,), children=("7",), parent="7", type=None)
    values = [(PERSON, person("17", "<b>张三</b>")), (ISSUE, first), (ISSUE, second), (CHANGE, change("3"))]
    sha256 = made.archive.blobs.put_bytes(b"a zip file!!")
    values += [(RELEASE, release("v1.0/beta", asset("app.zip", sha256=sha256))), (LABEL, label())]
    made.run({"harbour/api": values}, {"harbour": [(ISSUE, issue("1", "项目的需求"))]})
    return made


@pytest.fixture
def pages(saved: ArchiveWithMetadata, person: Person, tmp_path: Path) -> Path:
    person.matou("export", saved.archive.root, "--to", tmp_path / "out", code=3)
    return tmp_path / "out"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags_of(path: Path) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(path.read_text())
    return parser.found


def test_what_people_wrote_can_do_nothing(pages: Path) -> None:
    tags = tags_of(pages / "harbour/api/issues/7.html")

    assert not {tag for tag, _ in tags} & {"script", "iframe", "svg", "object", "embed", "form"}
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on") or name == "style"]
    sources = [attributes["src"] for tag, attributes in tags if tag == "img"]
    assert len(sources) == 1
    assert re.fullmatch(r"\.\./files/[0-9a-f]{64}/tide\.png", str(sources[0]))
    links = {str(attributes.get("href")) for tag, attributes in tags if tag == "a"}
    assert {
        "https://evil.example/spy.png",
        "https://evil.example/spy2.png",
        "12.html",
        "../changes/3.html",
    } - links == {"12.html"}
    assert not [link for link in links if link.startswith(("javascript:", "data:", "file:", "//"))]


def test_numbers_lead_to_their_pages_but_not_in_code_nor_where_there_is_none(pages: Path) -> None:
    text = (pages / "harbour/api/issues/7.html").read_text()

    assert re.search(r'<a href="\.\./issues/12\.html"[^>]*>#12</a>', text)
    assert re.search(r'<a href="\.\./changes/3\.html"[^>]*>!3</a>', text)
    assert "<code>#7 in code</code>" in text
    assert "#99" in text
    assert ">#99</a>" not in text


def test_every_link_within_leads_to_a_file(pages: Path) -> None:
    for path in pages.rglob("*.html"):
        for _, attributes in tags_of(path):
            for target in filter(None, (attributes.get("href"), attributes.get("src"))):
                if not target.startswith(("https:", "#", "mailto:")):
                    assert (path.parent / target.partition("#")[0]).is_file(), (path, target)


def test_files_lie_beside_under_names_that_no_browser_runs(pages: Path) -> None:
    files = {path.name: path.read_bytes() for path in (pages / "harbour/api/files").rglob("*") if path.is_file()}

    assert files["tide.png"] == PICTURE
    assert files["app.zip"] == b"a zip file!!"
    (vector,) = (name for name, data in files.items() if data == VECTOR)
    assert vector.endswith(".txt")
    assert "lost.pdf (not saved: 404)" in (pages / "harbour/api/issues/7.html").read_text()


def test_what_belongs_to_a_namespace_has_a_folder_of_its_own(pages: Path) -> None:
    assert "项目的需求" in (pages / "harbour/-/issues/1.html").read_text()
    assert {attributes.get("href") for tag, attributes in tags_of(pages / "index.html") if tag == "a"} == {
        "harbour/-/index.html",
        "harbour/api/index.html",
    }


@pytest.mark.skipif(PROGRAM is None, reason="no Chromium")
def test_chromium_shows_and_searches_the_pages_from_the_file_system(pages: Path, tmp_path: Path) -> None:
    index = pages / "harbour/api/index.html"

    everything = page_of(index, tmp_path / "profile")
    assert 'data-ready="yes"' in everything
    assert [row.split()[0] for row in rows_of(everything)] == ["#12", "#7", "!3", "v1.0/beta"]
    assert [row.split()[0] for row in rows_of(page_of(index, tmp_path / "profile", fragment="#q=暗语"))] == ["#7"]
    assert "<title>&lt;script&gt;" in page_of(pages / "harbour/api/issues/7.html", tmp_path / "profile")
    assert "owned</title>" not in everything


def test_lines_of_json_lose_nothing(saved: ArchiveWithMetadata, person: Person, tmp_path: Path) -> None:
    person.matou("export", saved.archive.root, "--to", tmp_path / "out", "--format", "jsonl", code=3)

    lines = (tmp_path / "out/harbour/api/issue.jsonl").read_text().splitlines()
    shown = person.matou("show", saved.archive.root, "harbour/api", "--issues", "--json").out.splitlines()
    assert [json.loads(line) for line in lines] == [json.loads(line) for line in shown]
    assert [json.loads(line)["number"] for line in lines] == ["12", "7"]
    assert json.loads((tmp_path / "out/harbour/api/label.jsonl").read_text())["name"] == "错误"


def test_tables_have_every_field_and_nothing_that_a_spreadsheet_calculates(
    saved: ArchiveWithMetadata, person: Person, tmp_path: Path
) -> None:
    person.matou("export", saved.archive.root, "--to", tmp_path / "out", "--format", "csv", code=3)

    path = tmp_path / "out/harbour/api/issues.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        second, first = csv.DictReader(file)
    assert (second["title"], second["field: =负责人"]) == ("'=HYPERLINK(1)", "'@SUM(1)")
    assert (second["parent"], second["children"]) == ("7", "7")
    assert first["files"].startswith("files/")
    assert (tmp_path / "out/harbour/api" / first["files"].split("; ")[0]).read_bytes() == PICTURE
    with (tmp_path / "out/harbour/api/issue-comments.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["text"] for row in csv.DictReader(file)] == ["评论里的暗语"]


def test_markdown_keeps_each_text_within_its_quote_and_titles_literal(
    saved: ArchiveWithMetadata, person: Person, tmp_path: Path
) -> None:
    from markdown_it import MarkdownIt

    unclosed = issue(
        "20", "[x](javascript:1) | *y*", comments=(comment("1", "```\nnever closed"), comment("2", "after"))
    )
    saved.run({"harbour/api": [(ISSUE, unclosed)]})
    person.matou("export", saved.archive.root, "--to", tmp_path / "out", "--format", "markdown", code=3)

    folder = tmp_path / "out/harbour/api"
    render = MarkdownIt("commonmark").render
    item = render((folder / "issues/20.md").read_text())
    assert "<h1>#20 [x](javascript:1) | *y*</h1>" in item
    assert "<p>after</p>" in item
    assert "../files/" in (folder / "issues/7.md").read_text()
    links = re.findall(r'href="([^"]+)"', render((folder / "README.md").read_text()))
    assert {"issues/20.md", "issues/7.md", "changes/3.md"} <= set(links)
    assert all((folder / link).is_file() for link in links)


def test_a_workbook_has_the_same_tables_and_no_formula(
    saved: ArchiveWithMetadata, person: Person, tmp_path: Path
) -> None:
    person.matou("export", saved.archive.root, "--to", tmp_path / "out", "--format", "xlsx", code=3)

    with zipfile.ZipFile(tmp_path / "out/harbour/api/items.xlsx") as workbook:
        sheets = [workbook.read(name).decode() for name in workbook.namelist() if "worksheets/sheet" in name]
        names = re.findall(r'<sheet name="([^"]+)"', workbook.read("xl/workbook.xml").decode())
    assert names[:3] == ["issues", "issue-comments", "issue-events"]
    assert names[3:] == ["changes", "change-comments", "change-events", "releases", "labels"]
    assert "<t>=HYPERLINK(1)</t>" in sheets[0]
    assert "评论里的暗语" in sheets[1]
    assert not [sheet for sheet in sheets if "<f>" in sheet or "<hyperlink" in sheet]


def test_a_folder_with_something_in_it_is_left_alone(
    saved: ArchiveWithMetadata, person: Person, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine").touch()

    ended = person.matou("export", saved.archive.root, "--to", tmp_path / "out", code=2)

    assert "holds something already" in ended.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]
    assert not list(tmp_path.glob("*.partial"))


def test_a_damaged_item_is_told_and_the_others_are_exported(
    saved: ArchiveWithMetadata, person: Person, tmp_path: Path
) -> None:
    newer = Issue(number="8", title="x", state="open", by="17")
    saved.run({"harbour/web": [(ISSUE, newer), (ISSUE, issue("9"))]})
    packs = saved.archive.root / "metadata/harbour/api.git/objects/pack"
    for pack in packs.glob("*.pack"):
        pack.chmod(0o600)
        pack.write_bytes(pack.read_bytes()[:40])

    ended = person.matou("export", saved.archive.root, "--to", tmp_path / "out", code=5)

    assert "harbour/api" in ended.err
    assert (tmp_path / "out/harbour/web/issues/8.html").is_file()


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠"])
def test_no_beginning_of_a_text_makes_it_a_formula(beginning: str) -> None:
    assert _cell(f"{beginning}1+1") == f"'{beginning}1+1"


def test_numbers_that_no_spreadsheet_has_are_texts(tmp_path: Path) -> None:
    numbers = [10**400, -(2**70), float("nan"), float("inf"), 1.5e308, 2**53, -3, 0.5]
    with Workbook(str(tmp_path / "numbers.xlsx")) as workbook:
        _Sheet(workbook, "n", (), workbook.add_format()).add(numbers)

    sheet = zipfile.ZipFile(tmp_path / "numbers.xlsx").read("xl/worksheets/sheet1.xml").decode()
    assert re.findall(r"<v>([^<]*)</v></c>", sheet)[-3:] == ["9007199254740992", "-3", "0.5"]
    assert sheet.count('t="s"') + sheet.count('t="inlineStr"') == 5


def test_a_table_that_is_too_long_for_a_sheet_goes_on_on_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx_workbook, "MOST_ROWS", 3)
    with Workbook(str(tmp_path / "long.xlsx"), {"constant_memory": True}) as workbook:
        sheet = _Sheet(workbook, "issues", ("number",), workbook.add_format())
        for number in range(5):
            sheet.add([number])

    with zipfile.ZipFile(tmp_path / "long.xlsx") as written:
        sheets = [written.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (1, 2, 3)]
        names = re.findall(r'sheet name="([^"]*)"', written.read("xl/workbook.xml").decode())
    assert names == ["issues", "issues 2", "issues 3"]
    assert [re.findall(r"<v>(\d)</v>", sheet) for sheet in sheets] == [["0", "1"], ["2", "3"], ["4"]]


def test_a_table_with_more_columns_than_a_sheet_has_is_refused(tmp_path: Path) -> None:
    heads = tuple(map(str, range(xlsx_workbook.MOST_COLUMNS + 1)))
    with (
        Workbook(str(tmp_path / "wide.xlsx"), {"constant_memory": True}) as workbook,
        pytest.raises(Invalid, match="16385 columns"),
    ):
        _Sheet(workbook, "issues", heads, workbook.add_format())
