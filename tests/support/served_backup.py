"""A backup that a Matou serves, saved again from there: what its metadata repositories hold, to be compared."""

import json
import subprocess
from pathlib import Path
from typing import Any

from matou.db.memberships import Role
from matou.forge.accounts.namespaces import find_namespace
from matou.forge.accounts.users import create_user
from matou.model.names import NamespacePath
from matou.settings import Settings
from matou.wiring import open_forge
from support.deciding import add_member, create_token
from support.program import Person, serving

OF_THIS_PLACE = frozenset({"README.md", "about.json"})
"""Which tell where it was saved from, and when."""


def back_up_again(person: Person, archive: Path, team: str, platform: str, api: str, again: Path) -> dict[str, Any]:
    """Serve it, and save what an owner of the team sees there.

    Args:
        api: what stands behind the server's address where this platform's API is.
    """
    with open_forge(archive, Settings.from_environment({})) as forge:
        reader = create_user(forge, "reader")
        add_member(forge, find_namespace(forge, NamespacePath((team,))), reader, Role.OWNER)
        token = create_token(forge, reader, "test").reveal()
    with serving(person, archive) as url:
        words = ("backup", platform, "--url", f"{url}{api}", "--to", again, "--json")
        ended = person.matou(*words, code=0, **{f"MATOU_{platform.upper()}_TOKEN": token})
    read: dict[str, Any] = json.loads(ended.out)
    return read


def metadata_in(archive: Path, name: str) -> dict[str, Any]:
    """The files of a repository's metadata, without what belongs to the place that it was read from.

    Files in texts stay where the texts say, which is at the platform, so that a server has none to give; those of
    releases are to be had from it, by other addresses.
    """
    [head] = (archive / "metadata").rglob(f"{name}.git/HEAD")
    files = {path: _read(head.parent, path) for path in _git(head.parent, "ls-tree", "-rz", "--name-only", "main")}
    kept = {path: text for path, text in files.items() if not path.startswith("attachments/")}
    return {path: _of_anywhere(path, text) for path, text in kept.items() if path not in OF_THIS_PLACE}


def _of_anywhere(path: str, text: str) -> Any:
    if not path.endswith(".json"):
        return text
    value = json.loads(text)
    for asset in value.get("assets", ()) if path.startswith("releases/") else ():
        del asset["url"]
    return _without_files(value)


def _without_files(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: [] if key == "files" else _without_files(each) for key, each in value.items()}
    return [_without_files(each) for each in value] if isinstance(value, list) else value


def _read(git_dir: Path, path: str) -> str:
    command = ["git", "-C", str(git_dir), "cat-file", "blob", f"main:{path}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _git(git_dir: Path, *words: str) -> list[str]:
    printed = subprocess.run(["git", "-C", str(git_dir), *words], check=True, capture_output=True, text=True).stdout
    return printed.rstrip("\0").split("\0")
