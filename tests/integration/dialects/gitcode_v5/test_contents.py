"""2, 7 and 36: files in an answer, files as an answer, and what a browser must not run."""

import hashlib
from base64 import b64decode
from contextlib import ExitStack
from urllib.parse import quote

import pytest

from matou.server.api.v5 import contents
from support.git_repositories import store_object
from support.gitcode_server import BASE, Harbour

CONTENTS = "/repos/harbour/ferry/contents"
RAW = "/repos/harbour/ferry/raw"
BLOBS = "/repos/harbour/ferry/git/blobs"


def blob_at(harbour: Harbour, path: str, revision: str = "main") -> str:
    return harbour.git("rev-parse", f"{revision}:{path}").strip()


def commit_tree(harbour: Harbour, *rows: bytes) -> str:
    """A branch `odd` with such a tree, made object by object."""
    git_dir = harbour.forge.git_dir(harbour.repository())
    tree = store_object(git_dir, "tree", b"".join(rows))
    commit = harbour.git("commit-tree", "-m", "odd", tree).strip()
    harbour.git("update-ref", "refs/heads/odd", commit)
    return commit


def row(harbour: Harbour, mode: bytes, name: bytes, content: bytes) -> bytes:
    git_dir = harbour.forge.git_dir(harbour.repository())
    return mode + b" " + name + b"\0" + bytes.fromhex(store_object(git_dir, "blob", content))


def test_a_file_has_the_documents_keys_and_its_content(harbour: Harbour) -> None:
    answer = harbour.ask("GET", f"{CONTENTS}/src/main.c", params={"ref": "main"})

    assert answer.status_code == 200
    api, page = f"{BASE}/api/v5/repos/harbour/ferry", f"{BASE}/harbour/ferry"
    url = f"{api}/contents/src/main.c?ref=main"
    assert answer.json() == {
        "type": "file",
        "encoding": "base64",
        "size": 16,
        "name": "main.c",
        "path": "src/main.c",
        "content": "aW50IG1haW4odm9pZCk7Cg==",
        "sha": blob_at(harbour, "src/main.c"),
        "url": url,
        "html_url": f"{page}/blob/main/src/main.c",
        "download_url": f"{api}/raw/src/main.c?ref=main",
        "_links": {"self": url, "html": f"{page}/blob/main/src/main.c"},
    }


def test_a_folder_is_an_array_without_content(harbour: Harbour) -> None:
    rows = harbour.ask("GET", f"{CONTENTS}/docs").json()

    assert [(each["type"], each["path"], each["name"], each["size"]) for each in rows] == [("dir", "docs/a", "a", 0)]
    assert "content" not in rows[0]
    assert "encoding" not in rows[0]
    assert rows[0]["download_url"] is None


@pytest.mark.parametrize("url", [CONTENTS, f"{CONTENTS}/"])
def test_the_root_is_an_array_of_what_stands_in_it(harbour: Harbour, url: str) -> None:
    rows = harbour.ask("GET", url).json()

    assert [(each["type"], each["path"], each["size"]) for each in rows] == [
        ("file", "README.md", len("# 渡船\n".encode())),
        ("dir", "docs", 0),
        ("dir", "src", 0),
    ]


@pytest.mark.parametrize("path", ["docs/a/b.md", "docs%2Fa%2Fb.md", "docs/a%2fb.md"])
def test_a_path_may_be_encoded(harbour: Harbour, path: str) -> None:
    assert harbour.ask("GET", f"{CONTENTS}/{path}").json()["path"] == "docs/a/b.md"


def test_an_older_revision_has_the_older_content(harbour: Harbour) -> None:
    older = harbour.git("rev-parse", "main~1").strip()

    found = harbour.ask("GET", f"{CONTENTS}/src/main.c", params={"ref": older}).json()

    assert b64decode(found["content"]) == b"int main;\n"


@pytest.mark.parametrize("name", ["说明 #1 100%.md", "a+b", "a b", "?x=1"])
def test_names_with_any_character_are_found_and_linked(harbour: Harbour, name: str) -> None:
    harbour.git("update-ref", "refs/heads/odd", "main")
    commit_tree(harbour, row(harbour, b"100644", name.encode(), b"odd"))

    found = harbour.ask("GET", f"{CONTENTS}/{quote(name, safe='')}", params={"ref": "odd"}).json()

    assert found["name"] == name
    again = harbour.ask("GET", found["download_url"].removeprefix(f"{BASE}/api/v5"))
    assert again.content == b"odd"


