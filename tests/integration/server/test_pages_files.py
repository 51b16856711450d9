"""The pages about files, over one server: as what they are, who wrote their lines, what became of them."""

import hashlib
import io
import json
import re

import pytest

from matou.db.lfs_objects import LfsLink
from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.push.lfs import link
from matou.model.repository_settings import Features
from support.deciding import change_settings
from support.git_repositories import git
from support.matou_server import MatouServer
from support.page_site import LINES, Site, text_of


@pytest.fixture
def site(matou_server: MatouServer) -> Site:
    return Site(matou_server)


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


@pytest.mark.parametrize("name", ["two\nlines.txt", "ends with one\n"])
def test_a_file_with_a_line_feed_in_its_name_is_found_by_its_link(site: Site, name: str) -> None:
    site.commit({f"src/{name}": b"its only line\n"}, "first")

    [link] = {one for one in re.findall(r'href="([^"]+)"', site.page("/-/tree/main/src")) if "/-/blob/" in one}

    assert "%0A" in link
    assert "its only line" in site.page(link.removeprefix(site.url))


def test_a_file_is_shown_with_the_commit_that_changed_it_last(site: Site) -> None:
    changed = site.commit({"src/a.py": b"1", "src/b.py": b"1"}, "Paint the deck")
    site.commit({"src/b.py": b"2"}, "Mend the crane", number=1)

    assert f'href="{site.url}/-/commit/{changed}"><bdi>Paint the deck</bdi>' in site.page("/-/blob/main/src/a.py")
    assert "Mend the crane" in site.page("/-/blob/main/src/b.py")


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
        ("a.bin", b"\0\1\2\3", "application/octet-stream", "Binary file"),
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

    assert "Title</h2>" in page
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


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"


def store_in_lfs(site: Site, content: bytes) -> bytes:
    """Returns the pointer to it."""
    oid = hashlib.sha256(content).hexdigest()
    site.server.forge.archive.blobs.put_stream(io.BytesIO(content), expected=oid)
    link(site.server.forge, site.repository, (LfsLink(oid, len(content)),))
    return POINTER.format(oid, len(content)).encode()


def test_a_pointer_of_lfs_stands_for_its_object(site: Site) -> None:
    stored, missing = PNG + b"stored", POINTER.format("0" * 64, 5).encode()
    site.commit({"a.png": store_in_lfs(site, stored), "b.bin": missing}, "first")

    assert f"SHA-256 {hashlib.sha256(stored).hexdigest()}" in text_of(site.page("/-/blob/main/a.png"))
    assert "<img src=" in site.page("/-/blob/main/a.png")
    raw = site.get("/-/raw/main/a.png")
    assert (raw.data, raw.headers["content-type"]) == (stored, "image/png")
    assert "does not have the object" in site.page("/-/blob/main/b.bin")
    assert site.get("/-/raw/main/b.bin").data == missing


def test_an_object_of_lfs_that_comes_later_is_shown_and_given_to_those_who_had_the_pointer(site: Site) -> None:
    stored = PNG + b"late"
    oid = hashlib.sha256(stored).hexdigest()
    commit = site.commit({"a.png": POINTER.format(oid, len(stored)).encode()}, "first")
    addresses = (f"/-/raw/{commit}/a.png", f"/-/blob/{commit}/a.png")
    before = [site.get(address).headers for address in addresses]
    store_in_lfs(site, stored)
    after = [
        site.get(address, **{"If-None-Match": known["etag"]}) for address, known in zip(addresses, before, strict=True)
    ]

    assert [answer.status for answer in after] == [200, 200]
    assert after[0].data == stored
    assert "immutable" not in before[0]["cache-control"] + after[0].headers["cache-control"]


def test_the_front_page_says_how_much_lies_in_lfs(site: Site) -> None:
    site.commit({"a.txt": b"a\n"}, "first")
    without = site.page("")
    store_in_lfs(site, b"x" * 2048)
    store_in_lfs(site, b"y" * 1024)

    assert "Git LFS" not in without
    assert "3.0 KiB in Git LFS" in site.page("")


