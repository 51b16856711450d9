"""`matou backup git` as a person types it: repositories of several servers, and a credential for one of them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.git_repositories import make_source
from support.plain_git_server import PlainGitServer, running_plain_git_server
from support.program import Person


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[PlainGitServer, PlainGitServer]]:
    with running_plain_git_server() as public, running_plain_git_server() as closed:
        public.repositories["/ship.git"] = make_source(tmp_path / "ship.git")
        closed.repositories["/team/boat.git"] = make_source(tmp_path / "boat.git")
        closed.password = "captain:hunter2"
        yield public, closed


def test_repositories_are_saved_by_address_and_a_credential_is_shown_to_one_server(
    servers: tuple[PlainGitServer, PlainGitServer], person: Person, tmp_path: Path
) -> None:
    public, closed = servers
    ship, boat = f"{public.url}/ship.git", f"{closed.url}/team/boat.git"
    to = ("--to", tmp_path / "archive")

    both = person.matou("backup", "git", "--url", ship, "--url", boat, *to, "--token-stdin", stdin="x\n", code=2)
    inside = person.matou("backup", "git", "--url", boat.replace("//", "//captain:hunter2@"), *to, code=2)
    nothing = person.matou("backup", "git", *to, code=2)
    alone = person.matou("backup", "git", "--url", ship, "--url", ship, *to, "--json")
    opened = person.matou("backup", "git", "--url", boat, *to, "--json", MATOU_GIT_TOKEN="captain:hunter2")

    assert "a token is for one server" in both.err
    assert "hunter2" not in inside.err + inside.out
    assert "--url https://git.example.org/TEAM/REPOSITORY.git" in nothing.err
    assert json.loads(alone.out)["outcomes"] == json.loads(opened.out)["outcomes"] == {"saved": 1}
    assert not any(request.has_authorization for request in public.server.requests)


def test_a_server_that_wants_a_credential_says_how_to_log_in(
    servers: tuple[PlainGitServer, PlainGitServer], person: Person, tmp_path: Path
) -> None:
    _public, closed = servers
    boat = f"{closed.url}/team/boat.git"

    ended = person.matou("backup", "git", "--url", boat, "--to", tmp_path / "archive", code=3)

    assert "the server wants a credential, and there is none for it" in ended.out
    assert f"log in: matou login {boat} --platform git --user NAME" in ended.out


def test_a_server_that_is_away_is_for_later_and_one_repository_that_is_not_there_is_not(
    servers: tuple[PlainGitServer, PlainGitServer], person: Person, tmp_path: Path
) -> None:
    public, _closed = servers
    to = ("--to", tmp_path / "archive")
    away = "http://127.0.0.1:9/ship.git"

    assert "nothing listens there" in person.matou("backup", "git", "--url", away, *to, code=6).out
    person.matou("backup", "git", "--url", f"{public.url}/ship.git", *to)
    person.matou("backup", "git", "--url", f"{public.url}/ship.git", "--url", f"{public.url}/none.git", *to, code=3)


def test_a_token_of_the_environment_is_not_shown_to_several_servers_of_a_file(
    servers: tuple[PlainGitServer, PlainGitServer], person: Person, tmp_path: Path
) -> None:
    """The bug: each [[source]] without a token_variable was given the same MATOU_GIT_TOKEN."""
    public, closed = servers
    config, table = tmp_path / "matou.toml", '[[source]]\nplatform = "git"\nurl = "{}"\nto = "{}"\n{}\n'
    two = [(f"{public.url}/ship.git", ""), (f"{closed.url}/team/boat.git", "")]
    said = [(two[0][0], 'token_variable = "UNSET"'), (two[1][0], 'token_variable = "MATOU_GIT_TOKEN"')]

    def back_up(sources: list[tuple[str, str]], code: int) -> str:
        config.write_text("".join(table.format(url, tmp_path / "archive", more) for url, more in sources))
        return person.matou("backup", "--config", config, code=code, MATOU_GIT_TOKEN="captain:hunter2").err

    refused, half, saved = back_up(two, 2), back_up([two[0], said[1]], 2), back_up(said, 0)

    assert refused.count("the token in MATOU_GIT_TOKEN is for one server, and the file has sources at 2") == 2
    assert half.count("is for one server") == 1
    assert "is for one server" not in saved
    assert not any(request.has_authorization for request in public.server.requests)


def test_a_list_in_matou_toml_is_saved_server_by_server_and_status_knows_it(
    servers: tuple[PlainGitServer, PlainGitServer], person: Person, tmp_path: Path
) -> None:
    public, closed = servers
    config, archive = tmp_path / "matou.toml", tmp_path / "archive"
    urls = [f"{public.url}/ship.git", f"{closed.url}/team/boat.git"]
    config.write_text(f'[[source]]\nplatform = "git"\nurl = {json.dumps(urls)}\nto = "{archive}"\n', encoding="utf-8")
    closed.password = ""

    person.matou("backup", "--config", config)
    status = person.matou("status", "--config", config, "--json")

    closed.password = "captain:hunter2"
    person.matou("backup", "git", "--url", urls[1], "--to", archive, code=3)
    shut = person.matou("status", archive, "--json", code=3)

    assert json.loads(shut.out)["sources"][1]["next"] == f"matou backup git --url {urls[1]} --to {archive}"
    assert [row["url"] for row in json.loads(status.out)["sources"]] == [public.url, closed.url]
    assert "ship" in person.matou("show", archive).out
