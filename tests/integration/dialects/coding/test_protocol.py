"""The endpoint itself: where the action's name and the token may stand, what is tolerated, how failures look."""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from matou.db.memberships import Role
from matou.forge.access import Scope
from matou.forge.accounts.namespaces import create_organization
from matou.forge.login_throttle import FREE_FAILURES_OF_AN_ADDRESS
from matou.model.names import RepositoryPath
from matou.model.platform import Visibility
from matou.platforms.coding.errors import SCOPE_REFUSED
from support.coding_api import Answer, Api, Team
from support.deciding import add_member, create_project_token, create_repository, create_token

WHO = "DescribeCodingCurrentUser"


def authorized(api: Api) -> dict[str, str]:
    return {"authorization": f"token {api.token}"}


@pytest.mark.parametrize("path", ["/open-api", "/open-api/", f"/open-api/{WHO}", "/open-api/a/b", "/open-api//"])
def test_whatever_follows_the_endpoint_is_ignored(api: Api, path: str) -> None:
    answer = api.request(path=path, query={"Action": WHO}, headers=authorized(api))

    assert answer.response["User"]["GlobalKey"] == "chen"


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ({"action": WHO}, {}),
        ({"ACTION": WHO.upper()}, {}),
        ({"Action": WHO, "action": WHO}, {}),
        ({}, {"Action": WHO}),
        ({}, {"action": WHO.lower()}),
        ({"Action": WHO}, {"Action": "Nonsense"}),
    ],
)
def test_the_action_may_stand_where_real_clients_put_it(api: Api, query: dict[str, str], body: dict[str, str]) -> None:
    answer = api.request(query=query, body=json.dumps(body).encode(), headers=authorized(api))

    assert answer.response["User"]["GlobalKey"] == "chen"


@pytest.mark.parametrize("scheme", ["token", "Token", "TOKEN", "Bearer", "bearer"])
def test_a_token_comes_under_any_of_its_names(api: Api, scheme: str) -> None:
    answer = api.request(query={"Action": WHO}, headers={"authorization": f"{scheme} {api.token}"})

    assert answer.response["User"]["GlobalKey"] == "chen"


@pytest.mark.parametrize("key", ["Authorization", "authorization"])
@pytest.mark.parametrize("form", ["{}", "token {}", "Bearer {}"])
def test_a_token_may_stand_in_the_body(api: Api, key: str, form: str) -> None:
    body = json.dumps({"Action": WHO, key: form.format(api.token)}).encode()

    assert api.request(body=body).response["User"]["GlobalKey"] == "chen"


def test_a_project_token_comes_as_basic_and_its_password_alone(team: Team, api: Api) -> None:
    credential = create_project_token(team.forge, team.project, "ci")
    basic = b64encode(f"{credential.user}:{credential.password.reveal()}".encode()).decode()

    for authorization in (f"Basic {basic}", f"token {credential.password.reveal()}"):
        body = json.dumps({"Action": "DescribeGitDepot", "DepotPath": "boats/ferry"}).encode()
        answer = api.request(body=body, headers={"authorization": authorization})
        assert answer.response["Depot"]["Name"] == "ferry"


def test_a_project_token_sees_nothing_of_another_project(team: Team) -> None:
    other = team.add_project("cranes")
    depot = team.add_depot("tower", project=other)
    credential = create_project_token(team.forge, team.project, "ci")
    api = Api(team.app(), credential.password.reveal())

    assert api("DescribeGitDepot", DepotId=depot.id).error == "ResourceNotFound"
    assert api("DescribeOneProject", ProjectId=other.id).error == "ResourceNotFound"
    names = [project["Name"] for project in api("DescribeCodingProjects").response["Data"]["ProjectList"]]
    assert names == ["boats"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "token " + "0" * 40},
        {"authorization": "token short"},
        {"authorization": "Digest x"},
        {"authorization": "Basic !!!"},
        {"authorization": "Basic " + b64encode(b"chen:wrong").decode()},
    ],
)
def test_a_request_without_a_good_credential_is_an_error_within_200(api: Api, headers: dict[str, str]) -> None:
    assert api.request(query={"Action": WHO}, headers=headers).error == "AuthFailure"


