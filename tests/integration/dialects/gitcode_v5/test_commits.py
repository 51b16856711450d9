"""Commits, tags and branches: the shapes that clients read, pages with totals, and what is not there."""

import pytest

from matou.forge.accounts.users import create_user
from support.git_repositories import store_object
from support.gitcode_server import BASE, Harbour

COMMITS = "/repos/harbour/ferry/commits"
TAGS = "/repos/harbour/ferry/tags"
BRANCHES = "/repos/harbour/ferry/branches"


def shas(harbour: Harbour, **params: object) -> list[str]:
    answer = harbour.ask("GET", COMMITS, params=params)
    assert answer.status_code == 200, answer.text
    return [row["sha"] for row in answer.json()]


def by_git(harbour: Harbour, *arguments: str) -> list[str]:
    return harbour.git("rev-list", *arguments).split()


def test_a_commit_has_the_keys_of_the_later_document(harbour: Harbour) -> None:
    tip, parent, tree = harbour.git("rev-parse", "main", "main~1", "main^{tree}").split()
    api = f"{BASE}/api/v5/repos/harbour/ferry"

    answer = harbour.ask("GET", COMMITS)

    assert answer.status_code == 200
    assert (answer.headers["total_count"], answer.headers["total_page"]) == ("2", "1")
    assert answer.json()[0] == {
        "url": f"{api}/commits/{tip}",
        "sha": tip,
        "html_url": f"{BASE}/harbour/ferry/commit/{tip}",
        "comments_url": None,
        "commit": {
            "author": {"name": "王芳", "email": "fang@example.org", "date": "2023-11-16T01:59:55+00:00"},
            "committer": {
                "name": "Committer",
                "email": "committer@example.org",
                "date": "2023-11-16T02:00:00+00:00",
            },
            "tree": {"sha": tree, "url": f"{api}/git/trees/{tree}"},
            "message": "fix the main thing\n\nlong story",
        },
        "author": {
            "login": "王芳",
            "name": "王芳",
            "email": "fang@example.org",
            "date": "2023-11-16T01:59:55+00:00",
            "type": "User",
        },
        "committer": {
            "login": "Committer",
            "name": "Committer",
            "email": "committer@example.org",
            "date": "2023-11-16T02:00:00+00:00",
            "type": "User",
        },
        "parents": [{"sha": parent, "url": f"{api}/commits/{parent}"}],
    }


@pytest.fixture
def long_ferry(harbour: Harbour) -> Harbour:
    """Thirty more commits, by turns over three files."""
    for number in range(30):
        harbour.commit({f"f{number % 3}": str(number).encode()}, f"change {number}", at=1_700_200_000 + 60 * number)
    return harbour


def test_pages_join_to_the_history_and_tell_its_length(long_ferry: Harbour) -> None:
    pages = [shas(long_ferry, page=page, per_page=10) for page in (1, 2, 3, 4, 5)]

    assert [sha for page in pages for sha in page] == by_git(long_ferry, "main")
    assert [len(page) for page in pages] == [10, 10, 10, 2, 0]
    headers = long_ferry.ask("GET", COMMITS, params={"per_page": 10}).headers
    assert (headers["total_count"], headers["total_page"]) == ("32", "4")


def test_a_commit_that_was_just_made_is_the_first(long_ferry: Harbour) -> None:
    assert len(shas(long_ferry, per_page=100)) == 32

    tip = long_ferry.commit({"f0": b"new"}, "new", at=1_700_900_000)

    assert shas(long_ferry, per_page=100) == by_git(long_ferry, "main")
    assert shas(long_ferry, per_page=100)[0] == tip


