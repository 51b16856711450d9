"""A source of many small repositories, backups of it by workers, and the workers."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.git_repositories import make_source
from support.plain_git_server import PlainGitServer
from support.program import Person

if TYPE_CHECKING:
    import subprocess

PASSWORD = "captain:hunter2"
VARIABLE = "BOATS"


def fill(server: PlainGitServer, folder: Path, count: int) -> None:
    """Repositories of which only a credential shows anything."""
    first = make_source(folder / "boat-0.git")
    for number in range(count):
        place = folder / f"boat-{number}.git"
        if number:
            shutil.copytree(first, place)
        server.repositories[f"/team/boat-{number}.git"] = place
    server.password = PASSWORD


def configured(folder: Path, server: PlainGitServer, archive: Path, *also: str) -> Path:
    folder.mkdir(exist_ok=True)
    urls = json.dumps([f"{server.url}{path}" for path in (*server.repositories, *also)])
    file = folder / "matou.toml"
    file.write_text(
        f'[[source]]\nname = "boats"\nplatform = "git"\nurl = {urls}\nto = "{archive}"\ntoken_variable = "{VARIABLE}"\n'
    )
    return file


def start_worker(person: Person, archive: Path, config: Path) -> "subprocess.Popen[str]":
    return person.start("worker", "--root", archive, "--config", config, **{VARIABLE: PASSWORD})


@contextmanager
def workers(person: Person, archive: Path, config: Path, count: int) -> Iterator[list["subprocess.Popen[str]"]]:
    with ExitStack() as stack:
        started = []
        for _ in range(count):
            started.append(start_worker(person, archive, config))
            stack.callback(started[-1].communicate)
            stack.callback(started[-1].terminate)
        yield started


def back_up(person: Person, config: Path, *options: str, code: int = 0) -> dict[str, Any]:
    """What the report says."""
    ended = person.matou("backup", "--config", config, "--json", *options, code=code, **{VARIABLE: PASSWORD})
    report: dict[str, Any] = json.loads(ended.out)
    return report


def manifest(archive: Path, run: int) -> list[dict[str, Any]]:
    """Without what is of the moment, in an order of its own: threads write it in the one in which they are done."""
    text = (archive / "runs" / f"{run:06d}" / "manifest.jsonl").read_text()
    lines = [json.loads(re.sub(r"T[0-9:]{8}Z", "", line)) for line in text.splitlines()]
    for line in lines:
        for name in ("seconds", "sha256", "records", "previous"):
            line.pop(name, None)
    return sorted(lines, key=json.dumps)
