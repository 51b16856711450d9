"""23 and 24: files that people attach, and what a browser is given of them."""

import asyncio
import base64
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from matou.forge.access import Scope
from matou.forge.content.uploads import LARGEST_UPLOAD_BYTES
from matou.model.platform import Visibility
from matou.server.dialects.gitcode_v5.uploads import decode_leniently
from support.deciding import archive_repository, delete_repository, rename_repository, set_visibility
from support.gitcode_server import BASE, Harbour

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
IMAGE = "/repos/harbour/ferry/img/upload"
FILE = "/repos/harbour/ferry/file/upload"
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"


def upload(harbour: Harbour, name: str, content: bytes, *, path: str = FILE, person: str = "dora") -> str:
    """The URL of it."""
    answer = harbour.ask("POST", path, person=person, files={"file": (name, content)})
    assert answer.status_code == 200, answer.text
    url: str = answer.json()["full_path"]
    return url


def fetch(
    harbour: Harbour, url: str, *, person: str | None = None, method: str = "GET", **options: Any
) -> httpx.Response:
    headers = {} if person is None else {"PRIVATE-TOKEN": harbour.token(person)}
    return asyncio.run(_fetch(harbour, method, url, headers={**headers, **options.pop("headers", {})}, **options))


async def _fetch(harbour: Harbour, method: str, url: str, **options: Any) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=harbour.app)) as client:
        return await client.request(method, url, **options)


def test_an_image_in_base64_is_answered_as_in_the_document(harbour: Harbour) -> None:
    body = {"body": base64.b64encode(PICTURE).decode(), "file_name": "架构 图.png"}

    found = harbour.ask("POST", IMAGE, person="dora", json=body).json()

    assert found.keys() == {"success", "path", "full_path"}
    assert found["success"] is True
    assert re.fullmatch(f"uploads/{UUID}/架构 图\\.png", found["path"])
    assert found["full_path"].startswith(f"{BASE}/harbour/ferry/attachment/uploads/")
    assert fetch(harbour, found["full_path"], person="rui").content == PICTURE


def test_the_documents_own_request_for_an_image_is_taken(harbour: Harbour) -> None:
    answer = harbour.ask("POST", IMAGE, person="dora", json={"body": "1", "file_name": "2.png"})

    assert (answer.status_code, answer.json()["success"]) == (200, True)


def test_a_form_that_lost_its_plus_signs_is_the_same_image(harbour: Harbour) -> None:
    content = b"text: \xfb\xef\xbe\xfb\xef\xbe"
    encoded = base64.b64encode(content).decode()
    assert "+" in encoded

    answer = harbour.ask(
        "POST",
        IMAGE,
        person="dora",
        content=f"body={encoded}&file_name=a.txt",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )

    assert fetch(harbour, answer.json()["full_path"], person="rui").content == content


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("aGVsbG8=", b"hello"),
        ("aGVsbG8", b"hello"),
        ("aGVs\r\nbG8=\n", b"hello"),
        ("data:image/png;base64,aGVsbG8=", b"hello"),
        ("-_-_", b"\xfb\xff\xbf"),
        ("+/+/", b"\xfb\xff\xbf"),
        ("1", b"\xd4"),
        ("", b""),
        ("===", b""),
        ("中文", b""),
    ],
)
def test_base64_is_read_as_leniently_as_it_is_sent(text: str, content: bytes) -> None:
    assert decode_leniently(text) == content


def test_a_file_is_uploaded_with_the_documents_own_headers(harbour: Harbour) -> None:
    boundary = "------------------------d74496d66958873e"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="test3.txt"\r\n'
        f"Content-Type: text/plain\r\n\r\nhello\r\n--{boundary}--\r\n"
    )

    answer = harbour.ask(
        "POST",
        FILE,
        person="dora",
        content=body.encode(),
        headers={"content-type": f"application/json;charset=UTF-8; boundary={boundary}"},
    )

    assert answer.json()["path"].endswith("/test3.txt")
    assert fetch(harbour, answer.json()["full_path"], person="rui").content == b"hello"


