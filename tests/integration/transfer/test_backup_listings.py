"""What a run concludes from a listing that is not whole, and from repositories that may not be read."""

import time

import pytest

from matou.archive.layout import Archive
from matou.archive.manifest import EndLine, NamespaceLine, UnseenLine
from matou.errors import MatouError, NotFound, Refused, TryLater
from matou.http.git_http import LogInRefused
from matou.http.responses import Answer, AnsweredRefused
from matou.http.tokens import BadCredential
from matou.model.platform import Inaccessible
from matou.transfer.backup.report import CredentialDied
from matou.transfer.common.filters import NothingMatches
from support.scripted_source import (
    ScriptedConnections,
    ScriptedLfs,
    ScriptedSource,
    assert_sound,
    back_up,
    commit,
    git,
    lines,
    mirror,
    outcomes,
    refs_of,
    repository_lines,
)


@pytest.fixture
def team(source: ScriptedSource) -> ScriptedSource:
    """Four small repositories, 100 to 103."""
    shop = source.project("shop")
    for name in ("a", "b", "c", "d"):
        commit(source.repository(name, shop), "refs/heads/main", {"name": name})
    return source


def answered(status: int) -> AnsweredRefused:
    error = AnsweredRefused("answered {status}", status=status)
    error.answer = Answer(status, {}, b"")
    return error


def end_of(archive: Archive, run: int) -> EndLine:
    end = lines(archive, run)[-1]
    assert isinstance(end, EndLine)
    return end


def test_a_listing_that_breaks_off_deletes_nothing(team: ScriptedSource, archive: Archive) -> None:
    back_up(team, archive)
    team.listing_ends_after = 2
    team.listing_fault = TryLater("the platform went away")
    report = back_up(team, archive)

    assert outcomes(archive, 2) == {"100": "unchanged", "101": "unchanged", "102": "unlisted", "103": "unlisted"}
    assert end_of(archive, 2).listing == "broken-off"
    assert UnseenLine(what="the listing of repositories", reason="the platform went away") in lines(archive, 2)
    assert not report.everything_is_saved
    assert refs_of(mirror(archive, "103", run=2)) == refs_of(team.git_dir("103"))


def test_a_listing_that_shrank_is_believed_only_when_a_second_one_says_the_same(
    team: ScriptedSource, archive: Archive
) -> None:
    back_up(team, archive)
    team.remove("101")
    first = back_up(team, archive)
    second = back_up(team, archive)

    assert outcomes(archive, 2)["101"] == "unlisted"
    assert end_of(archive, 2).listing == "shrunk"
    assert not first.everything_is_saved
    assert outcomes(archive, 3)["101"] == "gone"
    assert end_of(archive, 3).listing == "complete"
    assert second.everything_is_saved


def test_an_empty_listing_is_never_believed(team: ScriptedSource, archive: Archive) -> None:
    back_up(team, archive)
    team.depots.clear()
    reports = [back_up(team, archive) for _ in range(3)]

    assert set(outcomes(archive, 4).values()) == {"unlisted"}
    assert not any(report.everything_is_saved for report in reports)


@pytest.mark.parametrize("bad", ["broken off", "empty", "refused"])
def test_after_a_bad_listing_a_short_one_is_no_more_believed_than_before_it(
    team: ScriptedSource, archive: Archive, bad: str
) -> None:
    back_up(team, archive)
    depots = list(team.depots)
    if bad == "empty":
        team.depots.clear()
    elif bad == "refused":
        team.unseen.append(Inaccessible("repositories of shop", "answered 403", may_hide=True))
        team.listing_ends_after = 1
    else:
        team.listing_ends_after, team.listing_fault = 1, TryLater("the platform went away")
    back_up(team, archive)
    team.listing_ends_after, team.listing_fault, team.depots = None, None, depots[:1]
    team.unseen.clear()
    report = back_up(team, archive)

    assert outcomes(archive, 3) == {"100": "unchanged", "101": "unlisted", "102": "unlisted", "103": "unlisted"}
    assert end_of(archive, 3).listing == "shrunk"
    assert not report.everything_is_saved
    back_up(team, archive)
    assert outcomes(archive, 4)["101"] == "gone", "the second listing that came to its end says the same"


def test_who_sees_less_than_at_the_last_complete_listing_is_never_believed(
    team: ScriptedSource, archive: Archive
) -> None:
    back_up(team, archive)
    team.remove("103")
    team.unseen.append(Inaccessible("projects that this account has not joined", "no permission"))
    for _ in range(3):
        back_up(team, archive)

    assert outcomes(archive, 4)["103"] == "unlisted"


