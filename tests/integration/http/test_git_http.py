"""git over HTTP against real git: a local server that pipes each request into `git upload-pack`."""

import base64
import gzip
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from matou.credentials import GitCredential, Secret
from matou.errors import MatouError, NotFound, Refused, TryLater
from matou.http.git_http import LogInRefused, SmartHttp, UnexpectedGitAnswer
from matou.http.request import TransferLimits
from matou.http.responses import ConnectionFailed, RedirectRefused
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from support.fault_proxy import FaultProxy, LimitData, Redirect, ResetPeer, Slicer, Status, TruncateBody
from support.git_repositories import git, git_bytes, make_repository
from support.recording_server import RecordingServer, Reply, SeenRequest
from support.steered_clock import SYSTEM_CLOCK, SteeredClock

LS_REFS = b"0014command=ls-refs\n0001000csymrefs\n0009peel\n0000"
RESULT = {"Content-Type": "application/x-git-upload-pack-result"}
CREDENTIAL = GitCredential("coding", Secret("f00dfacecafe0123456789abcdef0123456789ab"))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "repository.git"
    make_repository(path)
    return path


@pytest.fixture
def git_server(repository: Path, recording_server: RecordingServer) -> RecordingServer:
    """Serves the repository at every path."""

    def answer(request: SeenRequest) -> Reply:
        protocol = request.headers.get("git-protocol", "")
        stateless = ("upload-pack", "--stateless-rpc", "--strict")
        if request.method == "GET":
            refs = git_bytes(None, *stateless, "--advertise-refs", repository, GIT_PROTOCOL=protocol)
            service = b"" if protocol == "version=2" else b"001e# service=git-upload-pack\n0000"
            return Reply(body=service + refs, headers={"Content-Type": "application/x-git-upload-pack-advertisement"})
        body = gzip.decompress(request.body) if request.headers.get("content-encoding") == "gzip" else request.body
        answered = git_bytes(None, *stateless, repository, input=body, GIT_PROTOCOL=protocol)
        return Reply(chunked=True, pieces=[answered] if answered else [], headers=RESULT)

    recording_server.handler = answer
    return recording_server


@pytest.fixture
def session(recording_server: RecordingServer) -> Iterator[Session]:
    with Session(named=[recording_server.url], clock=SteeredClock().clock, connections=4) as session:
        yield session


@pytest.fixture
def smart(session: Session, recording_server: RecordingServer) -> SmartHttp:
    return SmartHttp(session, credential=CREDENTIAL)


def ls_refs(smart: SmartHttp, server: RecordingServer | FaultProxy, path: str = "/team/repo.git") -> bytes:
    with smart.exchange(server.url + path, "git-upload-pack", LS_REFS) as stream:
        return stream.read()


def test_one_request_lists_the_refs(smart: SmartHttp, git_server: RecordingServer, repository: Path) -> None:
    listing = ls_refs(smart, git_server)

    tip = git(repository, "rev-parse", "main").encode()
    assert tip + b" refs/heads/main" in listing
    (request,) = git_server.requests
    assert (request.method, request.target) == ("POST", "/team/repo.git/git-upload-pack")
    assert request.headers["content-type"] == "application/x-git-upload-pack-request"
    assert request.headers["accept"] == "application/x-git-upload-pack-result"
    assert request.headers["git-protocol"] == "version=2"
    assert base64.b64decode(request.headers["authorization"].removeprefix("Basic ")) == (
        b"coding:" + CREDENTIAL.password.reveal().encode()
    )


@pytest.mark.parametrize(("version", "beginning"), [(2, b"000eversion 2\n"), (0, b"001e# service=git-upload-pack\n")])
def test_the_advertisement_comes_in_the_version_that_was_asked_for(
    smart: SmartHttp, git_server: RecordingServer, version: int, beginning: bytes
) -> None:
    assert smart.advertise(f"{git_server.url}/r.git", "git-upload-pack", protocol=version).startswith(beginning)
    assert git_server.requests[0].target == "/r.git/info/refs?service=git-upload-pack"


