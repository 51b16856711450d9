"""What is listed can be read: names with control characters, or not in UTF-8, by their bytes; and empty files."""

import hashlib
from base64 import b64decode
from urllib.parse import quote

import pytest

from support.gitcode_server import BASE, Harbour
from support.gitee_server import Client

FERRY = "/repos/harbour/ferry"
NAMES = (
    b"a\nb",
    b"tab\there",
    b"cr\r",
    "新\x1b".encode(),
    b"\xb2\xe2\xca\xd4.txt",
    "表示".encode("shift_jis"),
    b"\x7f",
)
PATHS = (*NAMES, *(b"\xb2\xe2\n/" + name for name in NAMES))


@pytest.fixture
def odd(harbour: Harbour) -> Harbour:
    """Each file holds its own path."""
    stream = [b"commit refs/heads/main\ncommitter C <c@example.org> 1800000000 +0000\ndata 3\nodd\n"]
    stream.append(b"from refs/heads/main^0\n")
    for path in PATHS:
        octal = b"".join(b"\\%03o" % byte for byte in path)
        stream.append(b'M 100644 inline "%b"\ndata %d\n%b\n' % (octal, len(path), path))
    harbour.git("fast-import", "--quiet", stdin=b"".join(stream))
    return harbour


def below_api(url: str) -> str:
    return url.removeprefix(f"{BASE}/api/v5")


@pytest.mark.parametrize("path", PATHS, ids=quote)
def test_a_file_is_reached_by_its_bytes(odd: Harbour, path: bytes) -> None:
    raw = odd.ask("GET", f"{FERRY}/raw/{quote(path)}")
    contents = odd.ask("GET", f"{FERRY}/contents/{quote(path, safe='')}?ref=main")
    commits = odd.ask("GET", f"{FERRY}/commits?path={quote(path)}")
    folder = odd.ask("GET", f"{FERRY}/git/trees/main?file_path={quote(path.rpartition(b'/')[0])}")

    assert (raw.status_code, raw.content) == (200, path)
    assert b64decode(contents.json()["content"]) == path
    assert contents.json()["path"] == path.decode("utf-8", "replace")
    assert [row["commit"]["message"] for row in commits.json()] == ["odd"]
    assert path.decode("utf-8", "replace") in [row["path"] for row in folder.json()["tree"]]


def blob_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("folder", [b"", b"\xb2\xe2\n"])
def test_what_a_folder_lists_links_to_what_it_is(odd: Harbour, folder: bytes) -> None:
    rows = [row for row in odd.ask("GET", f"{FERRY}/contents/{quote(folder)}").json() if row["type"] == "file"]

    assert len(rows) >= len(NAMES)
    for row in rows:
        assert odd.ask("GET", below_api(row["url"])).json()["sha"] == row["sha"]
        assert blob_id(odd.ask("GET", below_api(row["download_url"])).content) == row["sha"]


def test_what_a_commit_changed_links_to_what_it_is(odd: Harbour) -> None:
    files = odd.ask("GET", f"{FERRY}/commits/main?show_diff=true").json()["files"]

    assert {odd.ask("GET", below_api(file["raw_url"])).content for file in files} == set(PATHS)


@pytest.mark.parametrize("path", PATHS[:7], ids=quote)
def test_v3_reads_them_by_their_bytes(odd: Harbour, path: bytes) -> None:
    code = "/projects/harbour%2Fferry/repository"

    file = Client(odd).ask("GET", f"{code}/files?file_path={quote(path)}&ref=main", person="chen").json()

    assert (b64decode(file["content"]), file["file_name"]) == (path, path.decode("utf-8", "replace"))


def test_such_a_file_can_be_changed_and_deleted_and_not_made(odd: Harbour) -> None:
    url = f"{FERRY}/contents/{quote(NAMES[4])}"
    sha = odd.ask("GET", url).json()["sha"]

    changed = odd.ask("PUT", url, json={"content": "bmV3", "message": "m", "sha": sha})
    deleted = odd.ask("DELETE", url, params={"message": "m", "sha": changed.json()["content"]["sha"]})
    made = [odd.ask("POST", f"{FERRY}/contents/{quote(name)}", json={"content": "", "message": "m"}) for name in NAMES]

    assert changed.json()["content"]["url"].endswith(quote(NAMES[4]))
    assert (changed.status_code, deleted.status_code) == (200, 200)
    assert {answer.status_code for answer in made} == {400}


@pytest.mark.parametrize("folder", ["heads", "tags"])
def test_a_branch_or_tag_whose_name_is_not_utf8_is_reached_by_its_bytes(harbour: Harbour, folder: str) -> None:
    name = "%B2%E2/x"
    harbour.git("update-ref", "--stdin", "-z", stdin=b"create refs/%b/\xb2\xe2/x\0main\0" % folder.encode())

    shown = harbour.ask("GET", f"{FERRY}/commits/{name}")
    raw = harbour.ask("GET", f"{FERRY}/raw/README.md?ref={name}")
    commits = harbour.ask("GET", f"{FERRY}/commits?sha={name}")
    v3 = Client(harbour).ask("GET", f"/projects/harbour%2Fferry/repository/commits/{name}", person="chen")
    gone = harbour.ask("DELETE", f"{FERRY}/{'branches' if folder == 'heads' else 'tags'}/{name}")
    again = harbour.ask("DELETE", f"{FERRY}/{'branches' if folder == 'heads' else 'tags'}/{name}")

    assert [answer.status_code for answer in (shown, raw, commits, v3, gone, again)] == [200, 200, 200, 200, 204, 404]


@pytest.mark.parametrize("query", ["per_page=%ff", "page=%ff", "author=%ff", "since=%ff", "access_token=%ff"])
def test_bytes_that_are_no_text_are_refused_where_no_name_is_meant(harbour: Harbour, query: str) -> None:
    answer = harbour.ask("GET", f"{FERRY}/commits?{query}", person=None if "token" in query else "chen")

    assert answer.status_code in (400, 401)


def test_an_empty_file_is_made_and_filled_and_emptied(harbour: Harbour) -> None:
    url = f"{FERRY}/contents/empty/.gitkeep"

    made = harbour.ask("POST", url, json={"content": "", "message": "keep"})
    filled = harbour.ask("PUT", url, json={"content": "eA==", "message": "m", "sha": made.json()["content"]["sha"]})
    emptied = harbour.ask("PUT", url, data={"content": "", "message": "m", "sha": filled.json()["content"]["sha"]})

    assert (made.status_code, filled.status_code, emptied.status_code) == (201, 200, 200)
    assert (made.json()["content"]["size"], emptied.json()["content"]["size"]) == (0, 0)
    assert harbour.ask("GET", f"{FERRY}/raw/empty/.gitkeep").content == b""


@pytest.mark.parametrize("sent", [{"message": "m"}, {"message": "m", "content": None}, {"message": "", "content": ""}])
def test_content_must_be_said_even_so(harbour: Harbour, sent: dict[str, str | None]) -> None:
    answer = harbour.ask("POST", f"{FERRY}/contents/new", json=sent)

    assert (answer.status_code, answer.json()["error_code"]) == (400, 1000)