def test_a_list_that_may_not_be_read_may_hide_repositories(team: ScriptedSource, archive: Archive) -> None:
    team.unseen.append(Inaccessible("repositories of the organization 'docks'", "answered 404", may_hide=True))
    reports = [back_up(team, archive) for _ in range(2)]
    team.remove("103")
    back_up(team, archive)

    assert [report.everything_is_saved for report in reports] == [False, False]
    [problem] = reports[0].problems
    assert (problem.what, "there may be more" in str(problem.cause)) == (
        "repositories of the organization 'docks'",
        True,
    )
    assert end_of(archive, 1).listing == "broken-off"
    assert outcomes(archive, 3)["103"] == "unlisted"


def test_a_dry_run_tells_of_a_listing_that_is_not_whole_and_never_says_that_everything_is_saved(
    team: ScriptedSource, archive: Archive
) -> None:
    well = back_up(team, archive, dry_run=True)
    team.unseen.append(Inaccessible("repositories of the organization 'docks'", "answered 404", may_hide=True))
    ill = back_up(team, archive, dry_run=True)

    assert (well.everything_is_saved, well.nothing_is_wrong, well.looked_for) == (False, True, 4)
    assert (ill.everything_is_saved, ill.nothing_is_wrong, ill.problem_count) == (False, False, 1)


def test_an_account_that_lists_nothing_is_not_said_to_be_saved(source: ScriptedSource, archive: Archive) -> None:
    assert not back_up(source, archive).everything_is_saved


@pytest.mark.parametrize("option", [{}, {"dry_run": True}])
def test_a_pattern_that_matches_nothing_is_an_error_and_leaves_no_trace(
    team: ScriptedSource, archive: Archive, option: dict[str, bool]
) -> None:
    with pytest.raises(NothingMatches, match="'shopp'"):
        back_up(team, archive, include=("a", "shopp"), **option)

    assert list(archive.run_numbers()) == []


def test_a_pattern_may_be_of_what_was_listed_once(team: ScriptedSource, archive: Archive) -> None:
    back_up(team, archive)
    team.remove("103")
    back_up(team, archive, include=("d", "a"))

    assert outcomes(archive, 2)["103"] == "unlisted"


def test_where_a_list_was_not_read_a_pattern_may_be_of_what_is_on_it(team: ScriptedSource, archive: Archive) -> None:
    team.listing_fault = TryLater("the platform went away")
    report = back_up(team, archive, include=("typo",))

    assert [str(problem.cause) for problem in report.problems] == ["the platform went away"]
    assert not report.everything_is_saved


def test_a_projects_name_means_all_of_the_project(team: ScriptedSource, archive: Archive) -> None:
    commit(team.repository("shop", team.project("other")), "refs/heads/main", {"a": "b"})
    back_up(team, archive, include=("shop",))

    assert set(outcomes(archive, 1).values()) == {"saved"}


@pytest.mark.parametrize("fault", [Refused("no permission"), NotFound("not there")])
def test_members_that_may_not_be_listed_are_not_saved(
    team: ScriptedSource, archive: Archive, monkeypatch: pytest.MonkeyPatch, fault: MatouError
) -> None:
    def refuse(namespace: object) -> bytes:
        raise fault

    monkeypatch.setattr(team, "members", refuse)
    report = back_up(team, archive)

    assert [problem.what for problem in report.problems] == ["members of shop"]
    assert not report.everything_is_saved


def test_a_repository_that_is_back_is_proven_unchanged(team: ScriptedSource, archive: Archive) -> None:
    back_up(team, archive)
    depots = list(team.depots)
    team.remove("103")
    back_up(team, archive)
    back_up(team, archive)
    team.depots = depots
    back_up(team, archive)

    assert outcomes(archive, 3)["103"] == "gone"
    assert outcomes(archive, 4)["103"] == "unchanged"


def test_what_the_platform_now_says_may_not_be_seen_is_not_taken_for_gone(
    team: ScriptedSource, archive: Archive
) -> None:
    for number in range(30):
        commit(team.repository(f"r{number}", team.projects[0]), "refs/heads/main", {"n": str(number)})
    back_up(team, archive)
    team.remove("103")
    team.unseen.append(Inaccessible("repositories of the project 'shop'", "no permission"))
    back_up(team, archive)

    assert outcomes(archive, 2)["103"] == "unlisted"
    assert UnseenLine(what="repositories of the project 'shop'", reason="no permission") in lines(archive, 2)


def test_a_namespace_that_is_no_longer_listed_stays_in_the_manifest(team: ScriptedSource, archive: Archive) -> None:
    team.project("empty")
    back_up(team, archive)
    team.projects.pop()
    back_up(team, archive)

    namespaces = {line.name: line.seen for line in lines(archive, 2) if isinstance(line, NamespaceLine)}
    assert namespaces == {"shop": True, "empty": False}