def test_an_expired_token_is_an_authentication_failure(team: Team, api: Api) -> None:
    expires = team.clock.now() + timedelta(hours=1)
    token = create_token(team.forge, team.people["chen"], "short-lived", expires_at=expires).reveal()
    requests_seen = Api(api.app, token)

    assert requests_seen(WHO).response["User"]["Id"] == team.people["chen"].id
    team.clock.advance(timedelta(hours=2))
    assert requests_seen(WHO).error == "AuthFailure"


def test_who_guesses_tokens_is_asked_to_wait(api: Api) -> None:
    guesses = [Api(api.app, f"{number:040x}")(WHO).error for number in range(FREE_FAILURES_OF_AN_ADDRESS + 1)]

    assert guesses == ["AuthFailure"] * FREE_FAILURES_OF_AN_ADDRESS + ["RequestLimitExceeded"]


def test_a_program_that_asks_again_with_an_old_token_is_counted_once(api: Api) -> None:
    old = Api(api.app, "0" * 40)

    assert {old(WHO).error for _ in range(FREE_FAILURES_OF_AN_ADDRESS + 1)} == {"AuthFailure"}


@pytest.mark.parametrize("action", ["Nope", "DescribeDepotInfo", "describe", "--upload-pack=x", "x" * 5000])
def test_an_unknown_action_is_an_invalid_action(api: Api, action: str) -> None:
    answer = api(action)

    assert answer.error == "InvalidAction"
    assert len(answer.message) < 300


def test_a_request_without_an_action_says_so(api: Api) -> None:
    answer = api.request(headers=authorized(api))

    assert (answer.error, answer.message) == ("MissingParameter", "the parameter Action is missing")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_anything_but_a_post_is_answered_in_json_too(api: Api, method: str) -> None:
    answer = api.request(method, query={"Action": WHO}, headers=authorized(api))

    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert json.loads(answer.body)["Response"]["Error"]["Code"] == "UnsupportedOperation"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"{} {}",
        b'{"a":NaN}',
        b'{"a":1e400}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'{"a":' * 100_000,
        b"[" * 100_000,
        b"\x00",
        b"a=b&c=d",
        b" " * 2_000_000,
    ],
    ids=lambda body: body[:12],
)
def test_a_body_that_is_no_json_object_is_an_invalid_parameter(api: Api, body: bytes) -> None:
    """Catalogue B-49."""
    assert api.request(query={"Action": WHO}, body=body, headers=authorized(api)).error == "InvalidParameter"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"  \n", "application/json"),
        (b"\xef\xbb\xbf{}", "application/json"),
        (b'{"Action":"Nonsense","x":{"deep":[1,{}]}}', "application/json"),
        (b'{"a":1,"a":2}', "application/json"),
        (b"{}", "application/x-www-form-urlencoded"),
        (b"a=b&c=", "application/x-www-form-urlencoded; charset=utf-8"),
        (b"{}", "text/plain"),
        (b"{}", ""),
    ],
)
def test_what_real_clients_send_is_taken(api: Api, body: bytes, content_type: str) -> None:
    headers = {**authorized(api), "content-type": content_type}

    assert "User" in api.request(query={"Action": WHO}, body=body, headers=headers).response


def test_a_form_is_read_as_one(api: Api) -> None:
    body = urlencode({"Action": "DescribeProjectByName", "ProjectName": "boats"}).encode()
    headers = {**authorized(api), "content-type": "application/x-www-form-urlencoded"}

    assert api.request(body=body, headers=headers).response["Project"]["Name"] == "boats"


@pytest.mark.parametrize("body", [b"a=%ff", b"a&b", b"&".join(b"a=b" for _ in range(500))])
def test_a_form_that_is_none_is_an_invalid_parameter(api: Api, body: bytes) -> None:
    headers = {**authorized(api), "content-type": "application/x-www-form-urlencoded"}

    assert api.request(query={"Action": WHO}, body=body, headers=headers).error == "InvalidParameter"


@pytest.mark.parametrize("key", ["ProjectId", "projectId", "projectid", "PROJECTID"])
@pytest.mark.parametrize("as_text", [False, True])
def test_keys_come_in_any_case_and_numbers_as_text(team: Team, api: Api, key: str, as_text: bool) -> None:
    value = str(team.project.id) if as_text else team.project.id

    assert api("DescribeOneProject", **{key: value}).response["Project"]["Name"] == "boats"


