"""One public repository on a running server, as a browser without an account sees its pages."""

import re
from collections.abc import Mapping
from html import unescape

import urllib3

from matou.model.names import ObjectId, object_id
from matou.model.platform import Visibility
from support.git_repositories import AUTHOR, EPOCH, fast_import, git
from support.matou_server import MatouServer

HTTP = urllib3.PoolManager(retries=False)
HOSTILE = "<img src=x onerror=alert(1)>\u202e\x1b[2J"
LINES = b"".join(b"line %d\n" % number for number in range(40))


class Site:
    """What a browser without an account is shown of one public repository."""

    def __init__(self, server: MatouServer, visibility: Visibility = Visibility.PUBLIC) -> None:
        self.server = server
        self.repository = server.repository(visibility=visibility)
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
            name = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").encode()
            changed = b"" if content is None else b"\ndata %d\n%b" % (len(content), content)
            stream.append((b'D "%b"' if content is None else b'M 100644 inline "%b"') % name + changed + b"\n")
        fast_import(self.git_dir, b"".join(stream))
        return object_id(git(self.git_dir, "rev-parse", ref))

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        return self.get_at(self.url + path, **headers)

    def get_at(self, address: str, **headers: str) -> urllib3.BaseHTTPResponse:
        """From the server's root on."""
        return HTTP.request("GET", self.server.url + address, headers=headers, redirect=False)

    def page(self, path: str) -> str:
        return self.page_at(self.url + path)

    def page_at(self, path: str, **headers: str) -> str:
        answer = self.get_at(path, **headers)
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