@pytest.mark.parametrize("fault", [TryLater("busy"), MatouError("odd")])
def test_one_repository_that_fails_does_not_stop_the_others(
    team: ScriptedSource, archive: Archive, fault: MatouError
) -> None:
    connections = ScriptedConnections.to(team)

    def fail_second(url: str, body: bytes) -> None:
        if url.endswith("/101.git"):
            raise fault

    connections.transport.before = fail_second
    report = back_up(team, archive, connections=connections)

    assert outcomes(archive, 1) == {"100": "saved", "101": "failed", "102": "saved", "103": "saved"}
    assert [(problem.what, problem.outcome) for problem in report.problems] == [("team/shop/b", "failed")]
    assert report.problems[0].cause is fault
    assert repository_lines(archive, 1)["101"].snapshot is None
    back_up(team, archive)
    assert outcomes(archive, 2)["101"] == "saved"
    assert_sound(archive)


@pytest.mark.parametrize("fault", [answered(403), NotFound("not there")])
def test_a_repository_that_may_not_be_read_keeps_what_was_saved(
    team: ScriptedSource, archive: Archive, fault: MatouError
) -> None:
    back_up(team, archive)
    connections = ScriptedConnections.to(team)

    def refuse_first(url: str, body: bytes) -> None:
        if url.endswith("/100.git"):
            raise fault

    connections.transport.before = refuse_first
    report = back_up(team, archive, connections=connections)

    line = repository_lines(archive, 2)["100"]
    assert (line.outcome, line.saved_in, line.reason) == ("refused", 1, str(fault))
    assert list(outcomes(archive, 2).values()).count("unchanged") == 3
    assert not report.everything_is_saved


def test_a_repository_of_an_archived_project_says_why_it_may_not_be_read(
    source: ScriptedSource, archive: Archive
) -> None:
    source.repository("a", source.project("old", archived=True))
    connections = ScriptedConnections.to(source)
    connections.transport.folders = {}
    back_up(source, archive, connections=connections)

    line = repository_lines(archive, 1)["100"]
    assert line.outcome == "refused"
    assert line.reason == "its project is archived at the source: https://git.example/100.git is not there"


def test_a_refused_account_ends_the_run_before_it_begins(team: ScriptedSource, archive: Archive) -> None:
    team.account_fault = Refused("the token has expired")
    connections = ScriptedConnections.to(team)

    with pytest.raises(Refused, match="expired"):
        back_up(team, archive, connections=connections)

    assert connections.transport.exchanges == {}
    assert list(archive.run_numbers()) == []


def test_a_refused_credential_is_tried_once_and_ends_the_run(team: ScriptedSource, archive: Archive) -> None:
    back_up(team, archive)
    connections = ScriptedConnections.to(team)

    def refuse(url: str, body: bytes) -> None:
        time.sleep(0.1)  # so that others would have asked as well, were they let
        raise LogInRefused("refused")

    connections.transport.before = refuse
    with pytest.raises(Refused):
        back_up(team, archive, connections=connections)

    assert connections.transport.exchanges.total() == 1
    assert not archive.manifest(2).exists()
    back_up(team, archive)
    assert set(outcomes(archive, 3).values()) == {"unchanged"}
    assert_sound(archive)


def test_a_credential_that_is_refused_half_way_ends_the_run(team: ScriptedSource, archive: Archive) -> None:
    connections = ScriptedConnections.to(team)

    def refuse_the_second(url: str, body: bytes) -> None:
        if url.endswith("/101.git"):
            raise LogInRefused("refused")

    connections.transport.before = refuse_the_second
    with pytest.raises(CredentialDied) as died:
        back_up(team, archive, connections=connections)

    assert outcomes(archive, 1)["101"] == "failed"
    assert outcomes(archive, 1).keys() == {"100", "101", "102", "103"}
    assert not died.value.report.everything_is_saved
    assert_sound(archive)
    first = outcomes(archive, 1)
    back_up(team, archive)
    assert outcomes(archive, 2) == {
        id_: {"saved": "unchanged", "failed": "saved"}[outcome] for id_, outcome in first.items()
    }
    assert_sound(archive)


