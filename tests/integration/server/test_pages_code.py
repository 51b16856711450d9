"""The pages about code, over one server: history, comparison, branches, tags and archives."""

import io
import re
import zipfile
from urllib.parse import quote

import pytest

from matou.git.operations.differences import MOST_FILES
from support.git_repositories import annotated_tag, commit_stream, fast_import, git
from support.matou_server import MatouServer
from support.page_site import HOSTILE, LINES, Site, assert_harmless, text_of


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
    assert "Binary file · 2 B → 2 B" in text_of(page)
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
    for page in (site.page("/-/compare"), parted):
        assert re.findall('<option value="([^"]*)">', page) == ["feature/x", "main"]


def test_the_branch_of_a_page_leads_to_the_same_path_in_other_branches(site: Site) -> None:
    site.commit({"src/deck plan.py": b"1", "a": b"1"}, "first")
    site.commit({"src/deck plan.py": b"2"}, "second", branch="next")
    site.commit({"a": b"3"}, "third", branch="bare")

    for place in ("blob/main/src/deck%20plan.py", "blame/main/src/deck%20plan.py"):
        assert f'href="{site.url}/-/branches/src/deck%20plan.py"' in site.page(f"/-/{place}")
    assert f'href="{site.url}/-/branches/src"' in site.page("/-/tree/main/src")
    page = site.page("/-/branches/src/deck%20plan.py")
    assert f'href="{site.url}/-/blob/next/src/deck%20plan.py"' in page
    assert "Each that has src/deck plan.py leads to it" in text_of(page)
    assert f'href="{site.url}/-/tree/bare"' in page
    assert site.get("/-/blob/next/src").headers["location"] == f"{site.url}/-/tree/next/src"
    assert site.get("/-/branches/src/.git").status == 400


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


def test_a_graph_stands_beside_a_whole_history_and_tells_merges(site: Site) -> None:
    stream = [commit_stream("main", {"y": b"%d\n" % n}, f"commit {n}", number=n, is_root=not n) for n in range(60)]
    fast_import(site.git_dir, b"".join(stream))
    git(site.git_dir, "update-ref", "refs/heads/topic", "main~55")
    side = site.commit({"b": b"b\n"}, "on the branch", branch="topic", number=100)
    tree = git(site.git_dir, "rev-parse", "main^{tree}")
    merge = git(site.git_dir, "commit-tree", "-p", "main", "-p", side, "-m", "both", tree)
    git(site.git_dir, "update-ref", "refs/heads/main", merge)
    annotated_tag(site.git_dir, "v1.0", "main")

    first, second = site.page("/-/commits/main"), site.page("/-/commits/main?page=2")

    assert (first.count('<svg class="graph"'), second.count('<svg class="graph"')) == (50, 12)
    assert first.count('class="hole"') == 1
    assert f"Merge of {git(site.git_dir, 'rev-parse', 'main^1')[:10]} {side[:10]}" in text_of(first)
    assert re.search(r'href="[^"]*/-/tree/v1.0"><span class="soft">Tag</span>', first)
    assert 'class="rows commits drawn lanes-2"' in second
    assert "graph" not in site.page("/-/commits/main?message=commit")
    assert "graph" not in site.page("/-/commits/main/y")


def test_colours_of_a_difference_leave_a_page_as_small_as_it_is(site: Site) -> None:
    site.commit({"a.py": b"x\n"}, "first")
    files = {f"{name}.py": (b"1,2,3,4,5,6,7,8,9," * 10 + b"\n") * 12 for name in "abcdefgh"}
    commit = site.commit(files, "numbers", number=1)

    for look in ("", "?view=split"):
        pages = [site.page(f"/-/commit/{commit}{look}{'&' if look else '?'}page={number}") for number in (1, 2, 3, 4)]
        assert '<span class="m">' in "".join(pages)
        assert max(len(page.encode()) for page in pages) < 100_000


def test_a_commit_of_binary_files_says_so_with_their_sizes(site: Site) -> None:
    site.commit({"a.bin": b"\0" * 3000, "old.bin": b"\0\1" * 50}, "first")
    commit = site.commit({"a.bin": b"\0\1" * 1500000, "new.bin": b"\0" * 7, "old.bin": None}, "binaries", number=1)

    said = text_of(site.page(f"/-/commit/{commit}"))

    assert "3 files · 3 binary files" in said
    assert "Binary file · 2.9 KiB → 2.9 MiB" in said
    assert "Binary file · new → 7 B" in said
    assert "Binary file · 100 B → deleted" in said
    assert "+0" not in said


