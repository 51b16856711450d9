"""A Matou server as somebody with a token uses it: its API, and git."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from support.git_repositories import ENVIRONMENT

HTTP = urllib3.PoolManager(maxsize=8, retries=False, timeout=60)
TEAM = "acme"


@dataclass
class UsedServer:
    """One server, and one person's token."""

    url: str
    token: str

    def ask(self, method: str, path: str, /, *, token: str | None = None, **body: object) -> tuple[int, Any]:
        """One request below `/api/v5`; gives the status and what the answer says."""
        headers = {"PRIVATE-TOKEN": self.token if token is None else token, "Content-Type": "application/json"}
        content = json.dumps(body).encode() if body else None
        answer = HTTP.request(method, f"{self.url}/api/v5{path}", headers=headers, body=content)
        return answer.status, json.loads(answer.data) if answer.data else None

    def git_url(self, name: str, token: str | None = None) -> str:
        return f"{self.url.replace('://', f'://x:{token or self.token}@')}/{TEAM}/{name}.git"

    def push(self, clone: Path, name: str, *refs: str, token: str | None = None) -> subprocess.CompletedProcess[str]:
        words = ["git", f"--git-dir={clone}", "push", "--quiet", self.git_url(name, token), *(refs or ("main",))]
        return subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True)

    def refs(self, name: str, token: str | None = None) -> dict[str, str] | None:
        """What `git ls-remote` lists; None where it is refused."""
        words = ["git", "ls-remote", "--quiet", "--refs", self.git_url(name, token)]
        listed = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True)
        lines = [line.split("\t") for line in listed.stdout.splitlines()]
        return {ref: oid for oid, ref in lines} if listed.returncode == 0 else None
