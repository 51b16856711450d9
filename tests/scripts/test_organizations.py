"""`matou org` and `matou repo`: what the person that runs the server changes of namespaces and repositories."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.program import Ended, serving
from support.team import Team


def do(team: Team, *words: str, code: int | None = 0) -> Ended:
    return team.person.matou(*words, "--root", team.root, code=code)


def answer(team: Team, *words: str) -> Any:
    return json.loads(do(team, *words, "--json").out)


def test_organizations_are_listed_and_shown(team: Team) -> None:
    listed, shown = answer(team, "org", "list"), answer(team, "org", "show", "acme")

    assert [(one["path"], one["kind"]) for one in listed] == [("acme", "organization"), ("acme/web", "organization")]
    assert (shown["repositories"], shown["namespaces"]) == (3, ["acme/web"])
    assert [(one["name"], one["role"]) for one in shown["members"]] == [("li", "owner")]
    assert "acme/web" in do(team, "org", "list").out


def test_all_below_a_renamed_organization_moves_with_it_and_is_found_by_its_old_path(team: Team) -> None:
    """While the server runs: its next answer is of the new place."""
    old = team.git_url("shop").replace("://", f"://li:{team.token}@")
    before = team.person.git("ls-remote", old)

    renamed = answer(team, "org", "rename", "acme", "emca", "--display-name", "码头")

    assert (renamed["path"], renamed["display_name"]) == ("emca", "码头")
    paths = [one["path"] for one in answer(team, "repo", "list")]
    assert paths == ["emca/web/empty", "emca/web/notes", "emca/web/shop"]
    assert team.person.git("ls-remote", old.replace("/acme/", "/emca/")) == before
    assert team.person.git("ls-remote", old) == before
    assert (team.root / "repositories/emca/web/shop.git/HEAD").exists()
    assert not list((team.root / "repositories").glob("acme/**/*.git"))
    team.person.matou("check", team.root)


def test_a_namespace_is_not_renamed_to_what_is_there(team: Team) -> None:
    do(team, "org", "create", "other", "--owner", "li")

    assert "taken" in do(team, "org", "rename", "acme", "OTHER", code=2).err
    assert "own namespace" in do(team, "org", "rename", "li", "wang", code=2).err
    assert "cannot be used" in do(team, "org", "rename", "acme", "a/b", code=2).err
    assert [one["path"] for one in answer(team, "org", "list")] == ["acme", "acme/web", "other"]


def test_only_an_empty_namespace_is_deleted(team: Team) -> None:
    assert "still holds" in do(team, "org", "delete", "acme", "--yes", code=2).err
    do(team, "org", "create", "empty", "--owner", "li")

    do(team, "org", "delete", "empty", "--yes")

    assert [one["path"] for one in answer(team, "org", "list")] == ["acme", "acme/web"]


def test_a_repository_is_shown_and_changed(team: Team) -> None:
    shown = answer(team, "repo", "show", "acme/web/shop")

    changed = answer(
        team,
        "repo",
        "set",
        "acme/web/shop",
        "--path",
        "store",
        "--description",
        "卖东西",
        "--visibility",
        "internal",
        "--homepage",
        "https://shop.example",
        "--archive",
    )

    assert (shown["path"], shown["visibility"], shown["default_branch"]) == ("acme/web/shop", "private", "main")
    assert shown["size_bytes"] > 0
    requests_seen = ("path", "description", "visibility", "homepage", "archived")
    assert [changed[name] for name in requests_seen] == [
        "acme/web/store",
        "卖东西",
        "internal",
        "https://shop.example",
        True,
    ]
    assert answer(team, "repo", "show", "acme/web/shop") == changed
    assert "archived" in do(team, "repo", "set", "acme/web/store", "--description", "x", code=2).err
    do(team, "repo", "set", "acme/web/store", "--unarchive", "--description", "x")
    assert answer(team, "repo", "show", "acme/web/store")["description"] == "x"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--default-branch", "nope"), "no branch 'nope'"),
        (("--homepage", "javascript:alert(1)"), "not an http"),
        (("--path", "a/b"), "cannot be used"),
        ((), "nothing to change"),
    ],
)
def test_what_a_repository_cannot_be_is_a_mistake(team: Team, words: tuple[str, ...], said: str) -> None:
    before = answer(team, "repo", "show", "acme/web/shop")

    assert said in do(team, "repo", "set", "acme/web/shop", *words, code=2).err
    assert answer(team, "repo", "show", "acme/web/shop") == before


def test_a_repository_goes_to_another_namespace_and_its_old_path_leads_there(team: Team) -> None:
    do(team, "org", "create", "other", "--owner", "li")

    moved = answer(team, "repo", "transfer", "acme/web/shop", "other", "--name", "store")

    assert moved["path"] == "other/store"
    assert answer(team, "repo", "show", "acme/web/shop")["path"] == "other/store"
    assert (team.root / "repositories/other/store.git/HEAD").exists()


def test_a_repository_is_deleted_with_its_folder(team: Team) -> None:
    do(team, "repo", "delete", "acme/web/shop", "--yes")

    assert not (team.root / "repositories/acme/web/shop.git").exists()
    do(team, "repo", "show", "acme/web/shop", code=2)


def test_what_a_source_owns_is_neither_changed_nor_moved_nor_deleted(team: Team) -> None:
    archive = team.root.with_name("archive")
    backup = ("backup", "coding", "--url", team.api, "--to", archive)
    team.person.matou(*backup, MATOU_CODING_TOKEN=team.token)
    for words in (
        ("repo", "set", "acme/web/shop", "--visibility", "public"),
        ("repo", "transfer", "acme/web/shop", "li"),
        ("repo", "delete", "acme/web/shop", "--yes"),
        ("org", "rename", "acme", "emca"),
        ("org", "delete", "acme/web", "--yes"),
    ):
        assert "owned by a source" in team.person.matou(*words, "--root", archive, code=2).err
    assert (archive / "repositories/acme/web/shop.git/HEAD").exists()


def test_a_role_at_the_top_of_a_backup_lets_a_team_read_all_of_it(team: Team, tmp_path: Path) -> None:
    archive, person = tmp_path / "archive", team.person
    backup = ("backup", "coding", "--url", team.api, "--to", archive)
    person.matou(*backup, MATOU_CODING_TOKEN=team.token)
    for name in ("wang", "zhao"):
        person.matou("user", "add", name, "--no-password", "--root", archive)
    person.matou("org", "member", "add", "acme", "wang", "--role", "reporter", "--root", archive)
    tokens = [
        person.matou("token", "create", "--user", name, "--name", "x", "--root", archive).out.strip()
        for name in ("wang", "zhao")
    ]

    with serving(person, archive) as url:
        wang, zhao = (f"{url}/acme/web/shop.git".replace("://", f"://x:{token}@") for token in tokens)
        seen = person.git("ls-remote", wang)
        with pytest.raises(AssertionError, match="not found"):
            person.git("ls-remote", zhao)

    assert "refs/heads/main" in seen