def test_pages_of_history_lead_to_comparisons_and_feeds_by_the_name_of_the_branch(site: Site) -> None:
    site.commit({"a": b"1\n", "dir/b": b"b\n"}, "first")
    git(site.git_dir, "update-ref", "refs/heads/topic", "main")
    git(site.git_dir, "tag", "v1", "main")

    front, commits, topic = site.page(""), site.page("/-/commits"), site.page("/-/commits/topic")

    assert f'href="{site.url}/-/tree/main/dir"' in front
    assert "/-/tree/HEAD" not in front + commits
    assert f'href="{site.url}/-/commits/main.atom"' in commits
    assert f'href="{site.url}/-/compare/main...topic"' in topic
    for page in (commits, site.page("/-/branches"), site.page("/-/tags")):
        assert f'href="{site.url}/-/compare"' in page
    assert f'href="{site.url}/-/compare/v1...main"' in site.page("/-/tags")
    assert site.get("/-/commits/main.atom").status == 200


def test_a_default_branch_whose_name_says_something_else_is_called_by_head(site: Site) -> None:
    first = site.commit({"a": b"1\n"}, "first")
    second = site.commit({"a": b"2\n"}, "second", number=1)
    git(site.git_dir, "update-ref", f"refs/heads/{first}", second)
    git(site.git_dir, "symbolic-ref", "HEAD", f"refs/heads/{first}")

    assert f'href="{site.url}/-/blob/HEAD/a"' in site.page("")


def test_a_commit_is_taken_along_as_git_applies_it(site: Site) -> None:
    site.commit({"a": b"1\n"}, "first")
    commit = site.commit({"a": b"2\n"}, f"second {HOSTILE}", number=1)
    page, patch, diff = (site.get(f"/-/commit/{commit}{ending}") for ending in ("", ".patch", ".diff"))

    assert f'href="{site.url}/-/commit/{commit}.patch"' in page.data.decode()
    assert patch.data.startswith(f"From {commit}".encode())
    assert diff.data.startswith(b"diff --git a/a b/a\n")
    for text in (patch, diff):
        assert text.headers["content-type"] == "text/plain; charset=utf-8"
        assert "sandbox" in text.headers["content-security-policy"]
    assert site.get(f"/-/commit/{'1' * 40}.patch").status == 404
    assert site.get("/-/commit/main.patch").status == 404


def test_a_file_is_found_by_a_part_of_its_path(site: Site) -> None:
    files = {"src/Ferry.py": b"1\n", "docs/ferry/notes.md": b"2\n", "\u7801\u5934/<b>": b"3\n", "other": b"4\n"}
    site.commit({**files, **{f"many/{number}.txt": b"x\n" for number in range(120)}}, "first")

    ferry, chinese, many = (site.page(f"/-/find/main?path={text}") for text in ("FERRY", "码头", "many/"))

    assert ferry.index("src/Ferry.py") < ferry.index("docs/ferry/notes.md")
    assert f'href="{site.url}/-/blob/main/docs/ferry/notes.md"' in ferry
    assert f'href="{site.url}/-/blob/main/%E7%A0%81%E5%A4%B4/%3Cb%3E"' in chinese
    assert (many.count("/-/blob/main/many/"), "120 files" in text_of(many)) == (100, True)
    assert "No file has this in its path" in site.page("/-/find/main?path=nothing")
    assert f'href="{site.url}/-/find/main"' in site.page("")
    assert (site.get("/-/find/main/src").status, site.get("/-/find/nothing").status) == (404, 404)


def test_a_file_of_long_lines_is_shown_by_itself_in_pages_that_are_small(site: Site) -> None:
    site.commit({"a.txt": b"x\n"}, "first")
    line = b"<" * 1900
    commit = site.commit({"a.txt": b"".join(line + b"%d\n" % number for number in range(60))}, "long", number=1)

    for look in ("?file=1", "?file=1&view=split"):
        first = site.page(f"/-/commit/{commit}{look}")
        last = int(re.findall(r"Page 1 of ([0-9]+)", first)[0])
        pages = [site.page(f"/-/commit/{commit}{look}&page={number}") for number in range(1, last + 1)]
        shown = "".join(pages)
        assert all(f"&lt;{number}</td>" in shown for number in range(60))
