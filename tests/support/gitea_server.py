"""A real Gitea or Forgejo, where there is one: MATOU_TEST_GITEA names its program, else `gitea` or `forgejo` is."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OWNER, PASSWORD = "anna", "secret-1234"
_SETTINGS = """
APP_NAME = peer
RUN_MODE = prod
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
WORK_PATH = {folder}
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
ROOT_URL = http://127.0.0.1:{port}/
LOCAL_ROOT_URL = http://127.0.0.1:{port}/
DISABLE_SSH = true
OFFLINE_MODE = true
{static}
[database]
DB_TYPE = sqlite3
PATH = {folder}/gitea.db
[repository]
ROOT = {folder}/repositories
[security]
INSTALL_LOCK = true
SECRET_KEY = peer
[migrations]
ALLOW_LOCALNETWORKS = true
[log]
MODE = console
LEVEL = Warn
"""
_PATIENCE_SECONDS = 60


def gitea_program() -> str | None:
    return os.environ.get("MATOU_TEST_GITEA") or shutil.which("gitea") or shutil.which("forgejo")


def _static_root(program: Path) -> str:
    """A program that holds no templates looks for them beside itself, or for `src`, the module that it was built of."""
    found = next(
        (folder for folder in (program.parent, program.parent / "src") if (folder / "templates").is_dir()), None
    )
    return f"STATIC_ROOT_PATH = {found}" if found else ""


@dataclass(frozen=True)
class GiteaServer:
    """It runs, and `OWNER` administers it."""

    url: str
    token: str
    folder: Path

    def get(self, path: str) -> Any:
        """Below `/api/v1`."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._ask("POST", path, body)

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        return self._ask("PATCH", path, body)

    def delete(self, path: str) -> None:
        self._ask("DELETE", path, None)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/v1{path}", content, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error

    def token_for(self, scopes: str) -> str:
        """Another token of `OWNER`, for these scopes alone; with commas between them."""
        words = (
            "user",
            "generate-access-token",
            "--username",
            OWNER,
            "--token-name",
            scopes,
            "--scopes",
            scopes,
            "--raw",
        )
        return _administer(_command(self.folder), _environment(self.folder), *words).split()[-1]

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What stands in its database: old versions do not tell the original author by the API."""
        with closing(sqlite3.connect(f"file:{self.folder}/gitea.db?mode=ro", uri=True)) as connection:
            return connection.execute(statement).fetchall()


@contextmanager
def running_gitea(folder: Path) -> Iterator[GiteaServer]:
    program, port = gitea_program(), free_port()
    assert program is not None
    folder.mkdir()
    settings = folder / "app.ini"
    settings.write_text(
        _SETTINGS.format(folder=folder, port=port, static=_static_root(Path(program))), encoding="utf-8"
    )
    command, environment = _command(folder), _environment(folder)
    with (folder / "gitea.log").open("wb") as log:
        server = subprocess.Popen([*command, "web"], stdout=log, stderr=log, env=environment, cwd=folder)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url, server)
            user = ("--username", OWNER)
            created = (
                "--admin",
                *user,
                "--password",
                PASSWORD,
                "--email",
                "a@example.com",
                "--must-change-password=false",
            )
            _administer(command, environment, "user", "create", *created)
            token = _administer(
                command, environment, "user", "generate-access-token", *user, "--scopes", "all", "--raw"
            )
            yield GiteaServer(url, token.split()[-1], folder)
        finally:
            server.terminate()
            server.wait(30)


def _command(folder: Path) -> list[str]:
    program = gitea_program()
    assert program is not None
    return [program, "--config", str(folder / "app.ini"), "--work-path", str(folder)]


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "HOME": str(folder), "USER": OWNER}


def _administer(command: list[str], environment: dict[str, str], *words: str) -> str:
    ended = subprocess.run(
        [*command, "admin", *words], env=environment, check=True, capture_output=True, text=True, timeout=60
    )
    return ended.stdout


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/api/v1/version", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("Gitea did not start: its log is gitea.log")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
