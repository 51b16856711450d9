"""What tests in a browser share: one server with a bit of everything, and one Chromium."""

import struct
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import urllib3

from matou.db.repositories import Repository
from matou.db.users import User
from matou.model.platform import Visibility
from support.deciding import describe_repository
from support.git_repositories import annotated_tag, commit_stream, fast_import, git
from support.matou_server import PASSWORD, MatouServer, running_server
from support.saved_harbour import save_harbour

HTTP = urllib3.PoolManager(retries=False)
README = """# 渡口 Ferry

[build](docs/build.md) · <b onclick="alert(1)">bold</b> <script>alert(1)</script>

| name | 数量 |
|---|--:|
| 船 | 3 |

- [x] done
- [ ] open

Text with a note.[^1] ![picture](docs/harbour.svg) ![elsewhere](https://elsewhere.example/x.png)

[^1]: the note

```python
print("<b>")
```
"""
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj trailer<</Root 1 0 R>>\n%%EOF"
)
SECONDS_OF_SOUND = 60
SOUND_RATE = 8000
SOUND = (
    b"RIFF"
    + struct.pack("<I", 36 + SECONDS_OF_SOUND * SOUND_RATE)
    + b"WAVEfmt "
    + struct.pack("<IHHIIHH", 16, 1, 1, SOUND_RATE, SOUND_RATE, 1, 8)
    + b"data"
    + struct.pack("<I", SECONDS_OF_SOUND * SOUND_RATE)
    + b"\x80" * (SECONDS_OF_SOUND * SOUND_RATE)
)
HOSTILE = '"><img src=x onerror=alert(1)>'
APP = b'"""An app."""\n\n\ndef main() -> None:\n    print("<script>alert(1)</script>")\n'
FILES = {
    "README.md": README.encode(),
    "src/app.py": APP,
    "docs/build.md": b"# Build\n",
    "docs/harbour.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><rect width="9" height="9"/></svg>',
    "data/rows.csv": "港口,船\n上海,3\n".encode(),
    "文档/说明.txt": "中文。\n".encode("gbk"),
    "data/chart.pdf": PDF,
    "data/horn.wav": SOUND,
    "binary.bin": b"\0\1\2" * 100,
    "<b>&": b"x\n",
    "long " + "x" * 150: b"y\n",
}


@dataclass(frozen=True)
class Harbour:
    """A server with repositories, and what is in them.

    Attributes:
        ferry: public, with files, branches and tags of all sorts.
        secret: private.
        empty: public, without a commit.
        as_administrator: what a browser sends to be one.
    """

    server: MatouServer
    ferry: Repository
    secret: Repository
    empty: Repository
    as_administrator: dict[str, str]


@pytest.fixture(scope="session")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    root = tmp_path_factory.mktemp("browser") / "archive"
    save_harbour(root)
    with running_server(root, forgives_addresses=True) as server:
        ferry = server.repository("harbour/ferry", visibility=Visibility.PUBLIC)
        describe_repository(server.forge, ferry, "A ferry 渡船 " + HOSTILE)
        git_dir = server.git_dir(ferry)
        first = commit_stream("main", FILES, f"first {HOSTILE}", is_root=True)
        later = (
            commit_stream("main", {"src/app.py": APP + b"# %d\n" % number}, f"第 {number} 次", number=number)
            for number in range(1, 60)
        )
        fast_import(git_dir, b"".join((first, *later)))
        changed = {"src/app.py": b"# <script>alert(1)</script>\n", HOSTILE.replace('"', ""): b"x" * 300}
        fast_import(git_dir, commit_stream("changed", changed, f"second {HOSTILE}", is_root=True))
        git(git_dir, "branch", "feature/第一", "main")
        git(git_dir, "update-ref", "refs/heads/<b>&", "refs/heads/main")
        annotated_tag(git_dir, "v1.0", "main")
        _count_statistics(server, ferry)
        yield Harbour(
            server,
            ferry,
            server.repository("harbour/secret"),
            server.repository("harbour/empty", visibility=Visibility.PUBLIC),
            _basic(server.user(admin=True)),
        )


def _count_statistics(server: MatouServer, repository: Repository) -> None:
    """A page that says that they are being counted looks again by itself, which no test waits for."""
    for _ in range(300):
        page = HTTP.request("GET", f"{server.url}/{repository.path}/-/statistics").data
        if b'http-equiv="refresh"' not in page:
            return
        time.sleep(0.1)
    raise AssertionError("the statistics are still being counted")


def _basic(user: User) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user.name}:{PASSWORD}".encode()).decode()}