def test_a_history_that_was_known_is_right_after_whatever_comes_to_it(long_ferry: Harbour) -> None:
    def same() -> bool:
        return shas(long_ferry, per_page=100) == by_git(long_ferry, "main")

    assert same()
    long_ferry.commit({"side": b"1"}, "aside, and of long ago", at=1_699_000_000, branch="side")
    tree, main, side = long_ferry.git("rev-parse", "main^{tree}", "main", "side").split()
    merge = long_ferry.git("commit-tree", "-m", "merge", "-p", main, "-p", side, tree).strip()
    long_ferry.git("update-ref", "refs/heads/main", merge)
    assert same()
    long_ferry.git("update-ref", "refs/heads/main", "main~5")
    assert same()
    long_ferry.commit({"f1": b"back in time"}, "back in time", at=1_700_000_500)
    assert same()
    long_ferry.commit({"f1": b"on"}, "on", at=1_701_000_000)
    assert same()


def test_path_author_dates_and_a_start_choose(long_ferry: Harbour) -> None:
    since, third = "2023-11-17T06:00:00Z", by_git(long_ferry, "main")[3]

    assert shas(long_ferry, path="f1") == by_git(long_ferry, "main", "--", "f1")
    assert shas(long_ferry, path="docs") == by_git(long_ferry, "main", "--", "docs")
    assert shas(long_ferry, author="FANG@", per_page=100) == by_git(long_ferry, "main")
    assert shas(long_ferry, author="somebody") == []
    assert shas(long_ferry, since=since) == by_git(long_ferry, "main", f"--since={since}") != []
    assert shas(long_ferry, until="2023-11-16") == by_git(long_ferry, "main~30")
    assert shas(long_ferry, sha=third, per_page=100) == by_git(long_ferry, third)


def test_an_author_may_be_a_user(harbour: Harbour) -> None:
    tree, tip = harbour.git("rev-parse", "main^{tree}", "main").split()
    author, committer = "C. Ch. <chen@example.org> 1700400000 +0800", "X <x@y> 1700400000 +0800"
    raw = f"tree {tree}\nparent {tip}\nauthor {author}\ncommitter {committer}\n\nhi\n"
    commit = harbour.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw.encode()).strip()
    harbour.git("update-ref", "refs/heads/main", commit)

    rows = harbour.ask("GET", COMMITS, params={"author": "chen"}).json()

    assert [row["sha"] for row in rows] == [commit]
    assert (rows[0]["author"]["login"], rows[0]["author"]["html_url"]) == ("chen", f"{BASE}/chen")
    assert (rows[0]["committer"]["login"], "id" in rows[0]["committer"]) == ("X", False)


@pytest.mark.parametrize(
    "params", [{"since": "yesterday"}, {"until": "2023-13-01"}, {"path": "../x"}, {"path": ".git"}, {"page": "x"}]
)
def test_what_cannot_be_read_is_a_bad_request(harbour: Harbour, params: dict[str, str]) -> None:
    assert harbour.ask("GET", COMMITS, params=params).status_code == 400


ODD = ["nothing", "1" * 40, "main~1", "main@{u}", "a..b", "--all", "-x", "--output=x", "refs/matou/kept/1/heads/x"]


@pytest.mark.parametrize("revision", ODD)
def test_what_is_no_commit_is_answered_as_gitcode_does(harbour: Harbour, revision: str) -> None:
    listed = harbour.ask("GET", COMMITS, params={"sha": revision})
    one = harbour.ask("GET", f"{COMMITS}/{revision}")

    for answer in (listed, one):
        assert 400 <= answer.status_code < 500
        assert answer.json()["error_code"] == 404
        assert "fatal" not in answer.text


def test_a_tree_and_a_blob_are_no_commits(harbour: Harbour) -> None:
    for name in harbour.git("rev-parse", "main^{tree}", "main:README.md").split():
        assert harbour.ask("GET", f"{COMMITS}/{name}").json()["error_code"] == 404
        assert harbour.ask("GET", COMMITS, params={"sha": name}).json()["error_code"] == 404


def test_an_empty_repository_has_empty_lists(harbour: Harbour) -> None:
    harbour.add_repository("empty")

    for what in ("commits", "tags", "branches"):
        answer = harbour.ask("GET", f"/repos/harbour/empty/{what}")
        assert (answer.status_code, answer.json()) == (200, [])
        assert (answer.headers["total_count"], answer.headers["total_page"]) == ("0", "0")


