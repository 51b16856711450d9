"""The pages of a small backup with a past, as a server shows them to an administrator and to nobody in particular."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import urllib3

from matou.db.users import User
from matou.forge.repositories.repository_lists import find_repository
from matou.model.names import RepositoryPath
from matou.model.platform import Visibility
from support.deciding import set_visibility
from support.matou_server import PASSWORD, MatouServer, running_server
from support.saved_harbour import TUG, SavedHarbour, save_harbour

HTTP = urllib3.PoolManager(retries=False)


@dataclass(frozen=True)
class Served:
    """TUG is public, everything else is private."""

    server: MatouServer
    saved: SavedHarbour
    admin: User

    def look(self, path: str, *, as_admin: bool = True, etag: str = "") -> urllib3.BaseHTTPResponse:
        basic = b64encode(f"{self.admin.name}:{PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}"} if as_admin else {}
        if etag:
            headers["If-None-Match"] = etag
        return HTTP.request("GET", self.server.url + path, headers=headers, redirect=False)

    def text(self, path: str) -> str:
        answer = self.look(path)
        assert answer.status == 200
        return answer.data.decode()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("past") / "archive"
    saved = save_harbour(root)
    with running_server(root, forgives_addresses=True) as server:
        tug = find_repository(server.forge, RepositoryPath.parse(TUG))
        set_visibility(server.forge, tug, Visibility.PUBLIC)
        yield Served(server, saved, server.user(admin=True))
