"""Two processes over one archive and one database, two `matou serve` or the two workers of one: what one does holds at
the other at once.
"""

import secrets
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from matou.credentials import Secret
from matou.db.memberships import Role
from matou.db.users import User
from matou.forge.accounts.namespaces import create_organization, find_namespace
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.model.names import NamespacePath, RefName
from matou.settings import Settings
from matou.wiring import open_forge
from support.deciding import add_member, create_token, list_tokens, revoke_token, set_active
from support.git_repositories import make_repository, refs_of
from support.program import Person, served, serving
from support.team import make_person
from support.used_servers import TEAM, UsedServer
from support.worker_relay import relay_to, workers_of


@dataclass
class TwoServers:
    one: UsedServer
    other: UsedServer
    forge: Forge
    owner: User

    def repository(self) -> str:
        """A new one with a first commit, made at the one and read at the other, so that both remember it."""
        name = f"repository-{secrets.token_hex(4)}"
        status, said = self.one.ask("POST", f"/orgs/{TEAM}/repos", name=name, auto_init=True, private=True)
        assert status in (200, 201), said
        assert self.other.refs(name)
        assert self.one.refs(name)
        return name

    def developer(self) -> tuple[User, str]:
        person = create_user(self.forge, f"user-{secrets.token_hex(4)}", password=Secret("correct horse battery"))
        add_member(self.forge, find_namespace(self.forge, NamespacePath((TEAM,))), person, Role.DEVELOPER)
        return person, create_token(self.forge, person, "test").reveal()


@contextmanager
def two_servers(person: Person, root: Path) -> Iterator[list[str]]:
    with serving(person, root) as one, serving(person, root) as other:
        yield [one, other]


@contextmanager
def two_workers(person: Person, root: Path) -> Iterator[list[str]]:
    with served(person, root, workers=2) as (process, url), ExitStack() as relays:
        yield [relays.enter_context(relay_to(worker, url)) for worker in workers_of(process.pid)]


@pytest.fixture(scope="module", params=[(two_workers, "sqlite"), (two_servers, "postgres")])
def two(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoServers]:
    begin, database = request.param
    url = request.getfixturevalue("module_postgres_url") if database == "postgres" else ""
    folder = tmp_path_factory.mktemp("two")
    root, variables = folder / "archive", {"MATOU_DATABASE_URL": url}
    person = make_person(folder / "home")
    person.environment.update(variables)
    with ExitStack() as ending:
        forge = ending.enter_context(open_forge(root, Settings.from_environment(variables)))
        owner = create_user(forge, "li", password=Secret("correct horse battery"))
        create_organization(forge, TEAM, owner=owner)
        token = create_token(forge, owner, "test").reveal()
        urls = ending.enter_context(begin(person, root))
        one, other = (UsedServer(url, token) for url in urls)
        yield TwoServers(one, other, forge, owner)


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def test_what_is_pushed_at_one_is_read_at_the_other_at_once(two: TwoServers, tmp_path: Path) -> None:
    name, clone = two.repository(), make_repository(tmp_path / "clone.git", commits=3)
    pushed: list[object] = []
    listed: list[object] = []

    for number in range(4):
        pushing, reading = (two.one, two.other) if number % 2 else (two.other, two.one)
        branch = f"b{number}"
        assert pushing.push(clone, name, f"main:{branch}").returncode == 0
        pushed.append(refs_of(clone)[RefName("refs/heads/main")])
        listed.append((reading.refs(name) or {}).get(f"refs/heads/{branch}"))
        assert reading.ask("GET", f"/repos/{TEAM}/{name}/branches/{branch}")[0] == 200

    assert listed == pushed


def test_a_branch_moves_back_and_forth_between_the_two(two: TwoServers, tmp_path: Path) -> None:
    name, clone = two.repository(), make_repository(tmp_path / "clone.git", commits=6)
    seen = []

    for number in range(6):
        pushing, reading = (two.one, two.other) if number % 2 else (two.other, two.one)
        assert pushing.push(clone, name, f"+main~{5 - number}:refs/heads/moving").returncode == 0
        seen.append(reading.ask("GET", f"/repos/{TEAM}/{name}/branches/moving")[1]["commit"]["id"])

    words = ["git", f"--git-dir={clone}", "rev-list", "--reverse", "main"]
    assert seen == subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()


def test_what_is_renamed_at_one_is_found_at_the_other_by_both_paths(two: TwoServers) -> None:
    name = two.repository()
    before = two.other.refs(name)

    status, said = two.one.ask("PATCH", f"/repos/{TEAM}/{name}", path=f"{name}-new")

    assert status == 200, said
    assert (two.other.refs(f"{name}-new"), two.other.refs(name)) == (before, before)
    assert two.other.ask("GET", f"/repos/{TEAM}/{name}")[1]["path"] == f"{name}-new"


