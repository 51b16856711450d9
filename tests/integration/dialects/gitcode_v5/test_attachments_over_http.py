"""Uploaded files through the real server, which sends them from the disk by itself."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3

from matou.forge.content.uploads import LARGEST_UPLOAD_BYTES
from support.matou_server import MatouServer

LARGEST = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * (LARGEST_UPLOAD_BYTES // 256 - 1)


def upload(server: MatouServer, path: str, token: str, content: bytes) -> str:
    answer = urllib3.request(
        "POST",
        f"{server.url}/api/v5/repos/{path}/file/upload",
        fields={"file": ("大图 1.png", content)},
        headers={"PRIVATE-TOKEN": token},
    )
    assert answer.status == 200, answer.data
    url: str = answer.json()["full_path"]
    return url


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n", LARGEST], ids=["small", "largest"])
def test_a_file_comes_back_as_it_was_sent(matou_server: MatouServer, content: bytes) -> None:
    repository, token = matou_server.repository(), matou_server.token().reveal()

    url = upload(matou_server, str(repository.path), token, content)
    found = urllib3.request("GET", url, headers={"PRIVATE-TOKEN": token})
    head = urllib3.request("HEAD", url, headers={"PRIVATE-TOKEN": token})

    assert hashlib.sha256(found.data).digest() == hashlib.sha256(content).digest()
    assert found.headers["content-type"] == "image/png"
    assert (head.status, head.headers["content-length"]) == (200, str(len(content)))
    assert urllib3.request("GET", url).status == 404


def test_several_people_upload_and_read_at_once(matou_server: MatouServer) -> None:
    path, token = str(matou_server.repository().path), matou_server.token().reveal()
    contents = [b"%d\n" % number * 300_000 for number in range(8)]

    with ThreadPoolExecutor(8) as threads:
        urls = list(threads.map(lambda content: upload(matou_server, path, token, content), contents))
        found = list(threads.map(lambda url: urllib3.request("GET", f"{url}?access_token={token}").data, urls))

    assert found == contents
