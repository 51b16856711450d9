"""`matou role`: roles made for one repository by the person who runs the server."""

import json
from pathlib import Path

import pytest

from support.program import Person


def test_a_role_is_made_listed_and_deleted(person: Person, root: Path) -> None:
    role_id = person.matou(
        "role",
        "create",
        "acme/web/notes",
        "tester",
        "--access-level",
        "15",
        "--display-name",
        "测试角色",
        "--root",
        root,
    ).out.strip()

    listed = json.loads(person.matou("role", "list", "acme/web/notes", "--json", "--root", root).out)
    line = person.matou("role", "list", "acme/web/notes", "--root", root).out
    person.matou("role", "delete", "acme/web/notes", role_id, "--root", root)

    assert listed == [
        {
            "id": role_id,
            "name": "tester",
            "display_name": "测试角色",
            "description": "tester",
            "access_level": 15,
            "member_count": 0,
        }
    ]
    assert line == f"{role_id}  15  0  tester\n"
    assert json.loads(person.matou("role", "list", "acme/web/notes", "--json", "--root", root).out) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "acme/web/notes", "owner", "--access-level", "50"),
        ("create", "acme/web/notes", "nobody", "--access-level", "9"),
        ("create", "acme/web/notes", " ", "--access-level", "20"),
        ("create", "acme/web/missing", "tester", "--access-level", "20"),
        ("delete", "acme/web/notes", "0123456789abcdef"),
        ("list", "li"),
    ],
)
def test_what_cannot_be_is_a_mistake_of_the_command_line(
    person: Person, root: Path, arguments: tuple[str, ...]
) -> None:
    person.matou("role", *arguments, "--root", root, code=2)