def test_a_link_gives_its_text_and_is_not_followed(harbour: Harbour) -> None:
    commit_tree(
        harbour, row(harbour, b"120000", b"link", b"/etc/passwd"), row(harbour, b"120000", b"up", b"../../hooks")
    )

    found = harbour.ask("GET", f"{CONTENTS}/link", params={"ref": "odd"}).json()

    assert (found["type"], b64decode(found["content"])) == ("symlink", b"/etc/passwd")
    assert harbour.ask("GET", f"{RAW}/link", params={"ref": "odd"}).content == b"/etc/passwd"
    assert harbour.ask("GET", f"{CONTENTS}/up/pre-receive", params={"ref": "odd"}).status_code == 404


def test_a_submodule_is_told_and_not_entered(harbour: Harbour) -> None:
    commit_tree(harbour, b"160000 module\0" + b"\1" * 20)

    found = harbour.ask("GET", f"{CONTENTS}/module", params={"ref": "odd"}).json()

    assert (found["type"], found["sha"], "content" in found) == ("submodule", "01" * 20, False)
    assert harbour.ask("GET", f"{CONTENTS}/module/x", params={"ref": "odd"}).status_code == 404
    assert harbour.ask("GET", f"{RAW}/module", params={"ref": "odd"}).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "%2e%2e/%2e%2e/etc/passwd",
        "src/%2e%2e/README.md",
        "%2e",
        ".git/config",
        "src/.GIT",
        "git~1",
        ".g%E2%80%8Cit/config",
        ".git%20/x",
        ".git::$INDEX_ALLOCATION",
        "a%00b",
        "%2Fetc%2Fpasswd",
        "x" * 5000,
    ],
)
@pytest.mark.parametrize("url", [CONTENTS, RAW])
def test_a_hostile_path_is_a_bad_request(harbour: Harbour, url: str, path: str) -> None:
    answer = harbour.ask("GET", f"{url}/{path}")

    assert answer.status_code == 400
    assert answer.json()["error_code"] == 400


@pytest.mark.parametrize("path", ["nothing", "README.md/below", "%FF", "a%0Ab", "a%1Bb", "%252e%252e"])
@pytest.mark.parametrize("url", [CONTENTS, RAW])
def test_a_path_that_is_not_there_is_not_found(harbour: Harbour, url: str, path: str) -> None:
    assert harbour.ask("GET", f"{url}/{path}").status_code == 404


@pytest.mark.parametrize("ref", ["nothing", "--output=x", "main@{u}", "main..main", "-x", "1" * 40, "HEAD~1", "a:b"])
@pytest.mark.parametrize("url", [CONTENTS, RAW])
def test_what_is_no_revision_is_not_found(harbour: Harbour, url: str, ref: str) -> None:
    answer = harbour.ask("GET", f"{url}/README.md", params={"ref": ref})

    assert answer.status_code == 404
    assert "fatal" not in answer.text


@pytest.mark.parametrize("url", [CONTENTS, f"{CONTENTS}/README.md", f"{RAW}/README.md"])
def test_an_empty_repository_has_no_contents(harbour: Harbour, url: str) -> None:
    harbour.add_repository("empty")

    answer = harbour.ask("GET", url.replace("ferry", "empty"))

    assert answer.status_code == 404
    assert "no commit" in answer.json()["error_message"]


def test_a_default_branch_that_is_not_there_is_not_found(harbour: Harbour) -> None:
    harbour.git("symbolic-ref", "HEAD", "refs/heads/gone")
    harbour.git("branch", "-m", "main", "other")

    assert harbour.ask("GET", CONTENTS).status_code == 404
    assert harbour.ask("GET", CONTENTS, params={"ref": "other"}).status_code == 200


LARGE = hashlib.shake_128(b"large").digest(3 * 1024 * 1024 + 1)


@pytest.fixture
def with_large_file(harbour: Harbour) -> Harbour:
    harbour.commit({"large.bin": LARGE}, "large", at=1_700_300_000)
    return harbour