@pytest.mark.parametrize(
    ("path", "options"),
    [
        (IMAGE, {"json": {"file_name": "a.png"}}),
        (IMAGE, {"json": {"body": "", "file_name": "a.png"}}),
        (IMAGE, {"json": {"body": "aGVsbG8="}}),
        (IMAGE, {"json": {"body": ["aGVsbG8="], "file_name": "a.png"}}),
        (IMAGE, {"json": {"body": base64.b64encode(b"\x7fELF\0\0").decode(), "file_name": "a.png"}}),
        (IMAGE, {"json": {"body": base64.b64encode(b"x" * (LARGEST_UPLOAD_BYTES + 1)).decode(), "file_name": "a"}}),
        (FILE, {}),
        (FILE, {"json": {"file": "a.txt"}}),
        (FILE, {"files": {"file": ("a.txt", b"")}}),
        (FILE, {"files": {"file": ("a.png", b"MZ\0\0")}}),
        (FILE, {"files": {"file": ("a.txt", b"x" * (LARGEST_UPLOAD_BYTES + 1))}}),
    ],
    ids=lambda value: None if isinstance(value, str) else str(value)[:60],
)
def test_what_is_refused_leaves_nothing_behind(harbour: Harbour, path: str, options: dict[str, Any]) -> None:
    answer = harbour.ask("POST", path, person="dora", **options)

    assert answer.status_code == 400, answer.text
    assert list(harbour.forge.archive.blobs.iterate()) == []


def test_more_than_anybody_may_send_is_not_even_read(harbour: Harbour) -> None:
    content = b"x" * (LARGEST_UPLOAD_BYTES + 2 * 1024 * 1024)

    assert harbour.ask("POST", FILE, person="dora", files={"file": ("a.txt", content)}).status_code == 413


@pytest.mark.parametrize(("person", "status"), [("dora", 200), ("rui", 403), ("gu", 403), ("xiao", 404), (None, 404)])
@pytest.mark.parametrize("path", [IMAGE, FILE])
def test_only_developers_upload(harbour: Harbour, path: str, person: str | None, status: int) -> None:
    body: dict[str, Any] = {"files": {"file": ("a.txt", b"a")}}
    if path == IMAGE:
        body = {"json": {"body": "YQ==", "file_name": "a.txt"}}

    assert harbour.ask("POST", path, person=person, **body).status_code == status


def test_nobody_uploads_to_what_is_archived_or_with_a_token_that_only_reads(harbour: Harbour) -> None:
    reading = harbour.token("dora", frozenset({Scope.REPOSITORY_READ}))
    files = {"file": ("a.txt", b"a")}

    assert harbour.ask("POST", FILE, token=reading, files=files).status_code == 403
    archive_repository(harbour.forge, harbour.repository())
    assert harbour.ask("POST", FILE, person="dora", files=files).status_code == 403


@pytest.mark.parametrize(
    ("person", "status"), [("chen", 200), ("rui", 200), ("root", 200), ("gu", 404), ("xiao", 404), (None, 404)]
)
def test_a_private_repositorys_file_is_for_those_who_read_its_code(
    harbour: Harbour, person: str | None, status: int
) -> None:
    url = upload(harbour, "a.txt", b"secret")

    answer = fetch(harbour, url, person=person)

    assert (answer.status_code, b"secret" in answer.content) == (status, status == 200)


def test_access_that_was_taken_away_is_taken_away_from_the_files_too(harbour: Harbour) -> None:
    path = "/repos/harbour/light/file/upload"
    url = upload(harbour, "a.txt", b"secret", path=path)
    assert fetch(harbour, url).content == b"secret"

    set_visibility(harbour.forge, harbour.repository("light"), Visibility.PRIVATE)

    assert fetch(harbour, url).status_code == 404
    assert fetch(harbour, url, headers={"if-none-match": f'"{url.split("/")[-2]}"'}).status_code == 404