def test_what_takes_the_place_of_a_renamed_one_is_what_the_other_shows(two: TwoServers, tmp_path: Path) -> None:
    name, clone = two.repository(), make_repository(tmp_path / "clone.git", commits=2)
    two.one.ask("PATCH", f"/repos/{TEAM}/{name}", path=f"{name}-new")

    status, said = two.one.ask("POST", f"/orgs/{TEAM}/repos", name=name, private=True)
    pushed = two.one.push(clone, name)

    assert (status, pushed.returncode) == (201, 0), (said, pushed.stderr)
    assert two.other.refs(name) == refs_of(clone)


def test_what_is_deleted_at_one_is_gone_at_the_other(two: TwoServers) -> None:
    name = two.repository()

    two.one.ask("DELETE", f"/repos/{TEAM}/{name}")

    assert two.other.ask("GET", f"/repos/{TEAM}/{name}")[0] == 404
    assert two.other.refs(name) is None


def test_a_push_rule_set_at_one_is_asked_at_the_other(two: TwoServers, tmp_path: Path) -> None:
    name, clone = two.repository(), make_repository(tmp_path / "clone.git", commits=3)
    rules = f"/repos/{TEAM}/{name}/push_config"
    assert two.other.push(clone, name, "main~2:refs/heads/free").returncode == 0

    two.one.ask("PUT", rules, commit_message_regex="^never$", skip_rule_for_owner=False)
    refused = two.other.push(clone, name, "main~1:refs/heads/ruled")
    shown = two.other.ask("GET", rules)[1]["commit_message_regex"]
    two.one.ask("PUT", rules, commit_message_regex="")

    assert "Nothing of this push was taken" in refused.stderr
    assert shown == "^never$"
    assert two.other.push(clone, name, "main:refs/heads/free").returncode == 0


def revoke(two: TwoServers, person: User) -> None:
    for token in list_tokens(two.forge, person):
        revoke_token(two.forge, person, token.id)


def switch_off(two: TwoServers, person: User) -> None:
    set_active(two.forge, person, active=False)


@pytest.mark.parametrize("end", [revoke, switch_off])
def test_a_token_that_is_good_no_longer_is_refused_by_both_at_once(
    two: TwoServers, tmp_path: Path, end: Callable[[TwoServers, User], None]
) -> None:
    name, clone = two.repository(), make_repository(tmp_path / "clone.git", commits=2)
    person, token = two.developer()
    servers = (two.one, two.other)
    assert [server.ask("GET", "/user", token=token)[0] for server in servers] == [200, 200]

    end(two, person)

    assert [server.ask("GET", "/user", token=token)[0] for server in servers] == [401, 401]
    assert [server.refs(name, token) for server in servers] == [None, None]
    assert [server.push(clone, name, token=token).returncode for server in servers] == [128, 128]


def test_who_is_removed_at_one_reads_nothing_at_the_other(two: TwoServers) -> None:
    name = two.repository()
    person = create_user(two.forge, f"user-{secrets.token_hex(4)}", password=Secret("correct horse battery"))
    token = create_token(two.forge, person, "test").reveal()
    member = f"/repos/{TEAM}/{name}/members/{person.name}"

    given = two.one.ask("PUT", member, permission="push")[0]
    before = two.other.refs(name, token)
    two.one.ask("DELETE", f"/repos/{TEAM}/{name}/collaborators/{person.name}")

    assert given == 200
    assert before
    assert two.other.refs(name, token) is None


def test_no_file_is_lost_that_both_write_at_the_same_time(two: TwoServers) -> None:
    name = two.repository()
    files = [f"f{number}.txt" for number in range(24)]

    def write(path: str) -> int:
        server = two.one if files.index(path) % 2 else two.other
        body = {"content": encoded(path), "message": path}
        return server.ask("POST", f"/repos/{TEAM}/{name}/contents/{path}", **body)[0]

    with ThreadPoolExecutor(6) as writers:
        statuses = list(writers.map(write, files))

    listed = {entry["name"] for entry in two.one.ask("GET", f"/repos/{TEAM}/{name}/contents")[1]}
    written = {path for path, status in zip(files, statuses, strict=True) if status == 201}
    assert written == {*files} == listed & {*files}


def test_of_two_who_change_one_file_from_the_same_state_one_is_told_so(two: TwoServers) -> None:
    name = two.repository()
    path = f"/repos/{TEAM}/{name}/contents/README.md"
    rounds = []

    for number in range(5):
        sha = two.one.ask("GET", path)[1]["sha"]

        def change(server: UsedServer, number: int = number, sha: str = sha) -> int:
            content = encoded(f"{server.url} {number}")
            return server.ask("PUT", path, content=content, sha=sha, message="change")[0]

        with ThreadPoolExecutor(2) as writers:
            rounds.append(sorted(writers.map(change, (two.one, two.other))))

    assert rounds == [[200, 400]] * 5


def test_one_name_is_given_once(two: TwoServers) -> None:
    name = f"repository-{secrets.token_hex(4)}"

    def create(server: UsedServer) -> int:
        return server.ask("POST", f"/orgs/{TEAM}/repos", name=name, auto_init=True)[0]

    with ThreadPoolExecutor(8) as makers:
        statuses = sorted(makers.map(create, [two.one, two.other] * 4))

    assert statuses == [201] + [400] * 7
    assert two.other.refs(name) == two.one.refs(name) != {}
