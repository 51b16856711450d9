"""Commits looked for in one repository and in all that one may read: by message, author and the beginning of an id."""

import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator

import pytest

from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.content import commit_search
from matou.forge.content.commit_search import search_all_commits
from matou.model.platform import Visibility
from support.git_repositories import ENVIRONMENT, fast_import, git
from support.matou_server import PASSWORD, MatouServer, running_server
from support.page_site import Site, text_of

AUTHOR = "韩梅 <han@example.com>"


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MatouServer]:
    """With few repositories: a search over all ends with its time, however far it came."""
    with running_server(tmp_path_factory.mktemp("searched") / "archive", forgives_addresses=True) as server:
        yield server


@pytest.fixture
def site(own_server: MatouServer) -> Site:
    return Site(own_server)


def commit_by(site: Site, author: str, message: str, *, branch: str = "main", number: int = 0) -> str:
    said = message.encode()
    place = f"refs/heads/{branch}"
    begin = f"from {place}^0\n" if git(site.git_dir, "for-each-ref", place) else ""
    head = f"commit {place}\ncommitter {author} {1_700_000_000 + number} +0000\ndata {len(said)}\n"
    fast_import(site.git_dir, head.encode() + said + f"\n{begin}M 100644 inline f\ndata 1\n{number % 10}\n".encode())
    return git(site.git_dir, "rev-parse", place)


def found(page: str) -> str:
    return text_of(page.partition("<main")[2])


def test_a_commit_is_found_by_its_message_and_by_its_author_in_both_places(site: Site) -> None:
    commit_by(site, AUTHOR, "Mend the crane\n\nUnder 桥吊 it rained")
    commit_by(site, "Bo <bo@example.com>", "Paint the quay", branch="topic", number=1)

    for place in (f"{site.url}/-/search", "/-/search"):
        for text in ("CRANE", "桥吊", "韩梅", "han@example", "crane&in=commits"):
            page = site.page_at(f"{place}?q={text}")
            assert ("Mend the crane" in found(page), "Paint the quay" in found(page)) == (True, False), (place, text)
        assert "Paint the quay" in found(site.page_at(f"{place}?q=paint"))
    assert str(site.repository.path) in found(site.page_at("/-/search?q=crane"))


def test_an_id_and_its_beginning_lead_to_the_commit(site: Site) -> None:
    commit = commit_by(site, AUTHOR, "first")
    for place in (f"{site.url}/-/search", "/-/search"):
        for text in (commit, commit[:9], commit[:12].upper()):
            answer = site.get_at(f"{place}?q={text}")
            assert (answer.status, answer.headers["location"]) == (302, f"{site.url}/-/commit/{commit}")
        assert "first" in found(site.page_at(f"{place}?q={commit[:9]}&in=commits"))
        assert site.get_at(f"{place}?q={'0' * 9}").status == 200


def test_commits_of_a_repository_that_is_hidden_are_found_by_its_people_alone(site: Site) -> None:
    hidden = Site(site.server, Visibility.PRIVATE)
    commit = commit_by(hidden, AUTHOR, "Zanzibar in secret")
    user = site.server.owner.name
    header = {"Authorization": "Basic " + b64encode(f"{user}:{PASSWORD}".encode()).decode()}

    assert "Zanzibar" not in found(site.page_at("/-/search?q=secret"))
    assert site.get_at(f"/-/search?q={commit}").status == 200
    assert "Zanzibar in secret" in found(site.page_at("/-/search?q=in secret", **header))
    assert site.get_at(f"/-/search?q={commit}", **header).status == 302


def test_what_no_branch_reaches_any_more_is_not_found(site: Site) -> None:
    kept = commit_by(site, AUTHOR, "kept")
    lost = commit_by(site, AUTHOR, "thrown away", number=1)
    git(site.git_dir, "update-ref", "refs/heads/main", kept)

    assert "thrown" not in found(site.page_at("/-/search?q=thrown")).replace("Found for thrown", "")
    assert site.get_at(f"/-/search?q={lost[:10]}").status == 200


def test_few_of_each_are_shown_with_the_way_to_the_rest(site: Site) -> None:
    for number in range(70):
        commit_by(site, AUTHOR, f"crane {number}", number=number)

    page = site.page_at("/-/search?q=crane")
    inside = [site.page_at(f"{site.url}/-/search?q=crane&in=commits&page={number}") for number in (1, 2)]

    assert f"More in {site.repository.path}" in found(page)
    assert found(page).count("crane 6") == 5
    assert all(f"crane {number} " in found(inside[0]) + found(inside[1]) for number in range(70))
    assert ("More" in found(inside[0]), "More" in found(inside[1])) == (True, False)


def test_a_search_over_all_ends_with_its_time_and_says_how_far_it_came(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit_by(site, AUTHOR, "crane")
    monkeypatch.setattr(commit_search, "TIME_FOR_ALL", -commit_search.TIME_FOR_ALL)
    everything = search_all_commits(
        site.server.forge, Identity(site.server.owner, ALL_SCOPES), "crane", most_repositories=5
    )

    assert (everything.found, everything.looked_at) == ((), 0)
    assert everything.total >= 1


def test_what_is_too_short_to_be_looked_for_has_nothing_behind_it(site: Site) -> None:
    nothing = search_all_commits(site.server.forge, Identity(site.server.owner, ALL_SCOPES), "x", most_repositories=5)

    assert (nothing.found, nothing.looked_at, nothing.total) == ((), 0, 0)
    assert "in=commits&amp;from=" not in site.page_at("/-/search?q=x")


def test_a_repository_that_cannot_be_looked_through_hides_no_other(site: Site) -> None:
    commit = commit_by(site, AUTHOR, "crane beside sha256")
    other = Site(site.server, Visibility.PRIVATE)
    shutil.rmtree(other.git_dir)
    subprocess.run(
        ["git", "init", "--quiet", "--bare", "--object-format=sha256", str(other.git_dir)],
        check=True,
        env={**ENVIRONMENT},
    )
    commit_by(other, AUTHOR, "crane in sha256")
    user = {"Authorization": "Basic " + b64encode(f"{site.server.owner.name}:{PASSWORD}".encode()).decode()}

    assert "crane beside sha256" in found(site.page_at("/-/search?q=sha256&in=commits", **user))
    assert site.get_at(f"/-/search?q={commit}", **user).status == 302
    assert site.page_at(f"/-/search?q={'0' * 12}", **user)
    assert [other.get(f"/-/{page}", **user).status for page in ("events", "events.atom")] == [200, 200]
