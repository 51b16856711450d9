"""A real Gitea over a folder of its own, for whoever has one: a program that is built from its module.

    go build -tags 'sqlite sqlite_unlock_notify' code.gitea.io/gitea     (in a copy of the module, ten minutes)

What is named is the folder with the program `gitea` in it; `templates` and `options` lie beside it, unless the program
holds them. Nobody's account runs it where this program runs as root, which Gitea refuses to.
"""

import http.cookiejar
import json
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_server
from urllib.parse import urlencode

USER, PASSWORD = "bench", "bench-secret-123"

_INI = """
APP_NAME = bench
RUN_MODE = prod
RUN_USER = {user}
WORK_PATH = {folder}
[server]
PROTOCOL = http
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
ROOT_URL = {url}/
LOCAL_ROOT_URL = {url}/
DISABLE_SSH = true
OFFLINE_MODE = true
STATIC_ROOT_PATH = {program}
[database]
DB_TYPE = sqlite3
PATH = {folder}/gitea.db
SQLITE_JOURNAL_MODE = WAL
[repository]
ROOT = {folder}/repositories
[security]
INSTALL_LOCK = true
SECRET_KEY = bench
[service]
DISABLE_REGISTRATION = true
[picture]
DISABLE_GRAVATAR = true
[log]
MODE = console
LEVEL = Error
[session]
PROVIDER = memory
[cron.update_checker]
ENABLED = false
[migrations]
ALLOW_LOCALNETWORKS = true
"""


@dataclass(frozen=True)
class Gitea:
    """A running one, over a folder. `cookie` is that of somebody who signed in."""

    version: str
    url: str
    pid: int
    cookie: str
    folder: Path

    def add_repository(self, name: str, plain: Path) -> str:
        """Push all branches and tags of a repository, and give its path."""
        body = json.dumps({"name": name, "private": False, "default_branch": "main"}).encode()
        request = urllib.request.Request(f"{self.url}/api/v1/user/repos", body, {"Content-Type": "application/json"})
        request.add_header("Authorization", f"Basic {_basic()}")
        urllib.request.urlopen(request).close()
        header = f"http.extraHeader=Authorization: Basic {_basic()}"
        refs = ("+refs/heads/main:refs/heads/main", "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        for each in refs:
            command = ["git", f"--git-dir={plain}", "-c", header, "push", "--quiet", f"{self.url}/{USER}/{name}.git"]
            subprocess.run([*command, each], check=True)
        return f"/{USER}/{name}"


@contextmanager
def running_gitea(program: Path) -> Iterator[Gitea]:
    """Args: program: the folder with the program in it."""
    folder = Path(tempfile.mkdtemp(prefix="matou-bench-gitea-"))
    try:
        with create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        url, user = f"http://127.0.0.1:{port}", _user()
        ini = folder / "app.ini"
        ini.write_text(_INI.format(user=user, folder=folder, port=port, url=url, program=program), encoding="utf-8")
        folder.chmod(0o755)
        if os.geteuid() == 0:
            shutil.chown(folder, user)
            shutil.chown(ini, user)
        yield from _run(program / "gitea", folder, ini, url, user)
    finally:
        shutil.rmtree(folder)


def _run(program: Path, folder: Path, ini: Path, url: str, user: str) -> Iterator[Gitea]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "USER": user, "GITEA_WORK_DIR": str(folder)}
    options = {"env": environment, "cwd": folder, **({"user": user, "extra_groups": []} if os.geteuid() == 0 else {})}
    words = [str(program), "--config", str(ini)]
    with subprocess.Popen(
        [*words, "web"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **options,  # type: ignore[call-overload]
    ) as server:
        try:
            version = json.loads(_wait_for(f"{url}/api/v1/version"))["version"]
            account = ["--username", USER, "--password", PASSWORD, "--email", "bench@example.com"]
            made = [*words, "admin", "user", "create", "--admin", "--must-change-password=false", *account]
            subprocess.run(made, check=True, stdout=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
            yield Gitea(version, url, server.pid, _sign_in(url), folder)
        finally:
            server.terminate()


def _user() -> str:
    return "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def _wait_for(url: str) -> bytes:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url) as answer:
                content: bytes = answer.read()
                return content
        except OSError:
            time.sleep(0.2)
    message = f"{url} does not answer"
    raise RuntimeError(message)


def _sign_in(url: str) -> str:
    """As a browser does, by the form; some versions have a token in it."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    with browser.open(f"{url}/user/login") as answer:
        token = re.search(r'name="_csrf"[^>]*value="([^"]*)"', answer.read().decode())
    form = {"user_name": USER, "password": PASSWORD, "_csrf": "" if token is None else token[1]}
    browser.open(f"{url}/user/login", urlencode(form).encode()).close()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def _basic() -> str:
    from base64 import b64encode

    return b64encode(f"{USER}:{PASSWORD}".encode()).decode()
