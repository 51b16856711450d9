"""What a repository holds, in Gitee's shapes: folders, files, trees, blobs and the README."""

import base64
from typing import Any

import pytest

from matou.server.api.v5 import contents as shared
from matou.server.dialects.gitee_v5 import contents
from support.gitcode_server import Harbour
from support.gitee_swagger import fields_of

FERRY = "/gitee/api/v5/repos/harbour/ferry"
README = "# 渡船\n".encode()


def get(harbour: Harbour, path: str, *, person: str | None = "chen", status: int = 200, **options: Any) -> Any:
    answer = harbour.ask_site("GET", path, person=person, **options)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_file_has_its_content_and_where_it_is_to_be_had(harbour: Harbour) -> None:
    file = get(harbour, f"{FERRY}/contents/README.md")

    assert set(file) == set(fields_of("Content"))
    assert (file["type"], file["encoding"], file["size"], file["name"]) == ("file", "base64", len(README), "README.md")
    assert base64.b64decode(file["content"]) == README
    assert file["_links"] == {"self": file["url"], "html": file["html_url"]}
    assert harbour.ask_site("GET", file["download_url"].partition("example.org")[2]).content == README


def test_a_folder_is_a_list_without_content(harbour: Harbour) -> None:
    rows = get(harbour, f"{FERRY}/contents")

    assert [(row["type"], row["path"]) for row in rows] == [("file", "README.md"), ("dir", "docs"), ("dir", "src")]
    assert {(row["encoding"], row["size"], row["content"]) for row in rows} == {(None, None, None)}
    assert [row["path"] for row in get(harbour, f"{FERRY}/contents/docs/a")] == ["docs/a/b.md"]
    assert [row["path"] for row in get(harbour, f"{FERRY}/contents/")] == [row["path"] for row in rows]


def test_a_path_that_is_not_there_is_an_empty_list_and_a_revision_404(harbour: Harbour) -> None:
    assert get(harbour, f"{FERRY}/contents/none.md") == []
    assert get(harbour, f"{FERRY}/contents/README.md/x") == []
    assert list(get(harbour, f"{FERRY}/contents/README.md", params={"ref": "none"}, status=404)) == ["message"]


def test_a_file_is_that_of_the_revision(harbour: Harbour) -> None:
    older = get(harbour, f"{FERRY}/contents/src/main.c", params={"ref": harbour.git("rev-parse", "main~1").strip()})

    assert base64.b64decode(older["content"]) == b"int main;\n"
    assert base64.b64decode(get(harbour, f"{FERRY}/contents/src%2Fmain.c")["content"]) == b"int main(void);\n"


def test_a_long_file_is_put_together_while_it_is_sent(harbour: Harbour) -> None:
    long = b"0123456789\n" * 200_000
    harbour.commit({"long.bin": long}, "long", at=1_700_200_000)

    assert base64.b64decode(get(harbour, f"{FERRY}/contents/long.bin")["content"]) == long
    assert harbour.ask_site("GET", f"{FERRY}/raw/long.bin").content == long


def test_a_file_that_is_too_long_for_an_answer_is_refused(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "LARGEST_INLINE_BYTES", 1_000_000)
    harbour.commit({"long.bin": b"x" * 1_100_000}, "long", at=1_700_200_000)

    assert "raw gives it" in get(harbour, f"{FERRY}/contents/long.bin", status=403)["message"]


@pytest.mark.parametrize("sha", ["main", "refs/heads/main", "COMMIT", "TREE"])
def test_a_tree_is_that_of_a_branch_a_commit_or_itself(harbour: Harbour, sha: str) -> None:
    known = {
        "COMMIT": harbour.git("rev-parse", "main").strip(),
        "TREE": harbour.git("rev-parse", "main^{tree}").strip(),
    }

    tree = get(harbour, f"{FERRY}/git/trees/{known.get(sha, sha)}")

    assert set(tree) == set(fields_of("Tree"))
    assert (tree["sha"], tree["truncated"]) == (known["TREE"], False)
    assert [(row["path"], row["type"], row["mode"], row["size"]) for row in tree["tree"]] == [
        ("README.md", "blob", "100644", len(README)),
        ("docs", "tree", "040000", 0),
        ("src", "tree", "040000", 0),
    ]