@pytest.mark.parametrize("revision", ["main", "HEAD", "refs/heads/main"])
def test_one_commit_tells_its_lines_and_on_demand_its_files(harbour: Harbour, revision: str) -> None:
    plain = harbour.ask("GET", f"{COMMITS}/{revision}").json()
    shown = harbour.ask("GET", f"{COMMITS}/{revision}", params={"show_diff": "true"}).json()

    assert plain["stats"] == {"additions": 1, "deletions": 1, "total": 2}
    assert "files" not in plain
    file = shown.pop("files")[0]
    assert shown == plain
    assert (file["filename"], file["status"], file["additions"], file["deletions"]) == ("src/main.c", "modified", 1, 1)
    raw = harbour.ask("GET", file["raw_url"].removeprefix(f"{BASE}/api/v5"))
    assert raw.content == b"int main(void);\n"


def test_tags_of_all_kinds_are_listed_by_name(harbour: Harbour) -> None:
    tip = harbour.git("rev-parse", "main").strip()
    blob = harbour.git("rev-parse", "main:README.md").strip()
    harbour.git("tag", "-a", "-m", "the first", "v1.0", "main")
    harbour.git("tag", "light", "main~1")
    harbour.git("tag", "of-a-blob", blob)

    answer = harbour.ask("GET", TAGS)

    assert answer.headers["total_count"] == "3"
    rows = {row["name"]: row for row in answer.json()}
    assert list(rows) == ["light", "of-a-blob", "v1.0"]
    assert rows["v1.0"]["message"] == "the first\n"
    assert rows["v1.0"]["commit"] == {"sha": tip, "date": "2023-11-16T02:00:00+00:00"}
    assert set(rows["v1.0"]["tagger"]) == {"name", "email", "date"}
    assert (rows["light"]["message"], rows["light"]["tagger"]) == ("", None)
    assert rows["of-a-blob"]["commit"]["sha"] == blob
    assert [row["name"] for row in harbour.ask("GET", TAGS, params={"per_page": 2, "page": 2}).json()] == ["v1.0"]


def test_branches_are_listed_by_name_or_by_date(harbour: Harbour) -> None:
    harbour.git("update-ref", "refs/heads/a-new-one", "main")
    harbour.git("update-ref", "refs/heads/z-old-one", "main~1")
    harbour.git("update-ref", "refs/matou/kept/000001/heads/secret", "main")

    def names(**params: str) -> list[str]:
        return [row["name"] for row in harbour.ask("GET", BRANCHES, params=params).json()]

    assert names() == ["a-new-one", "main", "z-old-one"]
    assert names(direction="desc") == ["z-old-one", "main", "a-new-one"]
    assert names(sort="updated") == ["z-old-one", "a-new-one", "main"]
    assert names(sort="updated", direction="desc", per_page="1") == ["main"]
    assert harbour.ask("GET", BRANCHES, params={"sort": "size"}).status_code == 400


def test_a_row_of_a_branch_has_the_documents_keys(harbour: Harbour) -> None:
    tip = harbour.git("rev-parse", "main").strip()

    (row,) = harbour.ask("GET", BRANCHES).json()

    assert row == {
        "name": "main",
        "commit": {
            "sha": tip,
            "url": f"{BASE}/api/v5/repos/harbour/ferry/commits/{tip}",
            "commit": {
                "author": {"name": "王芳", "email": "fang@example.org", "date": "2023-11-16T01:59:55.000Z"},
                "committer": {
                    "name": "Committer",
                    "email": "committer@example.org",
                    "date": "2023-11-16T02:00:00.000Z",
                },
                "message": "fix the main thing\n\nlong story",
            },
        },
        "protected": False,
        "default_branch": True,
    }


@pytest.mark.parametrize("url", ["feature/one", "feature%2Fone"])
def test_one_branch_has_both_shapes_of_an_id(harbour: Harbour, url: str) -> None:
    harbour.git("update-ref", "refs/heads/feature/one", "main~1")
    tip = harbour.git("rev-parse", "main~1").strip()

    found = harbour.ask("GET", f"{BRANCHES}/{url}").json()

    assert (found["name"], found["default"], found["merged"], found["can_push"]) == ("feature/one", False, True, True)
    assert (found["commit"]["id"], found["commit"]["sha"], found["commit"]["short_id"]) == (tip, tip, tip[:8])
    assert (found["commit"]["title"], found["commit"]["parent_ids"]) == ("first", [])