@pytest.mark.parametrize("absent", [{}, {"ProjectId": ""}, {"ProjectId": None}])
def test_a_parameter_that_is_needed_and_missing_is_named(api: Api, absent: Mapping[str, object]) -> None:
    answer = api("DescribeOneProject", **absent)

    assert (answer.error, answer.message) == ("MissingParameter", "the parameter ProjectId is missing")


@pytest.mark.parametrize(
    "value", ["x", "1.5", 1.5, True, [], {}, [1], "９", 10**400, -(10**30), 2**63, "9" * 5000, " 1"]
)
def test_a_parameter_of_the_wrong_kind_is_an_invalid_one(api: Api, value: object) -> None:
    answer = api("DescribeOneProject", ProjectId=value)

    assert answer.error == "InvalidParameter"
    assert "ProjectId" in answer.message
    assert len(answer.message) < 400


@pytest.mark.parametrize("value", [1, True, [], {}, 1.5])
def test_a_text_of_the_wrong_kind_is_an_invalid_parameter(api: Api, value: object) -> None:
    assert api("DescribeProjectByName", ProjectName=value).error == "InvalidParameter"


def test_a_nul_never_reaches_the_database(api: Api) -> None:
    assert api("DescribeCodingProjects", ProjectName="a\0b").error == "InvalidParameterValue"


def test_unknown_keys_are_ignored(team: Team, api: Api) -> None:
    answer = api("DescribeOneProject", ProjectId=team.project.id, PageNumber=1, Nonsense={"a": [1]})

    assert answer.response["Project"]["Id"] == team.project.id


def test_every_answer_has_a_request_id_of_its_own(api: Api) -> None:
    assert api(WHO).response["RequestId"] != api(WHO).response["RequestId"]
    assert api("Nope").response["RequestId"] != api("Nope").response["RequestId"]


SCOPE_OF_ACTION = {
    "DescribeCodingCurrentUser": {Scope.USER_READ},
    "DescribeTeam": {Scope.TEAM_READ},
    "DescribeCodingProjects": {Scope.PROJECT_READ, Scope.PROJECT_WRITE},
    "DescribeMyDepots": {Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE},
    "DescribeTeamDepotInfoList": {Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE},
}


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("action", SCOPE_OF_ACTION)
def test_a_token_without_the_scope_is_told_so_in_codings_words(team: Team, action: str, scope: Scope) -> None:
    answer = team.api(scopes=frozenset({scope}))(action)

    if scope in SCOPE_OF_ACTION[action]:
        assert "Error" not in answer.response
    else:
        assert (answer.error, answer.message) == ("UnauthorizedOperation", SCOPE_REFUSED)


def test_a_token_that_may_only_read_creates_nothing(team: Team) -> None:
    reader = team.api(scopes=frozenset({Scope.PROJECT_READ, Scope.REPOSITORY_READ, Scope.TEAM_READ, Scope.USER_READ}))
    before = team.refs()

    answers = [
        reader("CreateCodingProject", Name="x", DisplayName="X", ProjectTemplate="CODE_HOST", Shared=0),
        reader("CreateGitDepot", ProjectId=team.project.id, DepotName="x"),
        reader("CreateGitBranch", DepotId=team.depot.id, BranchName="x", StartPoint="main"),
        reader("DeleteGitDepot", DepotId=team.depot.id),
    ]

    assert [(answer.error, answer.message) for answer in answers] == [("UnauthorizedOperation", SCOPE_REFUSED)] * 4
    assert team.refs() == before


def outcomes(answers: list[Answer]) -> list[str]:
    return [answer.response.get("Error", {}).get("Code", "ok") for answer in answers]


def test_too_many_calls_of_one_action_in_a_second_are_refused(team: Team) -> None:
    seconds = iter([5.0] * 7 + [6.0])
    api = Api(team.app(calls_a_second=3, clock=lambda: next(seconds)), team.token())

    answers = [api(WHO) for _ in range(5)] + [api("DescribeTeam"), api(WHO), api(WHO)]

    limited = "RequestLimitExceeded"
    assert outcomes(answers) == ["ok", "ok", "ok", limited, limited, "ok", limited, "ok"]


