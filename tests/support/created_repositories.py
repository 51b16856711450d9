"""What tests of repositories that are made and changed by GitCode's dialect share."""

from typing import Any

from matou.forge.maintenance.check import check
from support.gitcode_server import Harbour
from support.listed_rows import repositories_in

KEYS_OF_THE_DOCUMENT = {
    "id", "full_name", "human_name", "url", "namespace", "path", "name", "description", "private", "public",
    "visibility", "empty_repo", "starred", "owner", "creator", "forked_from_project", "item_type",
    "main_repository_language", "homepage",
}  # fmt: skip
KEYS_OF_A_NAMESPACE = {
    "id", "name", "path", "develop_mode", "region", "cell", "kind", "full_path", "full_name", "parent_id",
    "visibility_level", "enable_file_control", "owner_id",
}  # fmt: skip
HOSTILE = ["..", ".", "../x", "a/../b", "x.git", "CON", "a" * 300, "a\u2215b", "a\uff0fb", "a\\b", "-x", "x.lock", " "]


def created(harbour: Harbour, *, person: str = "chen", path: str = "/user/repos", **fields: Any) -> dict[str, Any]:
    answer = harbour.ask("POST", path, person=person, json=fields)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def files_of(harbour: Harbour, path: str, branch: str = "main") -> dict[str, str]:
    repository = harbour.repository(path)
    names = harbour.git("ls-tree", "-r", "--name-only", branch, repository=repository).split("\n")[:-1]
    return {name: harbour.git("show", f"{branch}:{name}", repository=repository) for name in names}


def nothing_was_made(harbour: Harbour) -> bool:
    folders = {path.name for path in harbour.forge.archive.repositories.rglob("*.git")}
    return (
        folders == {"ferry.git", "light.git"}
        and repositories_in(harbour.forge, None)[1] == 2
        and list(harbour.forge.archive.staging.iterdir()) == []
        and check(harbour.forge) == ()
    )
