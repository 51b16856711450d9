"""Every method of the client: what it sends, and that it reads what Gitee's document and Swagger show for an answer."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import GeneratorType
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec
import pytest

from matou import Gitee
from matou.credentials import Secret
from matou.errors import Conflict, MatouError, NotFound, Refused, TryLater, UnknownShape
from matou.model.platform import Visibility
from matou.model.records import Record
from matou.platforms.gitee import wire_v3
from matou.platforms.gitee.agents import Extension
from matou.platforms.gitee.asking import PACE, UnusableToken
from matou.platforms.gitee.client import asks_for_v3, site_address
from matou.platforms.gitee.errors import CredentialRefused, GiteeFailed
from matou.remote.limiter import Limiter
from matou.remote.proxies import Proxies
from matou.remote.session import Session
from support.recording_server import RecordingServer, Reply, SeenRequest, json_reply
from support.steered_clock import BEGINNING, SteeredClock

DATA = Path(__file__).parents[1] / "data" / "gitee"
TOKEN = "s3cr3tGiteeT0ken0123"
PASSWORD = "p+a&s%s w=örd"
R = "oschina/gitee-cli"

Call = Callable[[Gitee], Any]


def sample(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def time_() -> SteeredClock:
    return SteeredClock()


@pytest.fixture
def session(recording_server: RecordingServer, time_: SteeredClock) -> Iterator[Session]:
    with Session(named=[recording_server.url], clock=time_.clock, jitter=lambda: 0.0) as session:
        yield session


@pytest.fixture
def records() -> list[Record]:
    return []


@pytest.fixture
def gitee(recording_server: RecordingServer, session: Session, time_: SteeredClock, records: list[Record]) -> Gitee:
    return Gitee(TOKEN, recording_server.url, session=session, now=time_.now, record=records.append)


def asked(request: SeenRequest) -> str:
    return f"{request.method} {unquote(request.target)}"


def form(request: SeenRequest) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True))


# --- the wire, in both directions


@pytest.mark.parametrize(
    ("name", "kind"),
    [("v3-session", wire_v3.User), ("v3-project", wire_v3.Project), ("v3-name-taken", wire_v3.Outcome)],
)
def test_a_sample_of_the_document_is_written_as_it_was_read(name: str, kind: type[Any]) -> None:
    read = msgspec.convert(sample(name), kind)

    assert json.dumps(json.loads(msgspec.json.encode(read))) == json.dumps(sample(name))


def test_a_list_is_written_with_the_keys_of_a_project_and_in_their_order() -> None:
    read = msgspec.convert(sample("v3-projects"), list[wire_v3.Project])

    written = json.loads(msgspec.json.encode(read))
    thirteen = list(sample("v3-project")["namespace"])
    for row, given in zip(written, sample("v3-projects"), strict=True):
        assert list(row) == list(given) == list(sample("v3-project"))
        assert list(row.pop("namespace")) == thirteen
        assert row == {key: value for key, value in given.items() if key != "namespace"}


def test_a_moment_is_written_with_t_and_offset_and_without_milliseconds() -> None:
    moment = datetime(2014, 8, 10, 14, 46, 22, 987654, tzinfo=UTC)

    assert wire_v3.moment_of(moment) == "2014-08-10T22:46:22+08:00"
    assert wire_v3.read_moment("2014-08-10T22:46:22.000+08:00") == moment.replace(microsecond=0)


@pytest.mark.parametrize("text", ["yesterday", "2014-08-10T22:46:22", ""])
def test_a_moment_that_is_none_is_named(text: str) -> None:
    with pytest.raises(UnknownShape, match="gitee moment"):
        wire_v3.read_moment(text)


# --- API v3


def test_logging_in_gives_the_user_and_a_token_that_shows_nowhere(
    recording_server: RecordingServer, gitee: Gitee, records: list[Record]
) -> None:
    recording_server.replies = [json_reply(sample("v3-session"), 201)]

    logged_in = gitee.log_in("me+you@example.com", Secret(PASSWORD))

    [request] = recording_server.requests
    assert asked(request) == "POST /api/v3/session"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert form(request) == {"email": "me+you@example.com", "password": PASSWORD}
    assert (logged_in.user.username, logged_in.token.reveal()) == ("example", "private_tokenXX")
    assert "private_tokenXX" not in f"{logged_in!r} {records!r}"


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"private_token": "private_tokenXX"}', b"[]"])
def test_an_odd_answer_to_a_log_in_is_not_quoted(
    recording_server: RecordingServer, gitee: Gitee, records: list[Record], body: bytes
) -> None:
    recording_server.replies = [Reply(201, body)]

    with pytest.raises(UnknownShape) as caught:
        gitee.log_in("me@example.com", Secret(PASSWORD))

    assert "private_token" not in f"{caught.value} {records!r}"


@pytest.mark.parametrize("status", [401, 400, 503])
def test_a_server_that_repeats_the_password_is_not_quoted(
    recording_server: RecordingServer, gitee: Gitee, status: int
) -> None:
    recording_server.replies = [json_reply({"message": f"401 Unauthorized: {PASSWORD} and {TOKEN}"}, status)]

    with pytest.raises(MatouError) as caught:
        gitee.log_in("me@example.com", Secret(PASSWORD))

    assert "401 Unauthorized" in str(caught.value)
    assert not any(secret in f"{caught.value!r} {caught.value}" for secret in (PASSWORD, TOKEN))
    assert len(recording_server.requests) == 1


def test_projects_are_read_to_the_first_page_without_any(recording_server: RecordingServer, gitee: Gitee) -> None:
    rows = [{**sample("v3-projects")[0], "id": number} for number in range(230)]
    recording_server.handler = paged(rows, totals=None)

    assert [project.id for project in gitee.projects()] == list(range(230))
    assert asked(recording_server.requests[0]) == "GET /api/v3/projects?page=1&per_page=100"


def test_a_page_of_twenty_is_not_taken_for_the_last(recording_server: RecordingServer, gitee: Gitee) -> None:
    """Gitee's own v3 may give twenty at a time, whatever number is asked for."""
    rows = [{**sample("v3-projects")[0], "id": number} for number in range(50)]
    recording_server.handler = paged(rows, totals=None, most=20)

    assert [project.id for project in gitee.projects()] == list(range(50))


