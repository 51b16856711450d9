"""What was counted of the code, and what a service would say of a commit: empty where nobody tells us, and true."""

from typing import Any

import msgspec
import pytest

from matou.forge.analysis.worker import LanguagesResponse
from support.gitcode_server import Harbour
from support.github_openapi import faults_of

NOON = 1_700_000_000
API = "/github/api/v3/repos/harbour/ferry"
TOO_MANY = msgspec.msgpack.encode(LanguagesResponse(None))


def get(harbour: Harbour, path: str, *, status: int = 200) -> Any:
    answer = harbour.ask_site("GET", f"{API}{path}")
    assert answer.status_code == status, answer.text
    return answer.json()


def test_languages_are_told_in_bytes(harbour: Harbour) -> None:
    harbour.commit(
        {"a.py": b"import a\n", "b.go": b"package b // b\n"}, "two", at=NOON, repository=harbour.repository("ferry")
    )

    answer = get(harbour, "/languages")

    assert answer == {"C": 16, "Go": 15, "Python": 9}
    assert list(answer) == ["C", "Go", "Python"]
    assert faults_of("/repos/{owner}/{repo}/languages", answer) == []


def test_a_repository_of_too_many_files_is_not_said_to_be_without_languages(
    harbour: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is counted in a process of its own, which no patch reaches: here stands its answer."""
    monkeypatch.setattr("matou.forge.analysis.languages.ask_worker", lambda *_, **__: TOO_MANY)
    harbour.commit({"a.py": b"import a\n"}, "one", at=NOON, repository=harbour.repository("ferry"))

    assert "100,000 files" in get(harbour, "/languages", status=403)["message"]


@pytest.mark.parametrize(
    ("path", "described"),
    [
        ("/commits/{sha}/status", "/commits/{ref}/status"),
        ("/commits/main/status", "/commits/{ref}/status"),
        ("/commits/{sha}/statuses", "/commits/{ref}/statuses"),
        ("/statuses/{sha}", "/commits/{ref}/statuses"),
        ("/commits/{sha}/check-runs?filter=latest&per_page=100", "/commits/{ref}/check-runs"),
        ("/commits/{sha}/check-suites", "/commits/{ref}/check-suites"),
    ],
)
def test_no_service_has_said_anything_of_a_commit(harbour: Harbour, path: str, described: str) -> None:
    sha = harbour.git("rev-parse", "main", repository=harbour.repository("ferry")).strip()

    answer = get(harbour, path.format(sha=sha))

    assert faults_of(f"/repos/{{owner}}/{{repo}}{described}", answer) == []
    assert answer == [] or answer["total_count"] == 0
    assert isinstance(answer, list) or answer.get("state", "pending") == "pending"
    assert get(harbour, path.format(sha="0" * 40).replace("main", "no"), status=404)


def test_a_client_that_asks_for_checks_of_a_pull_request_is_told_of_none(harbour: Harbour) -> None:
    """As `gh pr checks` asks."""
    query = """query($id: ID!) { node(id: $id) { ... on PullRequest { statusCheckRollup: commits(last: 1) { nodes {
      commit { oid statusCheckRollup { contexts(first: 100) { nodes { __typename
        ... on StatusContext { context state targetUrl createdAt description isRequired(pullRequestId: $id) }
        ... on CheckRun { name status conclusion startedAt completedAt detailsUrl isRequired(pullRequestId: $id)
          checkSuite { workflowRun { event workflow { name } } } } } } } } } } } } }"""

    answer = harbour.ask_site(
        "POST", "/github/api/graphql", json={"query": query, "variables": {"id": "PR_none"}}
    ).json()

    assert [error.get("type") for error in answer.get("errors", ())] == ["NOT_FOUND"]