def test_a_tree_leads_to_its_blobs_and_trees(harbour: Harbour) -> None:
    rows = get(harbour, f"{FERRY}/git/trees/main", params={"recursive": 1})["tree"]
    readme, folder = rows[0], rows[1]

    blob = get(harbour, readme["url"].partition("example.org")[2])

    assert [row["path"] for row in rows] == ["README.md", "docs", "docs/a", "docs/a/b.md", "src", "src/main.c"]
    assert set(blob) == set(fields_of("Blob"))
    assert (blob["sha"], base64.b64decode(blob["content"])) == (readme["sha"], README)
    assert get(harbour, folder["url"].partition("example.org")[2])["sha"] == folder["sha"]


def test_a_tree_that_is_longer_than_is_listed_says_so(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MOST_IN_A_TREE", 2)

    tree = get(harbour, f"{FERRY}/git/trees/main")

    assert (len(tree["tree"]), tree["truncated"]) == (2, True)


def test_a_submodule_leads_nowhere_here(harbour: Harbour) -> None:
    commit = harbour.git("rev-parse", "main").strip()
    index = harbour.git("mktree", stdin=f"160000 commit {commit}\tother\n".encode()).strip()

    [row] = get(harbour, f"{FERRY}/git/trees/{index}")["tree"]

    assert (row["type"], row["sha"], row["size"], row["url"]) == ("commit", commit, 0, "")


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (("README", "readme.txt", "README.md"), "README.md"),
        (("README.rst", "README"), "README.rst"),
        (("README.en.md", "README.zh-CN.md"), "README.en.md"),
        (("Readme.MD",), "Readme.MD"),
    ],
)
def test_the_readme_is_the_best_of_the_root(harbour: Harbour, names: tuple[str, ...], shown: str) -> None:
    repository = harbour.add_repository("boat")
    files = {name: name.encode() for name in names}
    harbour.commit({**files, "docs/README.md": b"x"}, "first", at=1_700_000_000, repository=repository)

    readme = get(harbour, "/gitee/api/v5/repos/harbour/boat/readme")

    assert (readme["path"], base64.b64decode(readme["content"]).decode()) == (shown, shown)


def test_where_there_is_no_readme_is_404(harbour: Harbour) -> None:
    repository = harbour.add_repository("boat")
    harbour.commit({"READMES": b"x", "docs/README.md": b"x"}, "first", at=1_700_000_000, repository=repository)

    assert get(harbour, "/gitee/api/v5/repos/harbour/boat/readme", status=404) == {"message": "there is no README"}


@pytest.mark.parametrize(
    "path",
    ["/contents", "/contents/README.md", "/readme", "/raw/README.md", "/git/trees/main", "/git/blobs/" + "0" * 40],
)
def test_of_a_private_repository_nothing_is_said_to_strangers(harbour: Harbour, path: str) -> None:
    for person in (None, "xiao"):
        assert get(harbour, f"{FERRY}{path}", person=person, status=404) == {"message": "404 Project Not Found"}


@pytest.mark.parametrize("path", ["/git/blobs/main", "/git/blobs/TREE", "/git/trees/none", "/raw/docs", "/raw/none"])
def test_what_is_not_there_is_404(harbour: Harbour, path: str) -> None:
    tree = harbour.git("rev-parse", "main^{tree}").strip()

    assert list(get(harbour, f"{FERRY}{path.replace('TREE', tree)}", status=404)) == ["message"]


@pytest.mark.parametrize("path", ["/contents/../x", "/raw/.git%2Fconfig/..", "/contents/%2e%2e"])
def test_a_path_that_leads_out_is_refused(harbour: Harbour, path: str) -> None:
    answer = harbour.ask_site("GET", f"{FERRY}{path}")

    assert answer.status_code in (400, 404)
    assert "message" in answer.json()
