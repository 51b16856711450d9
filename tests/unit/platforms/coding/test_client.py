"""What is CODING's own: its fallbacks, its failures within a 200, its forms of token, its loose typing."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from matou.concurrency import Cancelled
from matou.credentials import GitCredential, Secret
from matou.errors import MatouError, NotFound, Refused, TryLater
from matou.http.session import Session
from matou.model.platform import Record, RemoteNamespace, RemoteRepository, VersionControl, Visibility
from matou.platforms.base.errors import CredentialRefused
from matou.platforms.coding.source import CodingClient
from support.coding_source import REFUSED, TOKEN, Answer, CodingSource, basic, failure
from unit.platforms.coding.clients import NOW, SCOPE, Connect, client, connect, fill, names, records, session

__all__ = ["client", "connect", "records", "session"]


def test_an_account_is_a_user_of_a_team_that_is_named_as_in_urls(client: CodingClient) -> None:
    account = client.account()

    assert (account.id, account.login, account.display_name) == ("9", "captain", "The Captain")
    assert (account.team_id, account.team, account.team_display_name) == ("1", "harbour", "The Harbour")


def test_a_project_is_described_in_our_words(coding_source: CodingSource, client: CodingClient) -> None:
    coding_source.project(
        "docks", DisplayName=" 码/头 ", Description="第一行\n第二行", Icon="/static/a.svg", Archived=True
    )

    [namespace] = client.namespaces()

    assert namespace == RemoteNamespace(
        id="1000",
        name="docks",
        display_name=" 码/头 ",
        description="第一行\n第二行",
        created_at=datetime(2021, 4, 28, 3, 28, 2, tzinfo=UTC),
        icon_url="https://harbour.coding.net/static/a.svg",
        archived=True,
    )


def test_a_depot_is_described_in_our_words(coding_source: CodingSource, client: CodingClient) -> None:
    coding_source.depot(coding_source.project("docks"), "ship", Description="a ship", LastPushAt=1702975927000)

    [repository] = client.repositories()

    assert repository == RemoteRepository(
        id="5000",
        namespace_id="1000",
        name="ship",
        description="a ship",
        clone_url=f"{coding_source.origin}/harbour/docks/ship.git",
        version_control=VersionControl.GIT,
        created_at=datetime(2021, 9, 6, 4, 50, 3, tzinfo=UTC),
        last_push_at=datetime(2023, 12, 19, 8, 52, 7, tzinfo=UTC),
        default_branch=None,
        visibility=Visibility.PRIVATE,
    )


@pytest.mark.parametrize(
    ("values", "attribute", "meant"),
    [
        ({"VcsType": "svn", "RepoType": "svn"}, "version_control", VersionControl.SUBVERSION),
        ({"VcsType": "hg", "RepoType": ""}, "version_control", VersionControl.MERCURIAL),
        ({"VcsType": "", "RepoType": "git"}, "version_control", VersionControl.GIT),
        ({"IsShared": True}, "visibility", Visibility.PUBLIC),
        ({"IsShared": "false"}, "visibility", Visibility.PRIVATE),
    ],
)
def test_what_a_depot_may_also_be(
    coding_source: CodingSource, client: CodingClient, values: dict[str, Any], attribute: str, meant: object
) -> None:
    coding_source.depot(coding_source.project("docks"), "ship", **values)

    assert [getattr(repository, attribute) for repository in client.repositories()] == [meant]


def test_the_default_branch_is_asked_for_where_it_is_needed(coding_source: CodingSource, client: CodingClient) -> None:
    docks = coding_source.project("docks")
    coding_source.depot(docks, "ship", DefaultBranch="trunk")
    coding_source.depot(docks, "empty", DefaultBranch=None)

    branches = {repository.name: client.default_branch(repository) for repository in client.repositories()}

    assert branches == {"ship": "trunk", "empty": None}


def test_numbers_in_quotes_change_nothing(coding_source: CodingSource, connect: Connect) -> None:
    fill(coding_source, projects=3, depots=40)
    plain = (list(connect().namespaces()), list(connect().repositories()))

    coding_source.numbers_as_strings = True

    assert (list(connect().namespaces()), list(connect().repositories())) == plain


def test_a_page_is_as_long_as_the_platform_likes(coding_source: CodingSource, client: CodingClient) -> None:
    coding_source.largest_page = 7
    fill(coding_source, projects=15, depots=2)

    assert (len(list(client.namespaces())), len(list(client.repositories()))) == (15, 30)


def test_no_more_is_asked_than_is_needed(coding_source: CodingSource, client: CodingClient) -> None:
    fill(coding_source, projects=101, depots=1)

    client.account()
    names(client.namespaces())
    names(client.repositories())

    requests_seen = [requests_seen.action for requests_seen in coding_source.requests_seen]
    assert sorted(set(requests_seen)) == [
        "DescribeCodingCurrentUser",
        "DescribeCodingProjects",
        "DescribeTeam",
        "DescribeTeamDepotInfoList",
    ]
    assert len(requests_seen) == 2 + 2 * 2 + 2 * 2  # a list of two pages is read twice, since rows may have moved


@pytest.mark.parametrize("fault", [failure("RequestLimitExceeded"), failure("InternalError"), Answer(429), Answer(500)])
@pytest.mark.parametrize("action", ["DescribeTeam", "DescribeCodingProjects", "DescribeTeamDepotInfoList"])
def test_a_platform_that_is_busy_is_asked_again(
    coding_source: CodingSource, client: CodingClient, action: str, fault: Answer
) -> None:
    fill(coding_source, projects=1, depots=1)
    coding_source.fail(action, fault, fault)

    assert names(client.repositories()) == ["ship-0-0"]
    assert len(coding_source.requested(action)) == 3


@pytest.mark.parametrize(
    "fault",
    [
        Answer(body=b'{"Response":{"DepotData":{"Depots":[{"Id":1,'),
        Answer(body=b'{"Response":{"DepotData":', promised=5000),
    ],
)
def test_an_answer_that_was_cut_off_is_asked_for_again(
    coding_source: CodingSource, client: CodingClient, fault: Answer
) -> None:
    fill(coding_source, projects=1, depots=1)
    coding_source.fail("DescribeTeamDepotInfoList", fault)

    assert names(client.repositories()) == ["ship-0-0"]


@pytest.mark.parametrize("answer", [failure("AuthFailure", "token invalid"), Answer(401), Answer(403)])
def test_a_bad_token_is_refused_at_the_first_request(
    coding_source: CodingSource, connect: Connect, records: list[Record], answer: Answer
) -> None:
    coding_source.bad_token_answer = answer

    with pytest.raises(CredentialRefused):
        connect("f00d" * 10).account()

    assert len(coding_source.requests_seen) == 1
    assert [(record.status, record.body) for record in records] == [(answer.status, answer.body)]


@pytest.mark.parametrize("answer", [failure("AuthFailure"), Answer(401)])
def test_a_token_that_is_withdrawn_meanwhile_is_not_shown_again(
    coding_source: CodingSource, client: CodingClient, answer: Answer
) -> None:
    fill(coding_source, projects=3, depots=1)
    coding_source.always["DescribeTeamDepotInfoList"] = REFUSED
    coding_source.before["DescribeProjectDepotInfoList"] = lambda times: (
        coding_source.always.update(DescribeProjectDepotInfoList=answer) if times == 2 else None
    )
    given: list[RemoteRepository] = []

    with pytest.raises(CredentialRefused):
        given.extend(client.repositories())

    assert given == []
    assert coding_source.requests_seen[-1].action == "DescribeProjectDepotInfoList"
    assert len(coding_source.requested("DescribeProjectDepotInfoList")) == 2


@pytest.mark.parametrize(
    ("token", "header"),
    [
        (TOKEN, f"token {TOKEN}"),
        (f"Bearer {TOKEN}", f"Bearer {TOKEN}"),
        (f"ptabcdefghij:{TOKEN}", basic("ptabcdefghij", TOKEN)),
    ],
)
def test_each_form_of_token_goes_by_its_scheme(
    coding_source: CodingSource, connect: Connect, token: str, header: str
) -> None:
    coding_source.authorizations = (header,)

    assert connect(token).account().login == "captain"


def test_git_is_told_the_user_of_a_project_token(connect: Connect) -> None:
    assert connect("ptabc:secret").git_credential() == GitCredential("ptabc", Secret("secret"))


def test_an_address_with_a_slash_at_its_end_is_the_same_address(connect: Connect) -> None:
    assert connect(path="/").url.endswith("/open-api")


def test_the_team_in_full_is_a_document_too(coding_source: CodingSource, client: CodingClient) -> None:
    for number in range(101):
        coding_source.team_members.append({"Id": number + 1, "GlobalKey": f"sailor-{number}", "Status": -1})

    rows = json.loads(client.team_members())

    assert len(rows) == 101
    assert rows[0] == {
        "id": "1",
        "login": "sailor-0",
        "display_name": "",
        "email": "",
        "active": False,
        "roles": [],
    }


@pytest.mark.parametrize("action", ["DescribeAllProjectLabels", "DescribeProjectMembers"])
def test_labels_and_members_that_may_not_be_seen_are_an_error_and_no_empty_document(
    coding_source: CodingSource, client: CodingClient, action: str
) -> None:
    coding_source.project("docks")
    coding_source.always[action] = REFUSED
    [docks] = client.namespaces()
    read = {"DescribeAllProjectLabels": client.labels, "DescribeProjectMembers": client.members}[action]

    with pytest.raises(Refused, match=SCOPE):
        read(docks)


def test_a_repository_that_is_gone_has_no_default_branch_to_tell(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=1, depots=1)
    [repository] = client.repositories()
    coding_source.depots.clear()

    with pytest.raises(NotFound):
        client.default_branch(repository)


def test_a_cancelled_session_ends_the_listing_at_once(
    coding_source: CodingSource, client: CodingClient, session: Session
) -> None:
    fill(coding_source, projects=3, depots=1)
    coding_source.always["DescribeTeamDepotInfoList"] = REFUSED
    coding_source.before["DescribeProjectDepotInfoList"] = lambda times: session.cancel() if times == 2 else None
    client.account()
    given: list[RemoteRepository] = []

    with pytest.raises(Cancelled):
        given.extend(client.repositories())

    assert given == []
    assert len(coding_source.requested("DescribeProjectDepotInfoList")) == 2


def test_failures_are_kept_as_received_too(
    coding_source: CodingSource, client: CodingClient, records: list[Record]
) -> None:
    coding_source.fail("DescribeTeam", failure("InternalError", "码"), Answer(404, b"nothing here"))

    with pytest.raises(MatouError):
        client.account()

    kept = [(record.request, record.status) for record in records]
    assert kept == [("DescribeCodingCurrentUser", 200), ("DescribeTeam", 200), ("DescribeTeam", 404)]
    assert "码".encode() in records[1].body
    assert records[2].body == b"nothing here"


def test_a_record_has_what_was_asked_for(
    coding_source: CodingSource, client: CodingClient, records: list[Record]
) -> None:
    fill(coding_source, projects=101, depots=0)

    names(client.namespaces())

    requests_seen = [record.parameters for record in records if record.request == "DescribeCodingProjects"]
    assert requests_seen[:2] == [{"PageNumber": 1, "PageSize": 100}, {"PageNumber": 2, "PageSize": 100}]
    assert {record.at for record in records} == {NOW}


@pytest.mark.parametrize(
    ("token", "header"),
    [(TOKEN, f"token {TOKEN}"), (f"ptabcdefghij:{TOKEN}", basic("ptabcdefghij", TOKEN))],
)
def test_the_token_is_in_no_error_no_record_and_no_log(
    coding_source: CodingSource,
    connect: Connect,
    records: list[Record],
    token: str,
    header: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    coding_source.authorizations = (header,)
    coding_source.always["DescribeCodingCurrentUser"] = Answer(500, f"what is {token}, or {header}?".encode())
    client = connect(token)

    with pytest.raises(TryLater) as caught:
        client.account()

    shown = f"{caught.value!r}{caught.value}{client!r}{vars(client)}{records}{caplog.text}{capsys.readouterr()}"
    assert TOKEN not in shown
    assert header.split()[1] not in shown
