"""1 and 3, over real repositories: the names of things, pages, and what must be refused."""

import hashlib
import time
from pathlib import Path

import pytest

from matou.git.odb import trees
from support.git_repositories import store_object
from support.gitcode_server import Harbour

TREE = "/repos/harbour/ferry/git/trees"
FILES = "/repos/harbour/ferry/file_list"


def test_the_root_is_listed_with_the_documents_keys(harbour: Harbour) -> None:
    answer = harbour.ask("GET", f"{TREE}/main")

    assert answer.status_code == 200
    assert answer.json() == {
        "tree": [
            {
                "sha": harbour.git("rev-parse", f"main:{name}").strip(),
                "name": name,
                "type": kind,
                "path": name,
                "mode": mode,
                "md5": hashlib.md5(name.encode()).hexdigest(),
            }
            for name, kind, mode in [
                ("README.md", "blob", "100644"),
                ("docs", "tree", "040000"),
                ("src", "tree", "040000"),
            ]
        ]
    }
    assert (answer.headers["total_count"], answer.headers["total_page"]) == ("3", "1")


def test_the_documents_own_md5_is_of_the_path() -> None:
    assert hashlib.md5(b"a/b").hexdigest() == "a7e86136543b019d72468ceebf71fb8e"


def paths(harbour: Harbour, url: str, **params: object) -> list[str]:
    answer = harbour.ask("GET", url, params=params)
    assert answer.status_code == 200, answer.text
    return [entry["path"] for entry in answer.json()["tree"]]


EVERYTHING = ["README.md", "docs", "docs/a", "docs/a/b.md", "src", "src/main.c"]


@pytest.mark.parametrize("recursive", ["1", "true"])
def test_recursive_lists_everything_folders_too(harbour: Harbour, recursive: str) -> None:
    assert paths(harbour, f"{TREE}/main", recursive=recursive) == EVERYTHING


def test_pages_are_of_the_flattened_list(harbour: Harbour) -> None:
    pages = [paths(harbour, f"{TREE}/main", recursive=1, per_page=4, page=page) for page in (1, 2, 3)]

    assert pages == [EVERYTHING[:4], EVERYTHING[4:], []]


def test_a_folder_is_listed_with_whole_paths(harbour: Harbour) -> None:
    assert paths(harbour, f"{TREE}/main", file_path="docs", recursive=1) == ["docs/a", "docs/a/b.md"]
    assert paths(harbour, f"{TREE}/main", file_path="docs/a/") == ["docs/a/b.md"]


@pytest.mark.parametrize("name", ["feature/login", "特性", "v1+x", "a b"])
def test_a_branch_is_found_however_its_name_is_written(harbour: Harbour, name: str) -> None:
    harbour.git("update-ref", f"refs/heads/{name.replace(' ', '_')}", "main")
    raw, encoded = name.replace(" ", "_"), name.replace(" ", "_").replace("/", "%2F")

    assert len(paths(harbour, f"{TREE}/{raw}")) == 3
    assert len(paths(harbour, f"{TREE}/{encoded}")) == 3


@pytest.mark.parametrize("revision", ["main^{commit}", "main^{tree}", "v1", "refs/tags/v1"])
def test_tags_and_ids_name_a_tree_as_well(harbour: Harbour, revision: str) -> None:
    harbour.git("tag", "-a", "-m", "one", "v1", "main")

    by_id = paths(harbour, f"{TREE}/{harbour.git('rev-parse', revision).strip()}")

    assert by_id == paths(harbour, f"{TREE}/main")
    assert paths(harbour, f"{TREE}/v1") == paths(harbour, f"{TREE}/refs/tags/v1") == by_id


@pytest.mark.parametrize(
    "revision",
    [
        "nothing",
        "1" * 40,
        "main~1",
        "main^",
        "main@%7Bu%7D",
        "HEAD..main",
        "--output=x",
        "-x",
        ":README.md",
        "refs/matou/kept/000001/heads/main",
        "%2e%2e",
        "%2e%2e%2f%2e%2e%2fconfig",
        "main%0Aevil",
    ],
)
def test_what_is_no_revision_is_not_found(harbour: Harbour, revision: str) -> None:
    harbour.git("update-ref", "refs/matou/kept/000001/heads/main", "main")

    answer = harbour.ask("GET", f"{TREE}/{revision}")

    assert answer.status_code == 404
    assert set(answer.json()) >= {"error_code", "error_code_name", "error_message", "trace_id"}
    assert "fatal" not in answer.text


