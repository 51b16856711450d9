"""What is asked of GitHub for a migration of code, held to its own description."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from matou.credentials import Secret
from matou.errors import Conflict, NotFound
from matou.http.addresses import AddressRefused
from matou.http.session import Session
from matou.model.platform import Visibility
from matou.model.targets import NewTargetRepository, TargetRepository
from matou.platforms.base.errors import NotOffered
from matou.platforms.github.target import GITHUB_RULES, GitHubTarget
from support.github_writer import REPOSITORY, TOKEN, WRITER, GitHubWriter, running_github
from support.recording_server import json_reply
from support.steered_clock import SYSTEM_CLOCK


def now() -> datetime:
    return datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def github() -> Iterator[GitHubWriter]:
    with running_github() as account:
        yield account
        assert account.faults == []


@pytest.fixture
def session(github: GitHubWriter) -> Iterator[Session]:
    with Session(named=[github.server.url], clock=SYSTEM_CLOCK) as session:
        yield session


@pytest.fixture
def code(session: Session, github: GitHubWriter) -> GitHubTarget:
    return GitHubTarget(session, github.url, Secret(TOKEN), now=now)


@pytest.fixture
def quay(github: GitHubWriter) -> TargetRepository:
    address = f"{github.server.url}/{REPOSITORY}.git"
    return TargetRepository(REPOSITORY, "harbour", "quay", address, Visibility.PRIVATE)


def test_repositories_of_an_organization_and_of_ones_own(code: GitHubTarget, github: GitHubWriter) -> None:
    github.repository("zhang-san/skiff", private=False, visibility="public")

    [quay], [skiff] = list(code.repositories("Harbour".lower())), list(code.repositories("Zhang-San"))

    assert (quay.id, quay.namespace, quay.visibility) == (REPOSITORY, "harbour", Visibility.PRIVATE)
    assert (skiff.name, skiff.visibility) == ("skiff", Visibility.PUBLIC)
    assert code.git_credential().user == code.login() == "zhang-san"
    with pytest.raises(NotFound):
        list(code.repositories("elsewhere"))


@pytest.mark.parametrize("namespace", ["harbour", "zhang-san"])
def test_one_is_made_where_it_belongs(code: GitHubTarget, github: GitHubWriter, namespace: str) -> None:
    made = code.create(NewTargetRepository(namespace, "crane", "起重机\r\n二", Visibility.INTERNAL))

    assert (made.id, made.visibility) == (f"{namespace}/crane", Visibility.PRIVATE)
    assert made.clone_url == f"{github.server.url}/{namespace}/crane.git"
    assert github.repositories[made.id]["description"] == "起重机 二"
    assert made in list(code.repositories(namespace))


def test_one_that_is_there_is_a_conflict(code: GitHubTarget, github: GitHubWriter) -> None:
    with pytest.raises(Conflict, match="name already exists"):
        code.create(NewTargetRepository("harbour", "quay", "", Visibility.PUBLIC))

    assert len(github.made()) == 1


def test_default_branch_and_visibility(code: GitHubTarget, github: GitHubWriter, quay: TargetRepository) -> None:
    code.set_default_branch(quay, "主")
    code.set_visibility(quay, Visibility.PUBLIC)

    row = github.repositories[REPOSITORY]
    assert (row["default_branch"], row["private"]) == ("主", False)


def test_no_organizations_are_made(code: GitHubTarget, github: GitHubWriter) -> None:
    assert code.fault_of_new_namespace("other") == "GitHub's API makes no organizations"
    with pytest.raises(NotOffered):
        code.create_namespace("other")
    assert github.made() == []


def test_the_token_is_not_taken_to_an_address_of_somebody_else(code: GitHubTarget, github: GitHubWriter) -> None:
    github.repositories[REPOSITORY]["clone_url"] = "https://elsewhere.example/harbour/quay.git"

    with pytest.raises(AddressRefused):
        list(code.repositories("harbour"))


def test_a_plan_warns_of_what_github_refuses(code: GitHubTarget, session: Session) -> None:
    home = GitHubTarget(session, "https://api.github.com", Secret(TOKEN), now=now)

    assert home.rules == GITHUB_RULES
    assert home.rules.capacity.file_bytes == 100 * 1024**2
    assert code.rules.capacity.file_bytes is None


@pytest.mark.parametrize(
    ("scopes", "visibility", "missing"),
    [
        ("read:user, repo", Visibility.PRIVATE, ()),
        ("public_repo", Visibility.PUBLIC, ()),
        ("public_repo", Visibility.PRIVATE, ("repo",)),
        ("", Visibility.PUBLIC, ("repo",)),
        (None, Visibility.PRIVATE, ()),
    ],
)
def test_what_a_classic_token_may_is_known_beforehand(
    code: GitHubTarget, github: GitHubWriter, scopes: str | None, visibility: Visibility, missing: tuple[str, ...]
) -> None:
    headers = {} if scopes is None else {"X-OAuth-Scopes": scopes}
    github.trouble = lambda request: json_reply(WRITER, headers=headers) if request.path.endswith("/user") else None

    assert tuple(code.missing_scopes({visibility}, has_conversation=True)) == missing
    assert github.made() == []