def test_a_long_request_is_compressed_and_a_pack_comes_whole(
    smart: SmartHttp, git_server: RecordingServer, repository: Path
) -> None:
    tip = git(repository, "rev-parse", "main")
    haves = b"".join(b"0032have %040x\n" % number for number in range(1, 100))
    request = b"0011command=fetch0001" + f"0032want {tip}\n".encode() + haves + b"0009done\n0000"

    with smart.exchange(f"{git_server.url}/r.git", "git-upload-pack", request) as stream:
        answer = stream.read()

    assert git_server.requests[0].headers["content-encoding"] == "gzip"
    assert git_server.requests[0].headers["content-length"] == str(len(git_server.requests[0].body))
    assert len(git_server.requests[0].body) < 1024 < len(request)
    assert b"PACK" in answer


def test_a_short_request_goes_as_it_is(smart: SmartHttp, git_server: RecordingServer) -> None:
    ls_refs(smart, git_server)

    assert "content-encoding" not in git_server.requests[0].headers
    assert git_server.requests[0].body == LS_REFS


def test_threads_ask_many_repositories_over_few_connections(
    smart: SmartHttp, recording_server: RecordingServer
) -> None:
    recording_server.replies = [Reply(body=b"0000", headers=RESULT)]

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda number: ls_refs(smart, recording_server, f"/r{number}.git"), range(200)))

    assert answers == [b"0000"] * 200
    assert recording_server.connections <= 4


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"<html>log in</html>", headers={"Content-Type": "text/html"}),
        Reply(body=b"0000", headers={"Content-Type": "application/x-git-receive-pack-result"}),
        Reply(body=b"0000"),
        Reply(400, b"unknown command"),
        Reply(405, headers={"Content-Type": "text/html"}),
        Reply(415),
        Reply(501),
    ],
)
def test_an_odd_answer_says_that_another_way_may_work(
    smart: SmartHttp, recording_server: RecordingServer, reply: Reply
) -> None:
    recording_server.replies = [reply]

    with pytest.raises(UnexpectedGitAnswer) as caught:
        ls_refs(smart, recording_server)

    assert caught.value.status == reply.status
    assert caught.value.content_type == reply.headers.get("Content-Type", "")


@pytest.mark.parametrize(("status", "kind"), [(403, Refused), (404, NotFound), (503, TryLater)])
def test_other_answers_are_told_by_what_one_can_do(
    smart: SmartHttp, recording_server: RecordingServer, status: int, kind: type[MatouError]
) -> None:
    recording_server.replies = [Reply(status)]

    with pytest.raises(kind):
        ls_refs(smart, recording_server)


def test_after_one_401_the_origin_is_not_asked_again(smart: SmartHttp, recording_server: RecordingServer) -> None:
    """Twenty failed log-ins shut a repository for an hour at CODING."""
    recording_server.replies = [Reply(401)]

    for number in range(25):
        with pytest.raises(Refused):
            ls_refs(smart, recording_server, f"/r{number}.git")
        with pytest.raises(Refused):
            smart.advertise(f"{recording_server.url}/r{number}.git", "git-upload-pack")

    assert len(recording_server.requests) == 1


def test_a_403_is_about_one_repository(smart: SmartHttp, recording_server: RecordingServer) -> None:
    recording_server.replies = [Reply(403), Reply(body=b"0000", headers=RESULT)]
    with pytest.raises(Refused):
        ls_refs(smart, recording_server, "/archived.git")

    assert ls_refs(smart, recording_server, "/other.git") == b"0000"


def test_a_401_after_the_origin_let_us_in_is_about_one_repository(
    smart: SmartHttp, recording_server: RecordingServer
) -> None:
    good = Reply(body=b"0000", headers=RESULT)
    recording_server.replies = [good, Reply(401), Reply(401), good, Reply(401), Reply(401), good]
    ls_refs(smart, recording_server)

    for _ in range(2):
        for _ in range(2):
            with pytest.raises(Refused) as caught:
                ls_refs(smart, recording_server, "/archived.git")
            assert not isinstance(caught.value, LogInRefused)
        ls_refs(smart, recording_server)

    assert len(recording_server.requests) == 7


