"""The pages about code, over one server: history, comparison, branches, tags and archives."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from html import unescape
from urllib.parse import quote

import pytest
import urllib3

from matou.db.lfs_objects import LfsLink
from matou.forge.push.lfs import link
from matou.git.operations.differences import MOST_FILES
from matou.model.names import ObjectId, object_id
from matou.model.platform import Visibility
from support.git_repositories import AUTHOR, EPOCH, annotated_tag, commit_stream, fast_import, git
from support.matou_server import MatouServer

HTTP = urllib3.PoolManager(retries=False)
HOSTILE = "<img src=x onerror=alert(1)>\u202e\x1b[2J"
LINES = b"".join(b"line %d\n" % number for number in range(40))


class Site:
    """What a browser without an account is shown of one public repository."""

    def __init__(self, server: MatouServer) -> None:
        self.server = server
        self.repository = server.repository(visibility=Visibility.PUBLIC)
        self.git_dir = server.git_dir(self.repository)
        self.url = f"/{self.repository.path}"

    def commit(
        self, files: Mapping[str, bytes | None], message: str, *, branch: str = "main", number: int = 0
    ) -> ObjectId:
        """One more commit; None takes a file away."""
        said, ref = message.encode(), f"refs/heads/{branch}"
        stream = [
            f"commit {ref}\ncommitter {AUTHOR} {EPOCH + number} +0800\ndata {len(said)}\n".encode() + said + b"\n"
        ]
        if git(self.git_dir, "for-each-ref", ref):
            stream.append(f"from {ref}^0\n".encode())
        for path, content in files.items():
            name = path.replace("\\", "\\\\").replace('"', '\\"').encode()
            changed = b"" if content is None else b"\ndata %d\n%b" % (len(content), content)
            stream.append((b'D "%b"' if content is None else b'M 100644 inline "%b"') % name + changed + b"\n")
        fast_import(self.git_dir, b"".join(stream))
        return object_id(git(self.git_dir, "rev-parse", ref))

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        return HTTP.request("GET", self.server.url + self.url + path, headers=headers, redirect=False)

    def page(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status == 200, (path, answer.status, answer.data[:2000])
        text = answer.data.decode()
        assert_harmless(text)
        return text


def assert_harmless(page: str) -> None:
    """Nothing that others wrote is a tag, runs, or turns text around."""
    tags = re.findall(r"<[^>]*>", page)
    assert not [tag for tag in tags if "onerror" in tag or "javascript:" in tag]
    assert len(re.findall(r"<script", page)) == 1
    shown = re.sub(r'value="[^"]*"', "", page)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\u2066-\u2069]", shown)
    assert len(page.encode()) < 100_000


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


@pytest.fixture
def site(matou_server: MatouServer) -> Site:
    return Site(matou_server)


def test_a_commit_is_shown_with_what_it_changed(site: Site) -> None:
    first = site.commit({"a.txt": LINES, "b.bin": b"\0\1", "c.txt": b"c\n" * 20}, "first")
    second = site.commit(
        {"a.txt": LINES.replace(b"line 7\n", b"line seven\n"), "b.bin": b"\0\2"},
        "Change a line\n\nWhy: seven.",
        number=1,
    )
    page = site.page(f"/-/commit/{second}")

    assert "Change a line" in text_of(page)
    assert "Why: seven." in text_of(page)
    assert "line <mark>7</mark>" in page
    assert "line <mark>seven</mark>" in page
    assert "This file is no text" in page
    assert f'href="{site.url}/-/commit/{first}"' in page
    assert f'href="{site.url}/-/blob/{second}/a.txt"' in page


def test_a_commit_is_found_by_a_branch_and_by_the_beginning_of_its_id(site: Site) -> None:
    commit = site.commit({"a": b"a\n"}, "a")

    assert {site.get(f"/-/commit/{name}").headers["location"] for name in ("main", commit[:9])} == {
        f"{site.url}/-/commit/{commit}"
    }
    assert site.get(f"/-/commit/{'1' * 40}").status == 404


def test_a_rename_is_shown_as_one_and_spaces_are_left_out_on_demand(site: Site) -> None:
    site.commit({"old.txt": LINES}, "first")
    changed = LINES.replace(b"line 3\n", b"line  3\n")
    commit = site.commit({"new.txt": changed, "old.txt": None}, "rename", number=1)

    page = site.page(f"/-/commit/{commit}")
    without = site.page(f"/-/commit/{commit}?w=1")

    assert "old.txt → new.txt" in text_of(page)
    assert "+1" in text_of(page)
    assert "Renamed without a change" in without


def test_side_by_side_holds_the_same_lines(site: Site) -> None:
    site.commit({"a": b"one\ntwo\n"}, "first")
    commit = site.commit({"a": b"one\n2\n"}, "second", number=1)

    page = site.page(f"/-/commit/{commit}?view=split")

    row = next(row for row in page.split("<tr>") if "two" in row)
    assert re.search(r'class="removed">two</td>.*class="added">2</td>', row)


def test_a_commit_of_many_files_is_paged_and_a_long_one_is_folded(site: Site) -> None:
    site.commit({"a": b"a\n"}, "first")
    files = {f"file{number:03d}": b"some line of text\n" * 60 for number in range(60)} | {"long": LINES * 100}
    commit = site.commit(files, "many", number=1)

    first = site.page(f"/-/commit/{commit}")
    last = int(re.findall(r"Page 1 of ([0-9]+)", first)[0])
    pages = [first, *(site.page(f"/-/commit/{commit}?page={number}") for number in range(2, last + 1))]
    folded = "".join(pages)

    assert sum(page.count('<section class="diff"') for page in pages) == len(files)
    assert len(set(re.findall(r'id="(f[0-9]+)"', folded))) == len(files)
    alone = re.search(r'href="(\?file=[0-9]+)">Show 4,000 changed lines', folded)
    assert alone is not None
    assert "line 39" in site.page(f"/-/commit/{commit}{alone[1]}")
    assert "line 39" in site.page(f"/-/commit/{commit}{alone[1]}&page=3")


def test_more_files_than_are_shown_are_told(site: Site) -> None:
    site.commit({"a": b"a\n"}, "first")
    commit = site.commit({f"{number}": b"x\n" for number in range(MOST_FILES + 1)}, "many", number=1)

    assert "only a part of it stands here" in site.page(f"/-/commit/{commit}")


def test_a_note_of_git_notes_is_shown(site: Site) -> None:
    commit = site.commit({"a": b"a\n"}, "first")
    git(site.git_dir, "notes", "add", "-m", "Reviewed by Hán Měi <script>", commit)

    assert "Reviewed by Hán Měi <script>" in text_of(site.page(f"/-/commit/{commit}"))


def test_commits_are_listed_found_and_paged(site: Site) -> None:
    stream = [
        commit_stream("main", {"dir/x" if n % 2 else "y": b"%d\n" % n}, f"commit {n}", number=n) for n in range(70)
    ]
    fast_import(site.git_dir, b"".join(stream))

    first, second = site.page("/-/commits/main"), site.page("/-/commits/main?page=2")
    below = site.page("/-/commits/main/dir")

    assert re.findall(r">commit ([0-9]+)<", first) == [str(number) for number in range(69, 19, -1)]
    assert re.findall(r">commit ([0-9]+)<", second) == [str(number) for number in range(19, -1, -1)]
    assert re.findall(r">commit ([0-9]+)<", below) == [str(number) for number in range(69, 0, -2)]
    assert re.findall(r">commit ([0-9]+)<", site.page("/-/commits/main?message=COMMIT+33")) == ["33"]
    assert "No commit is like this" in site.page("/-/commits/main?author=nobody")
    assert "No commit is like this" in site.page("/-/commits/main?message=--all%00")


def test_branches_and_tags_are_found_the_default_first(site: Site) -> None:
    for number in range(3):
        site.commit({"a": b"%d\n" % number}, f"m{number}", number=number)
    git(site.git_dir, "update-ref", "refs/heads/feature/x", "main~1")
    site.commit({"b": b"b\n"}, "on a branch", branch="feature/x", number=9)
    annotated_tag(site.git_dir, "v1.0", "main")
    annotated_tag(site.git_dir, "of-a-blob", "main:a")

    branches, tags = site.page("/-/branches"), site.page("/-/tags")

    assert branches.index("/-/tree/main") < branches.index("/-/tree/feature/x")
    assert "1 commit ahead" in text_of(site.page("/-/branches"))
    assert "/-/tree/main" not in site.page("/-/branches?name=FEAT")
    assert "version v1.0" in tags or "v1.0" in text_of(tags)
    assert f"{site.url}/-/archive/v1.0.zip" in tags
    assert f"{site.url}/-/archive/of-a-blob.zip" not in tags


def test_two_revisions_are_compared_since_they_parted_or_as_they_are(site: Site) -> None:
    site.commit({"a": b"1\n"}, "first")
    git(site.git_dir, "update-ref", "refs/heads/feature/x", "main")
    site.commit({"b": b"b\n"}, "on the branch", branch="feature/x", number=1)
    site.commit({"c": b"c\n"}, "on main", number=2)

    parted, straight = site.page("/-/compare/main...feature/x"), site.page("/-/compare/main..feature/x")
    form = site.get("/-/compare?base=main&head=feature%2Fx")

    assert ("on the branch" in parted, "on main" in parted) == (True, False)
    assert (parted.count('<section class="diff"'), straight.count('<section class="diff"')) == (1, 2)
    assert form.headers["location"] == f"{site.url}/-/compare/main...feature/x"
    assert site.get("/-/compare/main").status == 404
    assert site.get("/-/compare/main...nothing").status == 404
    assert "Branches, tags or commit ids" in site.page("/-/compare")


def test_an_archive_holds_the_files(site: Site) -> None:
    site.commit({"dir/a": b"a\n"}, "first")
    git(site.git_dir, "update-ref", "refs/heads/feature/x", "main")

    answer = site.get("/-/archive/feature/x.zip")

    assert [name for name in zipfile.ZipFile(io.BytesIO(answer.data)).namelist() if name.endswith("dir/a")]
    assert answer.headers["content-type"] == "application/zip"
    assert site.get("/-/archive/main.rar").status == 404


def test_what_did_not_change_is_not_sent_again(site: Site) -> None:
    commit = site.commit({"a": b"a\n"}, "first")
    for path in (f"/-/commit/{commit}", "/-/commits/main", "/-/tags", "/-/branches", "/-/compare/main...main"):
        site.get(path)
        tag = site.get(path).headers["etag"]

        assert site.get(path, **{"If-None-Match": tag}).status == 304, path
        site.commit({"b": path.encode()}, "another", number=1)
        git(site.git_dir, "tag", f"tag{len(path)}", "main")
        is_fixed = path.endswith(commit)
        assert site.get(path, **{"If-None-Match": tag}).status == (304 if is_fixed else 200), path


@pytest.mark.parametrize("language", ["en", "zh"])
def test_whatever_a_commit_holds_is_text(site: Site, language: str) -> None:
    site.commit({"a": b"1\n"}, "first")
    name = "\u202e<q>&\"'\u7801\u5934"
    commit = site.commit({name: HOSTILE.encode() + b"\n\xff\xfe\n"}, HOSTILE + "\n\n" + HOSTILE, number=1)
    git(site.git_dir, "update-ref", "refs/heads/<q>\u202eon", "main")
    git(site.git_dir, "update-ref", "refs/tags/<i>\u202eon", "main")

    comparison = f"compare/main...{quote('<q>' + chr(0x202E) + 'on')}"
    for path in (f"commit/{commit}", "commits/main", "branches", "tags", comparison):
        answer = site.get(f"/-/{path}", **{"Accept-Language": language})

        assert answer.status == 200
        assert_harmless(answer.data.decode())
        assert "<q>" not in answer.data.decode()


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\6\0\0\0\x1f\x15\xc4\x89"
SVG = (
    b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
)


def test_a_file_has_lines_that_can_be_linked_to(site: Site) -> None:
    commit = site.commit({"src/main.py": b"import os\n\n\ndef main() -> None:\n    '''<b>'''\n"}, "first")

    page = site.page("/-/blob/main/src/main.py")

    assert re.findall(r'<tr id="(L[0-9]+)"><td class="n"><a href="#(L[0-9]+)">', page)[-1] == ("L5", "L5")
    assert '<span class="k">import</span>' in page
    assert "&lt;b&gt;" in page
    assert f'href="{site.url}/-/blob/{commit}/src/main.py"' in page
    assert "5 lines" in text_of(page)


def test_a_long_file_is_shown_in_parts_that_a_line_finds(site: Site) -> None:
    site.commit({"long.txt": b"".join(b"this is line %d\n" % number for number in range(1, 5001))}, "first")

    first, other = site.page("/-/blob/main/long.txt"), site.page("/-/blob/main/long.txt?line=3210")

    assert 'id="L1"' in first
    assert 'id="L3210"' not in first
    assert 'id="L3210"' in other
    assert "of 5,000" in text_of(other) or "of 5000" in text_of(other)


@pytest.mark.parametrize(
    ("encoding", "name"), [("gbk", "GBK"), ("utf-16", "UTF-16"), ("utf-8-sig", "UTF-8, BOM"), ("big5", "Big5")]
)
def test_a_file_is_shown_in_its_encoding_which_is_told(site: Site, encoding: str, name: str) -> None:
    site.commit(
        {"a.txt": "這是中文檔案，請勿刪除\n".encode(encoding) if name == "Big5" else "中文说明文件\n".encode(encoding)},
        "a",
    )

    page = site.page("/-/blob/main/a.txt")

    assert ("這是中文檔案" if name == "Big5" else "中文说明文件") in page
    assert name in text_of(page)


@pytest.mark.parametrize(
    ("name", "content", "kind", "shown"),
    [
        ("a.png", PNG, "image/png", "<img src="),
        ("a.svg", SVG, "image/svg+xml", "<img src="),
        ("a.html", b"<script>alert(1)</script>\n", "text/plain; charset=utf-8", "alert(1)"),
        ("a.pdf", b"%PDF-1.7\n", "application/pdf", "<object "),
        ("a.mp3", b"ID3\3\0\0", "audio/mpeg", "<audio "),
        ("a.webm", b"\x1a\x45\xdf\xa3\x9fB\x86\x81\1webm", "video/webm", "<video "),
        ("a.bin", b"\0\1\2\3", "application/octet-stream", "This file is no text"),
        ("picture.png", b"<script>alert(1)</script>", "text/plain; charset=utf-8", "alert(1)"),
    ],
)
def test_a_file_is_what_its_bytes_are_and_runs_nothing(
    site: Site, name: str, content: bytes, kind: str, shown: str
) -> None:
    site.commit({name: content}, "first")

    page, raw = site.page(f"/-/blob/main/{name}"), site.get(f"/-/raw/main/{name}")

    assert shown in page or shown in text_of(page).replace(" ", "")
    assert (raw.status, raw.data, raw.headers["content-type"]) == (200, content, kind)
    policy = raw.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert ("sandbox" in policy) == (name != "a.pdf")
    assert "script-src" not in policy
    assert raw.headers["x-content-type-options"] == "nosniff"
    assert site.get(f"/-/raw/main/{name}", **{"If-None-Match": raw.headers["etag"]}).status == 304
    assert "attachment" in site.get(f"/-/raw/main/{name}?download=1").headers["content-disposition"]


def test_a_large_file_is_told_and_streamed(site: Site) -> None:
    content = b"a line of text\n" * 100_000
    site.commit({"large.txt": content}, "first")

    assert "too large to be shown" in site.page("/-/blob/main/large.txt")
    assert site.get("/-/raw/main/large.txt").data == content


def test_values_are_a_table_and_have_a_source(site: Site) -> None:
    site.commit({"a.csv": b'name;"age"\n"Li; Lei";20\n<b>;3\n'}, "first")

    table, source = site.page("/-/blob/main/a.csv"), site.page("/-/blob/main/a.csv?plain=1")

    assert "<td>Li; Lei<td>20" in table
    assert "<td>&lt;b&gt;" in table
    assert 'id="L1"' in source


def test_a_notebook_is_text_without_what_came_out_of_it(site: Site) -> None:
    notebook = {
        "cells": [
            {"cell_type": "markdown", "source": ["# Title\n", "<script>alert(1)</script>"]},
            {"cell_type": "code", "source": "print(1)", "outputs": [{"data": {"text/html": "<b>secret</b>"}}]},
        ],
        "metadata": {},
        "nbformat": 4,
    }
    site.commit({"a.ipynb": json.dumps(notebook).encode(), "b.ipynb": b"[" * 100_000}, "first")

    page = site.page("/-/blob/main/a.ipynb")

    assert "Title</h1>" in page
    assert '<span class="b">print</span>' in page
    assert "1 output is left out" in page
    assert "secret" not in page
    assert site.get("/-/blob/main/b.ipynb").status == 200


def test_markdown_is_rendered_and_has_a_source(site: Site) -> None:
    site.commit({"docs/a.md": b"# Title\n\n[other](b.md)\n", "docs/b.md": b"b\n"}, "first")

    assert f'href="{site.url}/-/blob/main/docs/b.md"' in site.page("/-/blob/main/docs/a.md")
    assert 'id="L3"' in site.page("/-/blob/main/docs/a.md?plain=1")


def test_links_and_submodules_are_told(site: Site) -> None:
    commit = site.commit({"a": b"a\n"}, "first")
    target = git(site.git_dir, "hash-object", "-w", "--stdin", input=b"../../etc/<b>passwd")
    rows = f"120000 blob {target}\tlink\n160000 commit {commit}\tmodule\n"
    tree = git(site.git_dir, "mktree", input=rows.encode())
    git(site.git_dir, "update-ref", "refs/heads/main", git(site.git_dir, "commit-tree", tree, "-m", "links"))

    assert "A symbolic link to ../../etc/<b>passwd" in text_of(site.page("/-/blob/main/link"))
    assert f"A submodule at commit {commit}" in text_of(site.page("/-/blob/main/module"))
    assert site.get("/-/raw/main/module").status == 404
    assert site.get("/-/raw/main/link").headers["content-type"].startswith("text/plain")


def test_a_pointer_of_lfs_stands_for_its_object(site: Site) -> None:
    stored, missing = PNG + b"stored", "0" * 64
    oid = hashlib.sha256(stored).hexdigest()
    site.server.forge.archive.blobs.put_stream(io.BytesIO(stored), expected=oid)
    link(site.server.forge, site.repository, (LfsLink(oid, len(stored)),))
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"
    site.commit(
        {"a.png": pointer.format(oid, len(stored)).encode(), "b.bin": pointer.format(missing, 5).encode()}, "first"
    )

    assert f"SHA-256 {oid}" in text_of(site.page("/-/blob/main/a.png"))
    assert "<img src=" in site.page("/-/blob/main/a.png")
    raw = site.get("/-/raw/main/a.png")
    assert (raw.data, raw.headers["content-type"]) == (stored, "image/png")
    assert "does not have the object" in site.page("/-/blob/main/b.bin")
    assert site.get("/-/raw/main/b.bin").data == pointer.format(missing, 5).encode()


def test_each_line_has_the_commit_that_wrote_it(site: Site) -> None:
    first = site.commit({"a.txt": b"one\ntwo\n<b>three\n"}, "first <b>")
    second = site.commit({"a.txt": b"one\n2\n<b>three\n"}, "second", number=1)

    page = site.page("/-/blame/main/a.txt")

    rows = re.findall(r'<tr id="L[0-9]+".*', page)
    assert [re.findall(r"/-/commit/([0-9a-f]{40})", row) for row in rows] == [[first], [second], [first]]
    assert f'href="{site.url}/-/blame/{first}/a.txt#L2"' in rows[1]
    assert site.get("/-/blame/main/none.txt").status == 404


def test_commits_that_a_repository_names_are_passed_over(site: Site) -> None:
    first = site.commit({"a.txt": b"one = 1\ntwo = 2\n"}, "first")
    formatted = site.commit({"a.txt": b"one  =  1\ntwo  =  2\n"}, "format", number=1)
    listed = f"# formatting\n{formatted}  # all of it\n{'1' * 40}\n--output=x\n"
    site.commit({".git-blame-ignore-revs": listed.encode()}, "ignore", number=2)

    page, everything = site.page("/-/blame/main/a.txt"), site.page("/-/blame/main/a.txt?all=1")

    assert set(re.findall(r"/-/commit/([0-9a-f]{40})", page)) == {first}
    assert "1 commit is passed over" in text_of(page)
    assert set(re.findall(r"/-/commit/([0-9a-f]{40})", everything)) == {formatted}


def test_what_has_no_lines_has_no_blame(site: Site) -> None:
    site.commit({"a.bin": b"\0\1\2", "dir/b": "中\n".encode("utf-16"), "empty": b""}, "first")

    for path in ("a.bin", "dir/b", "empty"):
        assert site.get(f"/-/blame/main/{path}").headers["location"] == f"{site.url}/-/blob/main/{path}"
    assert site.get("/-/blame/main").headers["location"] == f"{site.url}/-/tree/main"


def test_a_file_is_followed_through_its_renamings(site: Site) -> None:
    site.commit({"old name.txt": LINES, "other": b"x\n"}, "begin")
    site.commit({"old name.txt": LINES + b"more\n"}, "more", number=1)
    renamed = {"dir/new.txt": LINES + b"more\nand more\n", "old name.txt": None}
    site.commit(renamed, "rename", number=2)
    site.commit({"other": b"y\n"}, "something else", number=3)
    site.commit({"dir/new.txt": LINES + b"last\n"}, "last", number=4)

    page = site.page("/-/history/main/dir/new.txt")

    assert re.findall(r'class="subject"[^>]*><bdi>([^<]*)<', page) == ["last", "rename", "more", "begin"]
    assert page.count("as old name.txt") == 2
    assert site.get("/-/history/main/none.txt").status == 404


def test_the_history_of_a_file_is_paged_across_a_renaming(site: Site) -> None:
    for number in range(40):
        site.commit({"a": LINES + b"%d\n" % number}, f"a{number}", number=number)
    site.commit({"b": LINES + b"39\n", "a": None}, "rename", number=40)
    for number in range(41, 60):
        site.commit({"b": LINES + b"%d\n" % number}, f"b{number}", number=number)

    first, second = site.page("/-/history/main/b"), site.page("/-/history/main/b?page=2")
    subjects = [re.findall(r'class="subject"[^>]*><bdi>([^<]*)<', page) for page in (first, second)]

    expected = [*(f"b{n}" for n in range(59, 40, -1)), "rename", *(f"a{n}" for n in range(39, -1, -1))]
    assert subjects == [expected[:50], expected[50:]]


def test_a_folder_of_many_entries_is_paged_with_what_changed_each_last(site: Site) -> None:
    site.commit({f"many/{number:04d}": b"x\n" for number in range(450)}, "all")
    site.commit({"many/0449": b"y\n"}, "one", number=1)

    pages = [site.page(f"/-/tree/main/many?page={number}") for number in (1, 2, 3)]

    assert [page.count('<td class="name') for page in pages] == [200, 200, 50]
    assert pages[2].count(">one<") == 2  # of the folder, and of its last entry
    assert pages[0].count(">one<") == 1


def test_the_front_page_says_licence_and_readme_in_their_encoding(site: Site) -> None:
    licence = (
        b"MIT License\n\nPermission is hereby granted, free of charge, to any\nperson obtaining a copy of this software"
    )
    site.commit({"LICENSE": licence, "README.txt": "项目说明：这是一个示例\n".encode("gbk")}, "first")

    page = site.page("")

    assert f'<a href="{site.url}/-/blob/HEAD/LICENSE">MIT</a>' in page
    assert "项目说明：这是一个示例" in page


def test_a_restructured_readme_stands_as_text(site: Site) -> None:
    site.commit({"README.rst": b"Title\n=====\n\n.. raw:: html\n\n   <script>alert(1)</script>\n"}, "first")

    assert "&lt;script&gt;alert(1)" in site.page("")
