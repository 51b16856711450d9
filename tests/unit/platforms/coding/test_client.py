"""What is CODING's own: its fallbacks, its failures within a 200, its forms of token, its loose typing."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from matou.concurrency import Cancelled
from matou.credentials import GitCredential, Secret
from matou.errors import MatouError, NotFound, Refused, TryLater
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.model.platform import RemoteNamespace, RemoteRepository, VersionControl, Visibility
from matou.model.records import Record
from matou.platforms.base.errors import CredentialRefused
from matou.platforms.coding.source import CodingClient
from support.coding_source import NO_PROJECTS, REFUSED, TOKEN, Answer, CodingSource, basic, failure
from support.steered_clock import SYSTEM_CLOCK

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SCOPE = "The current scope does not support access to this API"

T = TypeVar("T")
Connect = Callable[..., CodingClient]


@pytest.fixture
def session(coding_source: CodingSource) -> Iterator[Session]:
    patience = RetryPolicy(attempts=4, first_wait=timedelta(milliseconds=1))
    with Session(named=[coding_source.url], clock=SYSTEM_CLOCK, patience=patience) as session:
        yield session


@pytest.fixture
def records() -> list[Record]:
    return []


@pytest.fixture
def connect(coding_source: CodingSource, session: Session, records: list[Record]) -> Connect:
    def connect(token: str = TOKEN, path: str = "") -> CodingClient:
        return CodingClient(session, coding_source.url + path, Secret(token), record=records.append, now=lambda: NOW)

    return connect


@pytest.fixture
def client(connect: Connect) -> CodingClient:
    return connect()


def names(listed: Iterator[RemoteNamespace] | Iterator[RemoteRepository]) -> list[str]:
    return sorted(one.name for one in listed)


def until_it_broke(listed: Iterator[T]) -> list[T]:
    given: list[T] = []
    with pytest.raises(MatouError):
        given.extend(listed)
    return given


def fill(source: CodingSource, *, projects: int, depots: int) -> None:
    for number in range(projects):
        project = source.project(f"project-{number}")
        for ship in range(depots):
            source.depot(project, f"ship-{number}-{ship}")


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

    asked = [asked.action for asked in coding_source.asked]
    assert sorted(set(asked)) == [
        "DescribeCodingCurrentUser",
        "DescribeCodingProjects",
        "DescribeTeam",
        "DescribeTeamDepotInfoList",
    ]
    assert len(asked) == 2 + 2 * 2 + 2 * 2  # a list of two pages is read twice, since rows may have moved


@pytest.mark.parametrize("fault", [failure("RequestLimitExceeded"), failure("InternalError"), Answer(429), Answer(500)])
@pytest.mark.parametrize("action", ["DescribeTeam", "DescribeCodingProjects", "DescribeTeamDepotInfoList"])
def test_a_platform_that_is_busy_is_asked_again(
    coding_source: CodingSource, client: CodingClient, action: str, fault: Answer
) -> None:
    fill(coding_source, projects=1, depots=1)
    coding_source.fail(action, fault, fault)

    assert names(client.repositories()) == ["ship-0-0"]
    assert len(coding_source.asked_for(action)) == 3


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

    assert len(coding_source.asked) == 1
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
    assert coding_source.asked[-1].action == "DescribeProjectDepotInfoList"
    assert len(coding_source.asked_for("DescribeProjectDepotInfoList")) == 2


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


def test_without_the_teams_list_each_project_is_asked_and_that_is_said(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=3, depots=101)
    coding_source.always["DescribeTeamDepotInfoList"] = REFUSED

    assert len(list(client.repositories())) == 303
    assert [(unseen.what, SCOPE in unseen.reason) for unseen in client.unseen] == [
        ("repositories of projects that this account has not joined", True)
    ]


def test_without_the_teams_projects_those_that_were_joined_are_listed_and_that_is_said(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=3, depots=1)
    coding_source.always["DescribeCodingProjects"] = REFUSED

    assert len(list(client.namespaces())) == 3
    assert coding_source.asked_for("DescribeUserProjects") == [{"Action": "DescribeUserProjects", "UserId": 9}]
    assert [unseen.what for unseen in client.unseen] == ["projects that this account has not joined"]


def test_projects_that_were_joined_and_are_not_listed_are_found_by_ones_own_repositories(
    coding_source: CodingSource, client: CodingClient
) -> None:
    """DescribeUserProjects has no count: a short answer, or an empty one, looks like a whole one."""
    fill(coding_source, projects=3, depots=1)
    for action in ("DescribeCodingProjects", "DescribeTeamDepotInfoList"):
        coding_source.always[action] = REFUSED
    coding_source.always["DescribeUserProjects"] = NO_PROJECTS

    assert len(list(client.repositories())) == 3
    assert names(client.namespaces()) == ["project-0", "project-1", "project-2"]


def test_no_joined_project_and_no_list_of_ones_own_is_no_empty_account(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=3, depots=1)
    for action in ("DescribeCodingProjects", "DescribeTeamDepotInfoList", "DescribeMyDepots"):
        coding_source.always[action] = REFUSED
    coding_source.always["DescribeUserProjects"] = NO_PROJECTS

    with pytest.raises(Refused):
        list(client.repositories())


def test_a_project_that_refuses_its_list_hides_no_other_and_is_named(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=2, depots=1)
    coding_source.project("shut", Archived=True)
    coding_source.always["DescribeTeamDepotInfoList"] = REFUSED
    coding_source.fail("DescribeProjectDepotInfoList", REFUSED)

    assert names(client.repositories()) == ["ship-0-0", "ship-1-0"]
    assert "repositories of the project 'project-0'" in [unseen.what for unseen in client.unseen]


def test_an_archived_project_that_refuses_is_called_archived(coding_source: CodingSource, client: CodingClient) -> None:
    coding_source.project("shut", Archived=True)
    coding_source.always["DescribeTeamDepotInfoList"] = REFUSED
    coding_source.always["DescribeProjectDepotInfoList"] = failure("UnauthorizedOperation", "project is archived")

    assert names(client.repositories()) == []
    assert "repositories of the archived project 'shut'" in [unseen.what for unseen in client.unseen]


def test_where_no_project_may_be_listed_the_accounts_own_repositories_are(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=2, depots=60)
    for action in ("DescribeCodingProjects", "DescribeUserProjects", "DescribeTeamDepotInfoList"):
        coding_source.always[action] = REFUSED

    assert len(list(client.repositories())) == 120
    assert names(client.namespaces()) == ["project-0", "project-1"]


def test_ones_own_repositories_may_come_without_a_count(coding_source: CodingSource, client: CodingClient) -> None:
    fill(coding_source, projects=1, depots=150)
    coding_source.counts_own_depots = False
    for action in ("DescribeTeamDepotInfoList", "DescribeProjectDepotInfoList"):
        coding_source.always[action] = REFUSED

    assert len(list(client.repositories())) == 150


def test_a_subversion_repository_needs_no_address_for_git(coding_source: CodingSource, client: CodingClient) -> None:
    coding_source.depot(coding_source.project("docks"), "ship", VcsType="svn", HttpsUrl="")

    assert [repository.clone_url for repository in client.repositories()] == [""]
    assert list(client.unseen) == []


def test_where_nothing_at_all_may_be_listed_that_is_an_error_and_no_empty_team(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=2, depots=1)
    for action in (
        "DescribeCodingProjects",
        "DescribeUserProjects",
        "DescribeTeamDepotInfoList",
        "DescribeMyDepots",
    ):
        coding_source.always[action] = REFUSED

    with pytest.raises(Refused):
        list(client.namespaces())
    with pytest.raises(Refused):
        list(client.repositories())


def test_a_project_that_only_its_depot_shows_is_listed_too(coding_source: CodingSource, client: CodingClient) -> None:
    fill(coding_source, projects=2, depots=1)
    [hidden, _] = coding_source.projects.values()
    coding_source.hidden_projects.add(hidden["Id"])

    assert names(client.namespaces()) == ["project-0", "project-1"]
    assert names(client.repositories()) == ["ship-0-0", "ship-1-0"]


def test_a_project_that_only_its_depot_shows_and_that_may_not_be_seen_has_its_name(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=1, depots=1)
    coding_source.hidden_projects.update(coding_source.projects)
    coding_source.always["DescribeOneProject"] = REFUSED

    [namespace] = client.namespaces()

    assert (namespace.id, namespace.name, namespace.created_at) == ("1000", "project-0", None)
    assert [unseen.what for unseen in client.unseen] == ["what is said of the project 'project-0'"]


def test_a_depot_that_moves_to_a_page_already_read_is_not_missed(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=1, depots=150)

    def remove_the_first(times_asked: int) -> None:
        if times_asked == 2:
            coding_source.depots.pop(5000)

    coding_source.before["DescribeTeamDepotInfoList"] = remove_the_first

    listed = {repository.id for repository in client.repositories()}

    assert {str(id_) for id_ in coding_source.depots} <= listed


def test_a_project_that_comes_while_projects_are_listed_is_not_missed(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=150, depots=0)

    def add_in_front(times_asked: int) -> None:
        if times_asked == 2:
            coding_source.projects = {1: {**coding_source.projects[1000], "Id": 1}, **coding_source.projects}

    coding_source.before["DescribeCodingProjects"] = add_in_front

    assert len(list(client.namespaces())) == 151


def test_fewer_depots_than_are_counted_are_given_and_the_listing_is_broken(
    coding_source: CodingSource, client: CodingClient
) -> None:
    fill(coding_source, projects=1, depots=3)
    coding_source.uncounted = 1

    assert len(until_it_broke(client.repositories())) == 3
    assert len(list(client.namespaces())) == 1


def test_a_list_that_ends_in_trouble_gives_what_came_before(coding_source: CodingSource, client: CodingClient) -> None:
    fill(coding_source, projects=1, depots=150)
    coding_source.before["DescribeTeamDepotInfoList"] = lambda times: (
        coding_source.always.update(DescribeTeamDepotInfoList=Answer(503)) if times == 2 else None
    )

    assert len(until_it_broke(client.repositories())) == 100


def test_one_project_in_trouble_does_not_hide_the_others(coding_source: CodingSource, client: CodingClient) -> None:
    fill(coding_source, projects=3, depots=1)
    coding_source.always["DescribeTeamDepotInfoList"] = REFUSED
    coding_source.fail("DescribeProjectDepotInfoList", *[Answer(500)] * 4)

    assert names(iter(until_it_broke(client.repositories()))) == ["ship-1-0", "ship-2-0"]


@pytest.mark.parametrize("values", [{"Id": "seven"}, {"Name": None}, {"ProjectId": {}}])
def test_one_odd_depot_does_not_hide_the_others_and_is_told(
    coding_source: CodingSource, client: CodingClient, values: dict[str, Any]
) -> None:
    fill(coding_source, projects=1, depots=2)
    coding_source.depots[5000] |= values

    assert names(iter(until_it_broke(client.repositories()))) == ["ship-0-1"]
    assert ["coding Depot." in unseen.reason for unseen in client.unseen] == [True]


@pytest.mark.parametrize(
    ("values", "is_noted"),
    [
        ({"CreatedAt": "yesterday"}, True),
        ({"LastPushAt": "2024/07/29"}, True),
        ({"Description": 7}, True),
        ({"IsShared": "perhaps"}, True),
        ({"VcsType": "fossil"}, True),
        ({"VcsType": "", "RepoType": ""}, True),
        ({"VcsType": "GIT"}, False),
    ],
)
def test_a_field_that_no_backup_needs_keeps_no_depot_from_being_listed(
    coding_source: CodingSource, client: CodingClient, values: dict[str, Any], is_noted: bool
) -> None:
    fill(coding_source, projects=1, depots=2)
    coding_source.depots[5000] |= values

    first, second = client.repositories()

    assert (first.name, second.name, first.version_control) == ("ship-0-0", "ship-0-1", VersionControl.GIT)
    assert (bool(first.left_out), bool(second.left_out)) == (is_noted, False)
    assert client.unseen == ()


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
    assert len(coding_source.asked_for("DescribeProjectDepotInfoList")) == 2


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

    asked = [record.parameters for record in records if record.request == "DescribeCodingProjects"]
    assert asked[:2] == [{"PageNumber": 1, "PageSize": 100}, {"PageNumber": 2, "PageSize": 100}]
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