def test_what_was_saved_before_a_credential_died_is_named_and_the_rest_failed(
    team: ScriptedSource, archive: Archive
) -> None:
    """Twelve of 31 were saved, and no manifest knew of one of them."""
    for number in range(27):
        commit(team.repository(f"r{number}", team.projects[0]), "refs/heads/main", {"n": str(number)})
    team.project("nobody-asked")
    connections = ScriptedConnections.to(team)
    fetched: list[str] = []

    def refuse_after_twelve(url: str, body: bytes) -> None:
        if b"command=fetch" in body:
            if len(fetched) == 12:
                raise LogInRefused("refused")
            fetched.append(url)

    connections.transport.before = refuse_after_twelve
    with pytest.raises(CredentialDied) as died:
        back_up(team, archive, connections=connections, jobs=1)

    assert dict(died.value.report.outcomes) == {"saved": 12, "failed": 19}
    assert [str(problem.what) for problem in died.value.report.problems] == ["19 repositories"]
    assert "goes on from there" in died.value.advice
    assert {line.name for line in lines(archive, 1) if isinstance(line, NamespaceLine)} == {"shop", "nobody-asked"}
    assert_sound(archive)
    again = back_up(team, archive)
    assert dict(again.outcomes) == {"unchanged": 12, "saved": 19}
    assert_sound(archive)


def test_a_403_for_the_labels_of_one_project_is_not_the_end_of_the_credential(
    team: ScriptedSource, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(namespace: object) -> bytes:
        raise BadCredential("coding answered with status 403") from answered(403)

    monkeypatch.setattr(team, "labels", refuse)
    report = back_up(team, archive)

    assert dict(report.outcomes) == {"saved": 4}
    assert [problem.what for problem in report.problems] == ["labels of shop"]


def test_lfs_objects_that_were_not_fetched_when_a_credential_died_are_missing_and_nothing_else(
    team: ScriptedSource, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(team, archive)
    pointer = team.keep_lfs(b"large" * 1000)
    commit(team.git_dir("100"), "refs/heads/main", {"large.bin": pointer})
    connections = ScriptedConnections.to(team)

    def die(*_: object) -> object:
        raise LogInRefused("refused")

    monkeypatch.setattr(ScriptedLfs, "download", die)
    monkeypatch.setattr(team, "labels", die)
    with pytest.raises(CredentialDied):
        back_up(team, archive, connections=connections, jobs=1)

    assert_sound(archive)
    monkeypatch.undo()
    assert back_up(team, archive).everything_is_saved
    assert_sound(archive)


def test_a_document_that_cannot_be_read_is_reported_and_the_last_one_stays(
    team: ScriptedSource, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(team, archive)

    def fail(namespace: object) -> bytes:
        raise TryLater("busy")

    monkeypatch.setattr(team, "labels", fail)
    report = back_up(team, archive)

    first, second = (next(line for line in lines(archive, run) if isinstance(line, NamespaceLine)) for run in (1, 2))
    assert second.documents == first.documents
    assert UnseenLine(what="labels of shop", reason="busy") in lines(archive, 2)
    assert not report.everything_is_saved


def test_the_snapshot_of_a_moving_source_is_one_that_it_advertised(team: ScriptedSource, archive: Archive) -> None:
    """F-44: the source force-pushes and prunes between the question for its refs and the fetch."""
    connections = ScriptedConnections.to(team)
    git_dir = team.git_dir("100")
    advertised = [refs_of(git_dir)]

    def rewrite_once(url: str, body: bytes) -> None:
        if url.endswith("/100.git") and b"command=fetch" in body and len(advertised) == 1:
            git(git_dir, "update-ref", "-d", "refs/heads/main")
            commit(git_dir, "refs/heads/main", {"name": "rewritten"}, message="rewritten")
            git(git_dir, "reflog", "expire", "--expire=now", "--all")
            git(git_dir, "gc", "-q", "--prune=now")
            advertised.append(refs_of(git_dir))

    connections.transport.before = rewrite_once
    back_up(team, archive, connections=connections)

    assert len(advertised) == 2
    assert outcomes(archive, 1)["100"] == "saved"
    assert refs_of(mirror(archive, "100", run=1)) == advertised[1]
    assert_sound(archive)


def test_a_source_that_never_stands_still_fails_alone(team: ScriptedSource, archive: Archive) -> None:
    connections = ScriptedConnections.to(team)
    git_dir = team.git_dir("100")
    rewrites: list[str] = []

    def rewrite(url: str, body: bytes) -> None:
        if url.endswith("/100.git") and b"command=fetch" in body:
            git(git_dir, "update-ref", "-d", "refs/heads/main")
            rewrites.append(commit(git_dir, "refs/heads/main", {"n": str(len(rewrites))}))
            git(git_dir, "gc", "-q", "--prune=now")

    connections.transport.before = rewrite
    back_up(team, archive, connections=connections)

    assert outcomes(archive, 1) == {"100": "failed", "101": "saved", "102": "saved", "103": "saved"}
    assert len(rewrites) == 4
    assert_sound(archive)