@pytest.mark.parametrize(("named", "path"), [("example/HelloWorld", "example%2FHelloWorld"), (123456, "123456")])
def test_a_project_is_named_by_its_number_or_its_path(
    recording_server: RecordingServer, gitee: Gitee, named: str | int, path: str
) -> None:
    recording_server.replies = [json_reply(sample("v3-project"))]

    project = gitee.project(named)

    assert recording_server.requests[0].target == f"/api/v3/projects/{path}"
    assert json.loads(msgspec.json.encode(project)) == sample("v3-project")


def test_a_project_is_made(recording_server: RecordingServer, gitee: Gitee) -> None:
    recording_server.replies = [json_reply(sample("v3-project"), 201)]

    assert gitee.create_project("HelloWorld", description="a + b", private=True).id == 123456

    [request] = recording_server.requests
    assert asked(request) == "POST /api/v3/projects"
    assert form(request) == {"name": "HelloWorld", "description": "a + b", "private": "1"}


def test_a_name_that_is_taken_is_a_conflict_though_the_status_is_200(
    recording_server: RecordingServer, gitee: Gitee
) -> None:
    recording_server.replies = [json_reply(sample("v3-name-taken"))]

    with pytest.raises(Conflict, match="该项目名已存在!"):
        gitee.create_project("HelloWorld", private=False)


def test_v3_is_shown_its_token_in_a_header(recording_server: RecordingServer, gitee: Gitee) -> None:
    recording_server.replies = [json_reply(sample("v3-session"))]

    user = gitee.extension_user()

    [request] = recording_server.requests
    assert (asked(request), request.headers["private-token"]) == ("GET /api/v3/user", TOKEN)
    assert "authorization" not in request.headers
    assert "private_tokenXX" not in repr(user)