def test_three_401_in_a_row_are_about_the_credential(smart: SmartHttp, recording_server: RecordingServer) -> None:
    recording_server.replies = [Reply(body=b"0000", headers=RESULT), Reply(401), Reply(401), Reply(401)]
    ls_refs(smart, recording_server)
    errors = []

    for number in range(6):
        with pytest.raises(Refused) as caught:
            ls_refs(smart, recording_server, f"/r{number}.git")
        errors.append(isinstance(caught.value, LogInRefused))

    assert errors == [False, False, True, True, True, True]
    assert len(recording_server.requests) == 4


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_repository_that_moved_within_its_host_is_found_where_it_is_now(
    git_server: RecordingServer, session: Session, code: int
) -> None:
    """As git finds it: by a redirect of its first request, whatever that is."""
    serve = git_server.handler
    assert serve is not None

    def answer(request: SeenRequest) -> Reply:
        if request.path.startswith("/old.git/"):
            return Reply(code, headers={"Location": request.target.replace("/old.git/", "/new.git/")})
        return serve(request)

    git_server.handler = answer
    smart = SmartHttp(session, credential=CREDENTIAL)

    listed = [ls_refs(smart, git_server, "/old.git") for _ in range(2)]
    advertised = SmartHttp(session, credential=CREDENTIAL).advertise(f"{git_server.url}/old.git", "git-upload-pack")

    assert listed[0] == listed[1] == ls_refs(smart, git_server, "/new.git")
    assert b"version 2" in advertised
    requests_seen = [request.path for request in git_server.requests]
    assert requests_seen.count("/old.git/git-upload-pack") == 1, "what was learnt is not asked again"


@pytest.mark.parametrize(
    "location",
    [
        "/login?next=/r.git",
        "/team/repo.git/git-upload-pack",
        "http://127.0.0.2:1/r.git/git-upload-pack",
        "/x.git/git-upload-pack?a",
        "",
    ],
)
def test_a_redirect_of_a_request_that_names_no_other_place_for_it_is_not_followed(
    recording_server: RecordingServer, smart: SmartHttp, location: str
) -> None:
    recording_server.replies = [Reply(302, headers={"Location": location})]

    with pytest.raises(RedirectRefused):
        ls_refs(smart, recording_server)

    assert len(recording_server.requests) == 1


def test_an_advertisement_of_another_host_is_not_asked_for(
    git_server: RecordingServer, fault_proxy: Callable[[str], FaultProxy]
) -> None:
    proxy = fault_proxy(git_server.url)
    proxy.add(Redirect(f"{git_server.url}/elsewhere.git/info/refs?service=git-upload-pack"), at=1)
    with Session(named=[proxy.url], clock=SYSTEM_CLOCK) as through_proxy:
        smart = SmartHttp(through_proxy, credential=CREDENTIAL)
        with pytest.raises(RedirectRefused):
            smart.advertise(f"{proxy.url}/r.git", "git-upload-pack")

    assert git_server.requests == []


@pytest.mark.parametrize("cut", [TruncateBody(20), ResetPeer(20), LimitData(30), LimitData(200)])
def test_an_answer_that_is_cut_is_an_error_and_the_next_try_works(
    git_server: RecordingServer, fault_proxy: Callable[[str], FaultProxy], cut: TruncateBody
) -> None:
    """F-37, for one request: what was cut is never taken for whole."""
    proxy = fault_proxy(git_server.url)
    proxy.add(cut, at=1)
    with Session(named=[proxy.url], clock=SYSTEM_CLOCK, patience=RetryPolicy(attempts=1)) as session:
        smart = SmartHttp(session, credential=None)
        with pytest.raises(ConnectionFailed):
            ls_refs(smart, proxy)

        assert ls_refs(smart, proxy).endswith(b"0000")


def test_a_busy_server_is_waited_for(git_server: RecordingServer, fault_proxy: Callable[[str], FaultProxy]) -> None:
    """F-31, for git."""
    proxy = fault_proxy(git_server.url)
    proxy.add(Status(502), at=1)
    proxy.add(Status(503, {"Retry-After": "3"}), at=2)
    time = SteeredClock()
    with Session(named=[proxy.url], clock=time.clock) as session:
        listing = ls_refs(SmartHttp(session, credential=None), proxy)

    assert listing.endswith(b"0000")
    assert len(proxy.requests) == 3
    assert sum(time.waits) >= 3


def test_a_git_server_that_drips_is_left_within_the_limits(
    git_server: RecordingServer, fault_proxy: Callable[[str], FaultProxy]
) -> None:
    """F-36, for git."""
    proxy = fault_proxy(git_server.url)
    proxy.add(Slicer(1, 0.1))
    limits = TransferLimits(total=None, slowest_bytes_per_second=200, slow_for=timedelta(seconds=0.5))
    with Session(named=[proxy.url], clock=SYSTEM_CLOCK) as session:
        smart = SmartHttp(session, credential=None, limits=limits)
        with pytest.raises(ConnectionFailed, match="fewer than 200 bytes a second"):
            ls_refs(smart, proxy)