def test_the_limit_is_counted_for_each_team(team: Team) -> None:
    create_organization(team.forge, "other", owner=team.people["xiao"])
    app = team.app(calls_a_second=1, clock=lambda: 5.0)
    chen, xiao = Api(app, team.token("chen")), Api(app, team.token("xiao"))

    assert outcomes([chen(WHO), xiao(WHO), chen(WHO), xiao(WHO)]) == ["ok", "ok"] + ["RequestLimitExceeded"] * 2


def test_the_team_is_the_one_that_the_host_names(team: Team) -> None:
    other = create_organization(team.forge, "other", owner=team.people["chen"])

    def team_id(host: str) -> object:
        return team.api(host=host)("DescribeTeam").response["Data"]["Id"]

    assert team_id("other.example.org") == other.id
    assert team_id("HARBOUR.example.org:8443") == team.team.id
    assert team_id("code.example.org") == team.team.id
    assert team_id("other") == team.team.id
    assert team_id("127.0.0.1:8585") == team.team.id


def test_a_host_does_not_open_a_team_that_one_may_not_see(team: Team) -> None:
    hidden = create_organization(team.forge, "hidden", owner=team.people["xiao"])
    requests_seen = team.api(host="hidden.example.org")

    assert requests_seen("DescribeTeam").response["Data"]["Id"] == team.team.id
    assert requests_seen("DescribeOneProject", ProjectId=hidden.id).error == "ResourceNotFound"


def test_a_member_of_a_project_only_belongs_to_its_team(team: Team) -> None:
    create_organization(team.forge, "aaa", owner=team.people["xiao"])
    public = create_organization(team.forge, "bbb", owner=team.people["xiao"])
    add_member(team.forge, public, team.people["gu"], Role.GUEST)

    assert team.api("dora")("DescribeTeam").response["Data"]["Name"] == "港口"


def test_the_own_team_is_found_however_many_stand_before_it_in_the_list(team: Team) -> None:
    for number in range(101):
        create_organization(team.forge, f"aaa-{number}", owner=team.people["xiao"])
        path = RepositoryPath.parse(f"aaa-{number}/seen")
        create_repository(team.forge, path, visibility=Visibility.PUBLIC, creator=team.people["xiao"])

    owner, member_of_a_project = (team.api(name)("DescribeTeam").response["Data"]["Name"] for name in ("chen", "dora"))
    assert owner == member_of_a_project == "港口"


def test_who_has_no_team_stands_for_themselves(team: Team) -> None:
    answer = team.api("xiao")

    assert answer(WHO).response["User"]["GlobalKey"] == "xiao"
    assert answer("DescribeTeam").response["Data"]["TeamHost"] == "https://code.example.org/xiao"
    assert answer("DescribeCodingProjects").response["Data"]["TotalCount"] == 0


@pytest.mark.parametrize(
    "host", ["evil.example/..", "a b", "a\\b", "user@host", "", "x" * 300, "ex\xe4mple.org", "a:99999999", "-a", "[::1"]
)
def test_a_host_that_is_none_never_gets_into_a_url(team: Team, host: str) -> None:
    """Catalogue B-55."""
    [depot] = team.api(host=host)("DescribeMyDepots").response["Payload"]["Depots"]

    assert depot["HttpsUrl"] == "https://127.0.0.1:8585/harbour/boats/ferry.git"


@pytest.mark.parametrize("host", ["[::1]:8585", "127.0.0.1", "code.example.org:8443"])
def test_urls_hold_the_host_that_was_asked(team: Team, host: str) -> None:
    [depot] = team.api(host=host)("DescribeMyDepots").response["Payload"]["Depots"]

    assert depot["HttpsUrl"] == f"https://{host}/harbour/boats/ferry.git"


def test_a_configured_base_goes_before_whatever_the_request_says(team: Team) -> None:
    api = Api(team.app(base="https://git.example.net/x"), team.token(), host="evil example")

    [depot] = api("DescribeMyDepots").response["Payload"]["Depots"]

    assert depot["HttpsUrl"] == "https://git.example.net/x/harbour/boats/ferry.git"