def test_a_token_in_the_query_serves_too_and_a_wrong_one_does_not(harbour: Harbour) -> None:
    url = upload(harbour, "a.txt", b"secret")

    assert fetch(harbour, url, params={"access_token": harbour.token("rui")}).status_code == 200
    assert fetch(harbour, url, params={"access_token": "0" * 40}).status_code == 401
    assert fetch(harbour, url, headers={"authorization": "Digest x"}).status_code == 401


@pytest.mark.parametrize(
    ("name", "content", "media_type", "disposition"),
    [
        ("a.png", PICTURE, "image/png", "inline"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "text/plain", "attachment"),
        ("a.html", b"<script>alert(1)</script>", "text/plain", "attachment"),
        ("a.png", b"<script>alert(1)</script>", "text/plain", "attachment"),
        ("a.pdf", b"%PDF-1.7 /OpenAction", "application/pdf", "attachment"),
        ('图 "1"\'.txt', b"a", "text/plain", "attachment"),
    ],
)
def test_a_browser_runs_nothing_of_a_file(
    harbour: Harbour, name: str, content: bytes, media_type: str, disposition: str
) -> None:
    url = upload(harbour, name, content)

    answer = fetch(harbour, url, person="rui")

    assert answer.content == content
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert re.fullmatch(disposition + "; filename\\*=UTF-8''[A-Za-z0-9%._-]+", answer.headers["content-disposition"])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["cache-control"] == "private, no-cache"


def test_what_a_browser_has_is_not_sent_again(harbour: Harbour) -> None:
    url = upload(harbour, "a.txt", b"text")
    first = fetch(harbour, url, person="rui")

    again = fetch(harbour, url, person="rui", headers={"if-none-match": first.headers["etag"]})
    head = fetch(harbour, url, person="rui", method="HEAD")

    assert (again.status_code, again.content) == (304, b"")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "4")
    assert fetch(harbour, url, person="rui", method="DELETE").status_code == 405


def test_a_file_of_another_repository_or_of_none_is_not_there(harbour: Harbour) -> None:
    url = upload(harbour, "a.txt", b"secret")
    identifier = url.split("/")[-2]
    blob = next(iter(harbour.forge.archive.blobs.iterate()))
    upload(harbour, "b.txt", b"other", path="/repos/harbour/light/file/upload")

    for wrong in (
        url.replace("/ferry/", "/light/"),
        url.replace("/a.txt", "/b.txt"),
        url.replace("/a.txt", "/"),
        url.replace(identifier, "00000000-0000-4000-8000-000000000000"),
        url.replace(identifier, identifier.upper()),
        url.replace(identifier, f"%7B{identifier}%7D"),
        url.replace(identifier, blob),
        url.replace("/a.txt", "/%2e%2e%2fa.txt"),
    ):
        assert fetch(harbour, wrong, person="chen").status_code == 404, wrong


def test_a_file_moves_with_its_repository(harbour: Harbour) -> None:
    url = upload(harbour, "a.txt", b"text")

    rename_repository(harbour.forge, harbour.repository(), "barge")

    moved = [fetch(harbour, each, person="rui") for each in (url, url.replace("/ferry/", "/barge/"))]
    assert [answer.content for answer in moved] == [b"text", b"text"]


def test_the_files_of_a_deleted_repository_are_gone(harbour: Harbour) -> None:
    url = upload(harbour, "a.txt", b"secret")

    delete_repository(harbour.forge, harbour.repository())
    harbour.add_repository("ferry")

    assert fetch(harbour, url, person="chen").status_code == 404


def test_a_damaged_file_is_not_handed_out(harbour: Harbour) -> None:
    url = upload(harbour, "a.txt", b"secret")
    digest = next(iter(harbour.forge.archive.blobs.iterate()))
    path = Path(harbour.forge.archive.files.path(f"{digest[:2]}/{digest[2:4]}/{digest}"))
    path.chmod(0o600)
    path.write_bytes(b"sec\0et")

    answer = fetch(harbour, url, person="chen")

    assert (answer.status_code, b"sec" in answer.content) == (500, False)