@pytest.mark.parametrize("path", ["..", "../..", ".git", "docs/.GIT", "docs/../src", "/etc", "a//b", "x" * 5000])
def test_a_hostile_folder_is_a_bad_request(harbour: Harbour, path: str) -> None:
    assert harbour.ask("GET", f"{TREE}/main", params={"file_path": path}).status_code == 400


def test_a_folder_that_is_not_there_and_one_that_is_a_file_are_not_found(harbour: Harbour) -> None:
    assert harbour.ask("GET", f"{TREE}/main", params={"file_path": "nothing"}).status_code == 404
    assert harbour.ask("GET", f"{TREE}/main", params={"file_path": "README.md"}).status_code == 404


def test_a_tree_of_another_repository_is_not_found_by_its_id(harbour: Harbour) -> None:
    other = harbour.add_repository("other")
    harbour.commit({"secret": b"x"}, "secret", at=1_700_000_000, repository=other)
    tree = harbour.git("rev-parse", "main^{tree}", repository=other).strip()

    assert harbour.ask("GET", f"/repos/harbour/other/git/trees/{tree}").status_code == 200
    assert harbour.ask("GET", f"{TREE}/{tree}").status_code == 404


def test_a_new_commit_shows_at_once(harbour: Harbour) -> None:
    assert paths(harbour, f"{TREE}/main", recursive=1) == EVERYTHING

    harbour.commit({"new": b""}, "new", at=1_700_200_000)

    assert "new" in paths(harbour, f"{TREE}/main", recursive=1)
    assert "new" in harbour.ask("GET", FILES).json()


def test_an_empty_repository_has_no_tree(harbour: Harbour) -> None:
    harbour.add_repository("empty")

    assert harbour.ask("GET", "/repos/harbour/empty/git/trees/main").status_code == 404
    assert harbour.ask("GET", "/repos/harbour/empty/file_list").status_code == 404


def test_a_tree_bomb_is_refused_within_seconds(harbour: Harbour) -> None:
    git_dir = harbour.forge.git_dir(harbour.repository())
    blob = store_object(git_dir, "blob", b"boom")
    tree = store_object(git_dir, "tree", b"".join(b"100644 f%d\0%b" % (n, bytes.fromhex(blob)) for n in range(10)))
    for _ in range(8):
        tree = store_object(git_dir, "tree", b"".join(b"40000 d%d\0%b" % (n, bytes.fromhex(tree)) for n in range(10)))

    began = time.monotonic()
    answer = harbour.ask("GET", f"{TREE}/{tree}", params={"recursive": 1})

    assert 400 <= answer.status_code < 500
    assert str(trees.MOST_ENTRIES) in answer.json()["error_message"]
    assert time.monotonic() - began < 5
    assert len(paths(harbour, f"{TREE}/{tree}")) == 10


def test_the_file_list_is_every_file(harbour: Harbour) -> None:
    assert harbour.ask("GET", FILES).json() == ["README.md", "docs/a/b.md", "src/main.c"]


@pytest.mark.parametrize(
    ("file_name", "found"),
    [("/main.c", ["src/main.c"]), ("a", ["docs/a/b.md", "src/main.c"]), ("README", ["README.md"]), ("readme", [])],
)
def test_a_name_chooses_by_a_part_of_the_path(harbour: Harbour, file_name: str, found: list[str]) -> None:
    assert harbour.ask("GET", FILES, params={"file_name": file_name, "ref_name": "main"}).json() == found


def test_a_name_that_is_no_utf8_is_shown_as_json_can(harbour: Harbour, tmp_path: Path) -> None:
    git_dir = harbour.forge.git_dir(harbour.repository())
    blob = store_object(git_dir, "blob", b"x")
    tree = store_object(git_dir, "tree", b"100644 \xff\xfe\0" + bytes.fromhex(blob))

    assert paths(harbour, f"{TREE}/{tree}") == ["\ufffd\ufffd"]