# --- API v5


@dataclass(frozen=True)
class Case:
    """One call: what goes out, and which sample stands in the answer."""

    call: Call
    request: str
    answer: str
    sends: dict[str, str] | None = None


REPOSITORIES = "visibility=all&affiliation=owner,collaborator,organization_member,enterprise_member,admin"
NEW = {"name": "Ship", "path": "ship", "description": "d"}

CASES = {
    "user": Case(lambda it: it.user(), "GET /user", "v5-user"),
    "namespaces": Case(lambda it: it.namespaces(), "GET /user/namespaces?mode=all&page=1&per_page=100", "v5-namespace"),
    "organizations": Case(lambda it: it.organizations(), "GET /user/orgs?page=1&per_page=100", "v5-organization"),
    "enterprises": Case(
        lambda it: it.enterprises(), "GET /user/enterprises?admin=false&page=1&per_page=100", "v5-enterprise"
    ),
    "repositories": Case(
        lambda it: it.repositories(),
        f"GET /user/repos?{REPOSITORIES}&sort=created&direction=asc&page=1&per_page=100",
        "v5-repository",
    ),
    "of organization": Case(
        lambda it: it.repositories_of_organization("oschina"),
        "GET /orgs/oschina/repos?type=all&page=1&per_page=100",
        "v5-repository",
    ),
    "of enterprise": Case(
        lambda it: it.repositories_of_enterprise("harbour"),
        "GET /enterprises/harbour/repos?type=all&direct=false&page=1&per_page=100",
        "v5-repository",
    ),
    "organization members": Case(
        lambda it: it.organization_members("oschina", role="admin"),
        "GET /orgs/oschina/members?role=admin&page=1&per_page=100",
        "v5-user",
    ),
    "enterprise members": Case(
        lambda it: it.enterprise_members("harbour"),
        "GET /enterprises/harbour/members?role=all&page=1&per_page=100",
        "v5-enterprise-member",
    ),
    "repository": Case(lambda it: it.repository(R), f"GET /repos/{R}", "v5-repository"),
    "branches": Case(lambda it: it.branches(R), f"GET /repos/{R}/branches?page=1&per_page=100", "v5-branch"),
    "create": Case(
        lambda it: it.create_repository("Ship", path="ship", description="d", private=True),
        "POST /user/repos",
        "v5-repository",
        {**NEW, "private": "true", "has_wiki": "true"},
    ),
    "create in organization": Case(
        lambda it: it.create_organization_repository(
            "oschina", "Ship", path="ship", description="d", visibility=Visibility.PUBLIC
        ),
        "POST /orgs/oschina/repos",
        "v5-repository",
        {**NEW, "public": "1"},
    ),
    "create in enterprise": Case(
        lambda it: it.create_enterprise_repository(
            "harbour", "Ship", path="ship", description="d", visibility=Visibility.INTERNAL
        ),
        "POST /enterprises/harbour/repos",
        "v5-repository",
        {**NEW, "private": "2"},
    ),
    "update": Case(
        lambda it: it.update_repository(R, name="Ship", private=False, default_branch="dev"),
        f"PATCH /repos/{R}",
        "v5-repository",
        {"name": "Ship", "private": "false", "default_branch": "dev"},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_call_asks_as_documented_and_reads_what_is_answered(
    recording_server: RecordingServer, gitee: Gitee, case: Case
) -> None:
    is_list = "page=1" in case.request
    recording_server.replies = [
        json_reply([sample(case.answer)] if is_list else sample(case.answer), headers={"total_count": "1"})
    ]

    result = case.call(gitee)
    read = list(result) if isinstance(result, GeneratorType) else [result]

    [request] = recording_server.requests
    assert asked(request) == case.request.replace(" /", " /api/v5/", 1)
    assert (form(request) if request.body else None) == case.sends
    assert [msgspec.to_builtins(row) for row in read] == [shown_of(sample(case.answer), msgspec.to_builtins(read[0]))]


def shown_of(answer: Any, read: Any) -> Any:
    """What was answered, without the keys that we do not read."""
    if not isinstance(answer, dict):
        return answer
    return {key: shown_of(answer.get(key), read[key]) for key in read}


def paged(rows: list[Any], *, totals: tuple[str, str] | None, most: int = 100) -> Callable[[SeenRequest], Reply]:
    def reply(request: SeenRequest) -> Reply:
        query = dict(pair.split("=") for pair in request.target.partition("?")[2].split("&"))
        number, size = int(query["page"]), min(int(query["per_page"]), most)
        counted = (str(len(rows)), str(-(-len(rows) // size)))
        headers = dict(zip(totals, counted, strict=True)) if totals else {}
        return json_reply(rows[(number - 1) * size : number * size], headers=headers)

    return reply


@pytest.mark.parametrize("totals", [None, ("total_count", "total_page")])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_a_list_is_read_to_its_end_with_totals_and_without(
    recording_server: RecordingServer, gitee: Gitee, count: int, totals: tuple[str, str] | None
) -> None:
    rows = [{**sample("v5-repository"), "id": number} for number in range(count)]
    recording_server.handler = paged(rows, totals=totals)

    assert [row.id for row in gitee.repositories()] == list(range(count))


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
@pytest.mark.parametrize("page_size", [20, 100, 1000])
def test_a_list_that_is_not_documented_as_paged_is_whole_either_way(
    recording_server: RecordingServer, gitee: Gitee, count: int, page_size: int
) -> None:
    rows = [{**sample("v5-branch"), "name": f"b{number}"} for number in range(count)]
    by_page = paged(rows, totals=None, most=page_size)
    recording_server.handler = by_page if page_size < 1000 else lambda _: json_reply(rows)

    assert [row.name for row in gitee.branches(R)] == [row["name"] for row in rows]


def test_a_list_that_holds_less_than_it_announces_is_given_and_then_an_error(
    recording_server: RecordingServer, gitee: Gitee
) -> None:
    recording_server.replies = [json_reply([sample("v5-organization")], headers={"total_count": "2"})]
    given: list[str] = []

    with pytest.raises(UnknownShape, match="does not add up"):
        given.extend(row.login for row in gitee.organizations())

    assert given == ["oschina"]


@pytest.mark.parametrize("call", [lambda it: it.organizations(), lambda it: it.namespaces()])
def test_one_row_that_cannot_be_read_does_not_hide_the_others(
    recording_server: RecordingServer, gitee: Gitee, call: Call
) -> None:
    rows = [{"id": "odd"}, {**sample("v5-organization"), "path": "oschina"}]
    recording_server.replies = [json_reply(rows, headers={"total_count": "2"})]
    given: list[int] = []

    with pytest.raises(UnknownShape, match=r"\$\.id"):
        given.extend(row.id for row in call(gitee))

    assert given == [41]


def test_numbers_and_truths_in_quotes_are_read(recording_server: RecordingServer, gitee: Gitee) -> None:
    recording_server.replies = [json_reply({**sample("v5-repository"), "id": "1001", "private": "false"})]

    repository = gitee.repository(R)

    assert (repository.id, repository.private) == (1001, False)


@pytest.mark.parametrize("repository", ["ship", "/ship", "docks/", ""])
def test_a_repository_without_an_owner_is_a_mistake_of_the_caller(gitee: Gitee, repository: str) -> None:
    with pytest.raises(ValueError, match="owner/name"):
        gitee.repository(repository)


@pytest.mark.parametrize("name", ["..", ".", ""])
def test_a_name_that_leads_elsewhere_is_not_asked(recording_server: RecordingServer, gitee: Gitee, name: str) -> None:
    with pytest.raises(NotFound):
        list(gitee.repositories_of_organization(name))

    assert recording_server.requests == []


# --- failures


@pytest.mark.parametrize(
    ("status", "body", "kind", "told"),
    [
        (401, {"message": "401 Unauthorized: Access token is expired"}, CredentialRefused, "is expired"),
        (403, {"message": "Access token is required"}, CredentialRefused, "is required"),
        (404, {"message": "401 Unauthorized: Access token does not exist"}, CredentialRefused, "does not exist"),
        (403, {"message": "当前仓库因内容不适宜公开"}, Refused, "不适宜"),
        (404, {"message": "Not Found"}, NotFound, "Not Found"),
        (404, {"message": "404 Project Not Found"}, NotFound, "Project Not Found"),
        (404, "<html>", NotFound, "<html>"),
        (422, {"error": {"base": ["已存在同地址仓库（忽略大小写）"]}}, Conflict, "忽略大小写"),
        (422, {"message": "type 与 visibility 互斥"}, GiteeFailed, "互斥"),
        (400, {"messages": ["name is missing", "path is missing"]}, GiteeFailed, "name is missing; path is missing"),
        (400, {"error": "invalid_grant", "error_description": "expired"}, GiteeFailed, "invalid_grant; expired"),
        (418, "no", GiteeFailed, "418"),
        (200, None, UnknownShape, "None"),
        (200, "<html>please log in</html>", UnknownShape, "log in"),
        (200, '{"id": 1', TryLater, "broke off"),
    ],
)
def test_a_failure_is_of_the_kind_that_says_what_can_be_done(
    recording_server: RecordingServer, gitee: Gitee, status: int, body: Any, kind: type[MatouError], told: str
) -> None:
    recording_server.replies = [Reply(status, (body if isinstance(body, str) else json.dumps(body)).encode())]

    with pytest.raises(kind) as caught:
        gitee.repository(R)

    assert told in str(caught.value)
    assert len(recording_server.requests) == 1


@pytest.mark.parametrize(
    "message", ["Rate Limit Exceeded", "Application has exceeded the rate limit", "API rate limit exceeded"]
)
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"X-RateLimit-Reset": str(int(BEGINNING.timestamp()) + 90)}, timedelta(seconds=90)),
        ({"X-RateLimit-Reset": "9999999999"}, None),
        ({"X-RateLimit-Reset": "soon"}, None),
        ({}, None),
    ],
)
def test_a_limit_that_is_told_with_403_is_no_refusal(
    recording_server: RecordingServer,
    gitee: Gitee,
    message: str,
    headers: dict[str, str],
    wait: timedelta | None,
) -> None:
    recording_server.replies = [json_reply({"message": message}, 403, headers)]

    with pytest.raises(TryLater) as caught:
        gitee.user()

    assert caught.value.wait == wait


def test_too_many_requests_say_how_long_to_wait(recording_server: RecordingServer, gitee: Gitee) -> None:
    recording_server.replies = [json_reply({"message": "slow down"}, 429, {"Retry-After": "17"})]

    with pytest.raises(TryLater) as caught:
        gitee.create_project("x", private=True)

    assert caught.value.wait == timedelta(seconds=17)


def test_what_may_be_repeated_is_asked_again_after_the_wait(
    recording_server: RecordingServer, gitee: Gitee, time_: SteeredClock
) -> None:
    recording_server.replies = [json_reply({}, 429, {"Retry-After": "17"}), json_reply(sample("v5-user"))]

    assert gitee.user().login == "oschina"
    assert time_.waits == [17]


@pytest.mark.parametrize(
    "call",
    [
        lambda it: it.create_project("x", private=True),
        lambda it: it.create_repository("x", path="x", private=True),
        lambda it: it.log_in("me@example.com", Secret(PASSWORD)),
    ],
)
def test_what_may_not_be_repeated_is_not(recording_server: RecordingServer, gitee: Gitee, call: Call) -> None:
    recording_server.replies = [Reply(503, b"later")]

    with pytest.raises(TryLater):
        call(gitee)

    assert len(recording_server.requests) == 1


# --- the token, the address, the pace


def test_v5_is_shown_its_token_in_a_header_and_nowhere_else(
    recording_server: RecordingServer, gitee: Gitee, records: list[Record]
) -> None:
    recording_server.replies = [Reply(400, f"you said {TOKEN}".encode())]

    with pytest.raises(MatouError) as caught:
        gitee.user()

    [request] = recording_server.requests
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert "private-token" not in request.headers
    assert (request.body, TOKEN in request.target) == (b"", False)
    assert TOKEN not in f"{caught.value!r} {caught.value} {gitee.__dict__!r} {records!r}"


def test_without_a_token_none_is_sent(recording_server: RecordingServer, session: Session) -> None:
    recording_server.replies = [json_reply(sample("v5-repository")), json_reply(sample("v3-project"))]
    nobody = Gitee(None, recording_server.url, session=session)

    nobody.repository(R)
    nobody.project(1)

    assert not {"authorization", "private-token"} & {name for it in recording_server.requests for name in it.headers}


@pytest.mark.parametrize(
    ("extension", "agent"),
    [(Extension.VISUAL_STUDIO_15, "CC/1.0-VS.15"), (Extension.INTELLIJ, "CC/1.0-JB.Intellij"), ("EC", "CC/1.0-EC")],
)
def test_an_extension_says_what_it_is(
    recording_server: RecordingServer, session: Session, extension: str, agent: str
) -> None:
    recording_server.replies = [json_reply(sample("v5-user"))]

    Gitee(TOKEN, recording_server.url, session=session, extension=extension).user()

    assert recording_server.requests[0].headers["user-agent"] == agent


@pytest.mark.parametrize("call", [lambda it: it.user(), lambda it: it.extension_user()])
def test_the_tool_says_that_it_is_none_of_the_extensions(
    recording_server: RecordingServer, gitee: Gitee, call: Call
) -> None:
    recording_server.replies = [json_reply({**sample("v3-session"), "login": "me"})]

    call(gitee)

    assert recording_server.requests[0].headers["user-agent"].startswith("CC/1.0-Matou.")


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "码头"])
def test_what_cannot_be_a_token_is_refused_unseen(token: str) -> None:
    with pytest.raises(UnusableToken) as caught:
        Gitee(token)

    assert not token or token not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "address", "is_v3"),
    [
        ("https://gitee.com", "https://gitee.com", False),
        ("https://gitee.com/", "https://gitee.com", False),
        ("https://gitee.com/api/v5/", "https://gitee.com", False),
        ("https://gitee.com/api/v3", "https://gitee.com", True),
        ("https://code.example/forge/api/v3/", "https://code.example/forge", True),
    ],
)
def test_an_address_is_good_with_the_apis_path_and_without(given: str, address: str, is_v3: bool) -> None:
    assert (site_address(given), asks_for_v3(given)) == (address, is_v3)


def test_gitee_itself_is_asked_no_more_than_it_allows_in_any_hour() -> None:
    assert PACE.burst + PACE.per_second * 3600 <= 5000


@pytest.mark.parametrize(("host", "waits"), [("gitee.com", [0.8] * 5), ("code.example.org", [])])
def test_only_gitee_itself_is_paced(
    recording_server: RecordingServer, time_: SteeredClock, host: str, waits: list[float]
) -> None:
    limiter = Limiter(monotonic=time_.clock.monotonic, per_second=PACE.per_second, burst=10)
    recording_server.replies = [json_reply(sample("v5-user"))]
    proxies = Proxies({"http": Secret(recording_server.url)}, "")
    with Session(named=[f"http://{host}"], clock=time_.clock, limiter=limiter, proxies=proxies) as session:
        client = Gitee(TOKEN, f"http://{host}", session=session)
        for _ in range(15):
            client.user()

    assert time_.waits == pytest.approx(waits)
