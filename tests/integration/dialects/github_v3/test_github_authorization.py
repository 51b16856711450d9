"""Every route of GitHub's v3 × every kind of person × public and private, against one table.

What a route asks for is written out here by hand, and what that takes in support/access_table.py.
"""

from typing import Final

import pytest

from matou.forge.access import Scope
from matou.server.dialects import github_v3
from support.dialect_access import DialectAccess, path_of, place, scopes_in
from support.gitcode_server import Harbour

OTHERWISE: Final = """
/repos/{owner}/{repo} see
/repos/{owner}/{repo}/branches read code
/repos/{owner}/{repo}/branches/{branch} read code
/repos/{owner}/{repo}/collaborators see members
/repos/{owner}/{repo}/commits read code
/repos/{owner}/{repo}/commits/{ref} read code
/repos/{owner}/{repo}/commits/{ref}/check-runs read code
/repos/{owner}/{repo}/commits/{ref}/check-suites read code
/repos/{owner}/{repo}/commits/{ref}/status read code
/repos/{owner}/{repo}/commits/{ref}/statuses read code
/repos/{owner}/{repo}/contents read code
/repos/{owner}/{repo}/contents/{path} read code
/repos/{owner}/{repo}/git/blobs/{sha} read code
/repos/{owner}/{repo}/git/trees/{sha} read code
/repos/{owner}/{repo}/hooks see webhooks
/repos/{owner}/{repo}/hooks/{id} see webhooks
/repos/{owner}/{repo}/languages read statistics
/repos/{owner}/{repo}/raw/{path} read code
/repos/{owner}/{repo}/readme read code
/repos/{owner}/{repo}/statuses/{ref} read code
/repos/{owner}/{repo}/tags read code
/repos/{owner}/{repo}/topics see
"""
"""What all others about a repository ask for is to read conversations."""

SCOPES_ASKED_FOR: Final = """
/
/meta
/orgs/{org} project:read project:write
/orgs/{org}/members team:read project:read project:write
/orgs/{org}/repos
/rate_limit
/repositories/{id}
/search/code repository:read repository:write
/search/issues repository:read repository:write
/search/repositories repository:read repository:write
/user user:read
/user/orgs team:read project:read project:write
/user/repos repository:read repository:write
/users/{username}
/users/{username}/orgs team:read project:read project:write
/users/{username}/repos
"""
"""Of routes that name no repository; without one whoever asks may, and the handler decides what is shown."""

ACCESS: Final = DialectAccess("/github/api/v3", github_v3.ROUTES, hidden="404 Not Found")


@pytest.fixture
def served(harbour: Harbour) -> Harbour:
    return ACCESS.served(harbour, github_v3)


def test_every_route_reads_and_asks_for_what_stands_here() -> None:
    told = dict(line.split(maxsplit=1) for line in OTHERWISE.strip().splitlines())

    assert {row.method for row in github_v3.ROUTES} == {"GET"}
    assert {path: action for path, action in ACCESS.requested.items() if action != "read conversations"} == told
    assert {path_of(row): frozenset(map(str, row.scopes)) for row in ACCESS.about_none} == scopes_in(SCOPES_ASKED_FOR)


def test_every_cell_is_as_the_table_says(served: Harbour) -> None:
    assert ACCESS.faults(served) == []


@pytest.mark.parametrize("scope", Scope)
def test_a_token_of_one_scope_does_no_more_than_that_scope(served: Harbour, scope: Scope) -> None:
    assert ACCESS.faults_of_scope(served, scope, scopes_in(SCOPES_ASKED_FOR)) == []


def test_what_is_one_s_own_needs_somebody(served: Harbour) -> None:
    rows = [row for row in ACCESS.about_none if row.scopes]

    assert set(ACCESS.ask_all(served, [(place(row, "ferry"), None) for row in rows])) == {"401"}