def test_where_lfs_is_switched_off_the_pointer_alone_is_given(site: Site) -> None:
    stored = PNG + b"hidden"
    pointer = store_in_lfs(site, stored)
    site.commit({"a.png": pointer}, "first")
    known = site.get("/-/raw/main/a.png").headers["etag"]
    owner = Identity(site.server.owner, ALL_SCOPES)
    change_settings(site.server.forge, owner, site.repository, Features, lfs_enabled=False)

    assert site.get("/-/raw/main/a.png").data == pointer
    assert site.get("/-/raw/main/a.png", **{"If-None-Match": known}).status == 200
    page = site.page("/-/blob/main/a.png")
    assert "LFS is switched off for this repository" in page
    assert "<img" not in page.partition("<main")[2]


CONTENT = bytes(range(256)) * 40


@pytest.mark.parametrize("is_stored", [False, True], ids=["git", "lfs"])
@pytest.mark.parametrize(
    ("wanted", "begin", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-299", 100, 300),
        ("bytes=10000-", 10000, 10240),
        ("bytes=-7", 10233, 10240),
        ("bytes=0-99999", 0, 10240),
    ],
)
def test_a_part_of_a_file_is_given(site: Site, wanted: str, begin: int, end: int, *, is_stored: bool) -> None:
    site.commit({"a.bin": store_in_lfs(site, CONTENT) if is_stored else CONTENT}, "first")
    whole = site.get("/-/raw/main/a.bin")
    part = site.get("/-/raw/main/a.bin", Range=wanted)
    same = site.get("/-/raw/main/a.bin", **{"Range": wanted, "If-Range": whole.headers["etag"]})
    other = site.get("/-/raw/main/a.bin", **{"Range": wanted, "If-Range": '"another"'})

    assert (whole.status, whole.data, whole.headers["accept-ranges"]) == (200, CONTENT, "bytes")
    assert (part.status, part.data) == (same.status, same.data) == (206, CONTENT[begin:end])
    assert part.headers["content-range"] == f"bytes {begin}-{end - 1}/{len(CONTENT)}"
    assert int(part.headers["content-length"]) == end - begin
    assert part.headers["content-type"] == whole.headers["content-type"]
    assert (other.status, other.data) == (200, CONTENT)


@pytest.mark.parametrize("is_stored", [False, True], ids=["git", "lfs"])
def test_a_part_outside_a_file_is_refused_and_several_parts_are_the_whole(site: Site, *, is_stored: bool) -> None:
    site.commit({"a.bin": store_in_lfs(site, CONTENT) if is_stored else CONTENT}, "first")
    outside = site.get("/-/raw/main/a.bin", Range="bytes=10240-")

    assert (outside.status, outside.headers["content-range"], outside.data) == (416, "bytes */10240", b"")
    for wanted_range in ("bytes=0-1,4-5", "lines=0-1", "bytes=x-", "bytes=-"):
        assert (wanted_range, site.get("/-/raw/main/a.bin", Range=wanted_range).status) == (wanted_range, 200)


def test_a_part_of_a_file_that_is_not_held_in_memory_is_given(site: Site) -> None:
    content = CONTENT * 200
    site.commit({"a.bin": content}, "first")
    part = site.get("/-/raw/main/a.bin", Range="bytes=1500000-1500099")

    assert (part.status, part.data) == (206, content[1500000:1500100])


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

    assert f'<a href="{site.url}/-/blob/main/LICENSE">MIT</a>' in page
    assert "项目说明：这是一个示例" in page


def test_a_restructured_readme_stands_as_text(site: Site) -> None:
    site.commit({"README.rst": b"Title\n=====\n\n.. raw:: html\n\n   <script>alert(1)</script>\n"}, "first")

    assert "&lt;script&gt;alert(1)" in site.page("")


def test_a_difference_is_shown_in_the_encoding_of_its_file(site: Site) -> None:
    site.commit({"a.txt": "中文说明文件\n旧的一行\n".encode("gbk")}, "first")
    commit = site.commit({"a.txt": "中文说明文件\n新的一行\n".encode("gbk")}, "second", number=1)

    assert "新的一行" in text_of(site.page(f"/-/commit/{commit}")).replace(" ", "")