def test_merged_and_can_push_are_told_of_what_is_asked(harbour: Harbour) -> None:
    harbour.commit({"new": b"x"}, "not merged", at=1_700_300_000, branch="ahead")

    ahead = harbour.ask("GET", f"{BRANCHES}/ahead").json()
    main = harbour.ask("GET", f"{BRANCHES}/main", person="rui").json()

    assert (ahead["merged"], ahead["default"]) == (False, False)
    assert (main["merged"], main["default"], main["can_push"]) == (False, True, False)


def test_what_was_answered_before_is_not_told_when_it_is_no_longer_so(harbour: Harbour) -> None:
    ahead = harbour.commit({"new": b"x"}, "ahead", at=1_700_300_000, branch="ahead")
    said = [harbour.ask("GET", f"{BRANCHES}/ahead", person=person).json() for person in ("chen", "rui", "chen")]

    harbour.git("update-ref", "refs/heads/main", ahead)
    create_user(harbour.forge, "fang", email="fang@example.org")
    merged = harbour.ask("GET", f"{BRANCHES}/ahead").json()
    commit = harbour.ask("GET", f"{COMMITS}/ahead").json()

    assert [branch["can_push"] for branch in said] == [True, False, True]
    assert [branch["merged"] for branch in said] == [False] * 3
    assert [branch["commit"]["author_user_name"] for branch in said] == [None] * 3
    assert (merged["merged"], merged["commit"]["author_user_name"]) == (True, "fang")
    assert commit["author"]["login"] == "fang"


@pytest.mark.parametrize("name", ["nothing", "HEAD", "refs/heads/main", "main~1", "-d", "%2e%2e", "%2e%2e%2fmain"])
def test_what_is_no_branch_is_not_found(harbour: Harbour, name: str) -> None:
    assert harbour.ask("GET", f"{BRANCHES}/{name}").status_code == 404


def test_a_message_that_is_no_utf8_is_still_json(harbour: Harbour) -> None:
    git_dir = harbour.forge.git_dir(harbour.repository())
    tree = harbour.git("rev-parse", "main^{tree}").strip()
    raw = f"tree {tree}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 99999999999999 +0000\n\n".encode() + b"\xff\xfe\n"
    harbour.git("update-ref", "refs/heads/odd", store_object(git_dir, "commit", raw))

    answer = harbour.ask("GET", f"{COMMITS}/odd")

    assert answer.status_code == 200
    assert answer.json()["commit"]["message"] == "\ufffd\ufffd\n"


def test_a_broken_history_is_our_fault_and_tells_nothing_of_this_machine(harbour: Harbour) -> None:
    tip = harbour.git("rev-parse", "main~1").strip()
    (harbour.forge.git_dir(harbour.repository()) / "objects" / tip[:2] / tip[2:]).unlink(missing_ok=True)
    for pack in (harbour.forge.git_dir(harbour.repository()) / "objects" / "pack").glob("*"):
        pack.unlink()
    tree = harbour.git("hash-object", "-t", "tree", "-w", "--stdin").strip()
    commit = harbour.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=_text(tree, tip)).strip()
    harbour.git("update-ref", "--no-deref", "refs/heads/broken", commit)

    for url in (f"{COMMITS}?sha=broken", f"{COMMITS}/broken", f"{BRANCHES}/broken"):
        answer = harbour.ask("GET", url)
        assert answer.status_code in (200, 500)
        assert str(harbour.forge.archive.root) not in answer.text
        assert "fatal" not in answer.text
    assert harbour.ask("GET", f"{COMMITS}?sha=broken").status_code == 500


def _text(tree: str, parent: str) -> bytes:
    return f"tree {tree}\nparent {parent}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nx\n".encode()
