"""The server for importers lets in who has a token for it, to what that token is for, while the token lasts."""

import asyncio
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from matou.archive.layout import Archive
from matou.credentials import Secret
from matou.db.engine import open_database
from matou.forge.accounts.read_grants import grant_reading, revoke_grant
from matou.forge.forge import Forge
from matou.model.names import RepositoryPath
from matou.server.import_server import build_import_app, serving_imports
from support.coding_api import Clock
from support.github_story import saved_story

BASE = "http://matou.example.org"
LIGHT, FERRY = "harbour/light", "harbour/ferry"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("import-server") / "archive"
    saved_story(root)
    return root


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def forge(root: Path, clock: Clock) -> Iterator[Forge]:
    archive = Archive.open(root)
    with closing(open_database(archive.database)) as database:
        yield Forge(database, archive, clock.now)


def grant(forge: Forge, *paths: str, confidential: bool = True) -> Secret:
    until = forge.now() + HOUR
    return grant_reading(forge, map(RepositoryPath.parse, paths), until, confidential=confidential)


def ask(forge: Forge, path: str, token: Secret | None, method: str = "GET") -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app=build_import_app(forge, BASE))
        headers = {} if token is None else {"Authorization": f"token {token.reveal()}"}
        async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
            return await client.request(method, path)

    return asyncio.run(once())


def basic(token: Secret) -> Any:
    return b64encode(f"oauth2:{token.reveal()}".encode()).decode()


def test_nobody_is_let_in_who_does_not_say_who_they_are(forge: Forge) -> None:
    """Though `harbour/light` is public."""
    for path in (f"/api/v3/repos/{LIGHT}", f"/{LIGHT}.git/info/refs?service=git-upload-pack", "/"):
        assert ask(forge, path, None).status_code == 401
    assert ask(forge, f"/api/v3/repos/{LIGHT}", Secret("a" * 40)).status_code == 401


@pytest.mark.parametrize("said", ["Basic Og==", "Basic OmE=", "Basic YTo=", "Basic", "token", "token a", "Other a"])
def test_a_header_that_says_nobody_lets_nobody_in(forge: Forge, said: str) -> None:
    async def once(path: str) -> int:
        transport = httpx.ASGITransport(app=build_import_app(forge, BASE))
        async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={"Authorization": said}) as client:
            return (await client.get(path)).status_code

    for path in (f"/api/v3/repos/{LIGHT}", "/api/v3/", f"/{LIGHT}.git/info/refs?service=git-upload-pack"):
        assert asyncio.run(once(path)) == 401


def test_a_token_reads_what_it_is_for_and_nothing_else(forge: Forge) -> None:
    token = grant(forge, FERRY)

    assert ask(forge, f"/api/v3/repos/{FERRY}", token).json()["clone_url"] == f"{BASE}/{FERRY}.git"
    assert ask(forge, f"/{FERRY}.git/info/refs?service=git-upload-pack", token).status_code == 200
    for path in (f"/api/v3/repos/{LIGHT}", f"/{LIGHT}.git/info/refs?service=git-upload-pack"):
        assert ask(forge, path, token).status_code == 404
    assert ask(forge, "/api/v3/orgs/harbour/repos", token).status_code == 404


def test_nothing_can_be_pushed_with_it(forge: Forge) -> None:
    token = grant(forge, FERRY)

    assert ask(forge, f"/{FERRY}.git/info/refs?service=git-receive-pack", token).status_code == 403


def test_what_is_confidential_is_left_out_where_the_target_is_open(forge: Forge) -> None:
    path = f"/api/v3/repos/{LIGHT}/issues?state=all"

    def titles(token: Secret) -> list[str]:
        return sorted(row["title"] for row in ask(forge, path, token).json() if "pull_request" not in row)

    assert len(titles(grant(forge, LIGHT))) == 3
    assert len(titles(grant(forge, LIGHT, confidential=False))) == 2


def test_a_token_ends_by_its_time_or_by_a_word(forge: Forge, clock: Clock) -> None:
    short, revoked = grant(forge, LIGHT), grant(forge, LIGHT)
    revoke_grant(forge, revoked)
    path = f"/api/v3/repos/{LIGHT}"

    assert [ask(forge, path, token).status_code for token in (short, revoked)] == [200, 401]
    clock.advance(HOUR)
    assert ask(forge, path, short).status_code == 401


def test_it_answers_over_http_until_it_is_left(forge: Forge) -> None:
    token = grant(forge, LIGHT)

    with serving_imports(forge, "127.0.0.1", 0) as served:
        url = served.url
        request = urllib.request.Request(
            f"{url}/api/v3/repos/{LIGHT}", headers={"Authorization": f"Basic {basic(token)}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200

    with pytest.raises(OSError, match=r"refused|reset"):
        urllib.request.urlopen(url, timeout=5)