@pytest.mark.parametrize("size", [0, 1, 2])
def test_a_file_that_is_streamed_into_an_answer_looks_like_one_that_is_not(
    with_large_file: Harbour, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    with_large_file.commit({"large.bin": LARGE[size:]}, "large", at=1_700_300_060)
    blob = f"{BLOBS}/{blob_at(with_large_file, 'large.bin')}"
    streamed = [with_large_file.ask("GET", url) for url in (f"{CONTENTS}/large.bin", blob)]

    monkeypatch.setattr(contents, "LARGEST_WHOLE_BYTES", len(LARGE))
    whole = [with_large_file.ask("GET", url) for url in (f"{CONTENTS}/large.bin", blob)]

    assert [answer.content for answer in streamed] == [answer.content for answer in whole]
    assert [answer.headers["content-length"] for answer in streamed] == [str(len(each.content)) for each in whole]
    assert b64decode(streamed[0].json()["content"]) == LARGE[size:]


def test_a_file_that_is_too_large_for_an_answer_is_raw_all_the_same(
    with_large_file: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "LARGEST_INLINE_BYTES", len(LARGE) - 1)

    shown = with_large_file.ask("GET", f"{CONTENTS}/large.bin")
    blob = with_large_file.ask("GET", f"{BLOBS}/{blob_at(with_large_file, 'large.bin')}")
    raw = with_large_file.ask("GET", f"{RAW}/large.bin")

    assert 400 <= shown.status_code < 500
    assert 400 <= blob.status_code < 500
    assert "raw" in shown.json()["error_message"]
    assert raw.content == LARGE
    assert raw.headers["content-length"] == str(len(LARGE))
    assert raw.headers["content-type"] == "application/octet-stream"
    assert {row["path"]: row["size"] for row in with_large_file.ask("GET", CONTENTS).json()}["large.bin"] == len(LARGE)


def test_too_many_streams_at_once_are_told_to_come_back(with_large_file: Harbour) -> None:
    streams = with_large_file.app.state.server_state.streams
    with ExitStack() as taken:
        for number in range(64):
            taken.enter_context(streams.taken(f"somebody {number % 4}"))
        refused = with_large_file.ask("GET", f"{RAW}/large.bin")
        small = with_large_file.ask("GET", f"{RAW}/README.md")

    assert (refused.status_code, "retry-after" in refused.headers, small.status_code) == (503, True, 200)
    assert with_large_file.ask("GET", f"{RAW}/large.bin").status_code == 200


def test_the_documents_own_blob_has_the_documents_own_sha(harbour: Harbour) -> None:
    git_dir = harbour.forge.git_dir(harbour.repository())
    blob = store_object(git_dir, "blob", b"%u6D4B%u8BD5webhook")

    answer = harbour.ask("GET", f"{BLOBS}/{blob}")

    assert answer.json() == {
        "sha": "e5699fe1b360d6c799ee58b24fb5a670b1e14851",
        "size": 19,
        "url": f"{BASE}/api/v5/repos/harbour/ferry/git/blobs/e5699fe1b360d6c799ee58b24fb5a670b1e14851",
        "content": "JXU2RDRCJXU4QkQ1d2ViaG9vaw==",
        "encoding": "base64",
    }


def test_only_a_blob_of_this_repository_is_a_blob(harbour: Harbour) -> None:
    other = harbour.add_repository("other")
    harbour.commit({"secret": b"secret"}, "secret", at=1_700_000_000, repository=other)
    theirs = harbour.git("rev-parse", "main:secret", repository=other).strip()
    commit, tree = harbour.git("rev-parse", "main", "main^{tree}").split()

    statuses = [
        harbour.ask("GET", f"{BLOBS}/{name}").status_code
        for name in (theirs, commit, tree, "1" * 40, "1" * 64, "e5699f", "main", "HEAD:README.md", "-x")
    ]

    assert statuses == [404] * 9


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("page.html", b"<script>alert(1)</script>", "text/plain; charset=utf-8"),
        ("image.svg", b"<svg onload='alert(1)'/>", "text/plain; charset=utf-8"),
        ("feed.xml", b"<?xml version='1.0'?><x/>", "text/plain; charset=utf-8"),
        ("gbk.txt", "码头".encode("gbk"), "text/plain"),
        ("说明.txt", ("码" * 5000).encode(), "text/plain; charset=utf-8"),
        ("program", b"\x7fELF\0\0", "application/octet-stream"),
        ("empty", b"", "text/plain; charset=utf-8"),
    ],
)
def test_raw_gives_bytes_that_no_browser_runs(harbour: Harbour, name: str, content: bytes, kind: str) -> None:
    harbour.commit({name: content}, "odd", at=1_700_300_000)

    answer = harbour.ask("GET", f"{RAW}/{name}")

    assert answer.content == content
    assert answer.headers["content-type"] == kind
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["etag"] == f'"{blob_at(harbour, name)}"'


def test_raw_of_a_folder_is_not_found(harbour: Harbour) -> None:
    assert harbour.ask("GET", f"{RAW}/src").status_code == 404


@pytest.mark.parametrize("url", [CONTENTS, f"{RAW}/README.md", f"{BLOBS}/{'1' * 40}"])
@pytest.mark.parametrize(("person", "status"), [(None, 404), ("xiao", 404), ("gu", 403)])
def test_a_private_repository_shows_nothing_to_strangers(
    harbour: Harbour, url: str, person: str | None, status: int
) -> None:
    assert harbour.ask("GET", url, person=person).status_code == status


def test_head_gives_the_headers_alone(harbour: Harbour) -> None:
    answer = harbour.ask("HEAD", f"{RAW}/README.md")

    assert (answer.status_code, answer.content) == (200, b"")
