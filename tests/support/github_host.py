"""A server over what was saved, at a host that stands for GitHub and is reached by HTTPS, as programs know GitHub."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.gitea_server import free_port
from support.github_story import saved_story
from support.program import Person, serving
from support.redirected_hosts import RedirectedHosts, redirected

HOST = "github.example"


@dataclass(frozen=True)
class ServedAsGitHub:
    """What programs are told of it: a token of somebody who may read, and how the host is reached."""

    token: str
    hosts: RedirectedHosts


@contextmanager
def serving_as_github(folder: Path) -> Iterator[ServedAsGitHub]:
    _head, token = saved_story(folder / "archive")
    settings = folder / "matou.toml"
    settings.write_text(f'[server.hosts]\n{HOST} = "github"\n', encoding="utf-8")
    # What it prints is the address that links begin with.
    port = free_port()
    options = ("--config", str(settings), "--port", str(port), "--url", f"https://{HOST}")
    with (
        serving(Person(folder), folder / "archive", *options),
        redirected(folder, [HOST], f"http://127.0.0.1:{port}") as hosts,
    ):
        yield ServedAsGitHub(token, hosts)
