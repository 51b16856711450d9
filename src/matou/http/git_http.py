"""git's smart HTTP as a client (gitprotocol-http, gitprotocol-v2), over the session's kept-alive connections."""

import base64
import gzip
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import timedelta
from http import HTTPStatus

from matou.credentials import GitCredential, Secret
from matou.errors import MatouError, Phrase, UnknownShape
from matou.http.addresses import Origin, parse_address
from matou.http.request import Body, TransferLimits
from matou.http.responses import AnsweredOtherwise, AnsweredRefused, RedirectRefused
from matou.http.session import Session
from matou.http.streams import Stream
from matou.http.tokens import BadCredential
from matou.http.web_pages import PAGES

COMPRESSED_ABOVE_BYTES = 1024
"""As git does: a request with many `have` lines is text that compresses well; a small one is not worth the time."""

REFUSALS_IN_A_ROW = 3

UPLOAD_PACK = "git-upload-pack"

_DUMB = frozenset({"text/plain", "application/octet-stream"})
"""What plain web servers call `info/refs`, where they have it."""

HEAD_FILE = "/HEAD"

LONGEST_HEAD_BYTES = 4096

_HEAD = re.compile(rb"(?:ref: refs/[^\n]+|[0-9a-f]{40,64})\n?")

_AFTER_REPOSITORY = re.compile(r"/(info/refs(\?.*)?|git-(upload|receive)-pack)\Z")

LONGEST_ADVERTISEMENT_BYTES = 256 * 1024 * 1024

PACK_LIMITS = TransferLimits(total=None, slow_for=timedelta(minutes=5))
"""A pack has no size that we could foresee, and while the server counts objects it may say little for minutes."""

PUSH_LIMITS = TransferLimits(total=None, idle=timedelta(minutes=10), slow_for=timedelta(minutes=30))
"""A server that takes a large pack in works through all of it before it answers, and not every one says so."""


class LogInRefused(BadCredential):
    """The credential is not good there: nothing more is to be asked with it."""


class LogInNeeded(AnsweredRefused):
    """A server shows to nobody what it was asked for, and no credential was at hand."""


class UnexpectedGitAnswer(UnknownShape):
    """An answer that is not smart HTTP: an old server, a dumb one, or none for git at all."""

    def __init__(self, request: str, status: int, content_type: str) -> None:
        MatouError.__init__(self, "{request}: {fault}", request=request, fault=_what_came(status, content_type))
        self.status = status
        self.content_type = content_type


def _what_came(status: int, content_type: str) -> Phrase:
    kind = content_type.partition(";")[0].strip().lower()
    if kind in PAGES:
        return Phrase("a web page came instead of git's answer, a log-in perhaps")
    if status == HTTPStatus.OK and kind in _DUMB:
        return Phrase("the server gives out files only (dumb HTTP), which cannot be read here")
    return Phrase("answered {status} {kind} instead of git's answer", status=status, kind=kind or "nothing")


class SmartHttp:
    """Asks git-upload-pack and git-receive-pack, each by its name. Threads may share it.

    The credential goes with the first request, which saves a round trip, and to wherever it is told to ask: whoever
    gives the URL answers for it. Redirects are followed within an origin, as git does, and never to another.

    Once an origin has answered with 401, nothing more is sent there: twenty failed log-ins shut a repository for an
    hour (CODING), and each further one begins the hour anew. Where the origin has let us in before, one 401 is about
    one repository; REFUSALS_IN_A_ROW of them are about the credential.

    Args:
        session: its connections and its patience.
        credential: what lets us in; None for what is public.
        limits: how slow a git server may be in giving.
    """

    def __init__(
        self, session: Session, *, credential: GitCredential | None, limits: TransferLimits = PACK_LIMITS
    ) -> None:
        self._session = session
        self._authorization = basic_authorization(credential) if credential else None
        self._limits = limits
        self._moved: dict[str, str] = {}
        self._refused: set[Origin] = set()
        self._refusals_in_a_row: dict[Origin, int] = {}
        self._lock = threading.Lock()

    @contextmanager
    def exchange(self, url: str, service: str, body: Body, *, protocol: int = 2) -> Iterator[Stream]:
        """POST to URL/SERVICE and give the answer's stream. What fails before it begins is repeated.

        That holds for a push too: one that has arrived does not fit any more what is there by then.

        Raises:
            UnexpectedGitAnswer: the server does not speak this; another way may work.
            AnsweredOtherwise: it does not take this push, and says why.
            Refused: 401 or 403, or an earlier 401.
            NotFound: there is no such repository, or not for us.
            TryLater: the server is busy, or the connection failed.
        """
        expected = f"application/x-{service}-result"
        headers = {"Content-Type": f"application/x-{service}-request", "Accept": expected, **_protocol(protocol)}
        if service == UPLOAD_PACK and isinstance(body, bytes) and len(body) > COMPRESSED_ABOVE_BYTES:
            body = gzip.compress(body, compresslevel=6, mtime=0)
            headers["Content-Encoding"] = "gzip"
        with ExitStack() as opened:
            try:
                stream = opened.enter_context(self._post(self._moved.get(url, url), service, headers, body))
            except RedirectRefused as redirect:
                self._note_move(url, service, redirect)
                stream = opened.enter_context(self._post(self._moved[url], service, headers, body))
            yield stream

    def _post(self, base: str, service: str, headers: Mapping[str, str], body: Body) -> AbstractContextManager[Stream]:
        is_fetch = service == UPLOAD_PACK
        return self._ask(
            "POST",
            f"{base}/{service}",
            headers,
            body,
            expected=headers["Accept"],
            limits=self._limits if is_fetch else PUSH_LIMITS,
            has_alternatives=is_fetch,
        )

    def _note_move(self, url: str, service: str, redirect: RedirectRefused) -> None:
        """Git's first request is a GET, whose redirects it follows; what it finds is its base from then on.

        Ours is a POST. It goes on where a redirect leads that stays at the origin and names the same service.

        Raises:
            RedirectRefused: it leads anywhere else.
        """
        address = parse_address(f"{self._moved.get(url, url)}/{service}")
        target = address.resolve(redirect.answer.headers.get("location", ""))
        if target.origin != address.origin or target == address or not target.url.endswith(f"/{service}"):
            raise redirect
        self._moved[url] = target.url.removesuffix(f"/{service}")

    def advertise(self, url: str, service: str, *, protocol: int = 2) -> bytes:
        """GET URL/info/refs; errors as those of `exchange`."""
        query = f"/info/refs?service={service}"
        address = f"{self._moved.get(url, url)}{query}"
        expected = f"application/x-{service}-advertisement"
        headers = {"Accept": expected, "Accept-Encoding": "gzip", **_protocol(protocol)}
        with self._ask(
            "GET", address, headers, None, expected=expected, limits=self._limits, has_alternatives=True
        ) as stream:
            if stream.address.url.endswith(query):
                self._moved[url] = stream.address.url.removesuffix(query)
            return stream.read_all(limit_bytes=LONGEST_ADVERTISEMENT_BYTES)

    def has_head(self, url: str) -> bool:
        """Whether URL/HEAD is such a file as a repository has, which servers of git's old protocol give.

        Raises:
            NotFound: there is none.
            MatouError: as `exchange`.
        """
        request, origin = f"GET {url}{HEAD_FILE}", parse_address(url).origin
        authorization = self._authorization_for(origin)
        opened = self._session.open(
            "GET", f"{url}{HEAD_FILE}", repeatable=True, authorization=authorization, limits=self._limits
        )
        with self._translate_odd_answers(request, origin, authorization, has_alternatives=True), opened as stream:
            content = stream.read_up_to(LONGEST_HEAD_BYTES)
        self._refusals_in_a_row[origin] = 0
        return _HEAD.fullmatch(content) is not None

    @contextmanager
    def _ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Body | None,
        *,
        expected: str,
        limits: TransferLimits,
        has_alternatives: bool,
    ) -> Iterator[Stream]:
        origin = parse_address(url).origin
        authorization = self._authorization_for(origin)
        opened = self._session.open(
            method,
            url,
            repeatable=True,
            headers=headers,
            authorization=authorization,
            body=body,
            limits=limits,
        )
        with (
            self._translate_odd_answers(f"{method} {url}", origin, authorization, has_alternatives=has_alternatives),
            opened as stream,
        ):
            if stream.content_type != expected:
                raise UnexpectedGitAnswer(f"{method} {url}", stream.status, stream.content_type)
            self._refusals_in_a_row[origin] = 0
            yield stream
            stream.read(1)  # git knows its answer's end by itself; a connection is kept once HTTP's was read too

    def _authorization_for(self, origin: Origin) -> Secret | None:
        if self._authorization is not None and origin in self._refused:
            raise LogInRefused(
                "{origin} refused this credential before, so it is not asked again",
                origin=str(origin),
                advice="wait for an hour before you try another credential: repeated failures shut repositories",
            )
        return self._authorization

    @contextmanager
    def _translate_odd_answers(
        self, request: str, origin: Origin, authorization: Secret | None, *, has_alternatives: bool
    ) -> Iterator[None]:
        try:
            yield
        except AnsweredRefused as error:
            if error.answer.status == 401 and authorization is not None and self._is_the_credential(origin):
                raise LogInRefused("{request}: the credential was refused", request=request) from error
            if error.answer.status == 401 and authorization is None:
                raise _log_in_needed(request, error) from error
            raise
        except AnsweredOtherwise as error:
            if not has_alternatives:
                raise  # 413, for one: what it says is the reason
            content_type = error.answer.headers.get("content-type", "")
            raise UnexpectedGitAnswer(request, error.answer.status, content_type) from error

    def _is_the_credential(self, origin: Origin) -> bool:
        """Count a 401, and say whether it ends all asking there."""
        with self._lock:
            refusals = self._refusals_in_a_row.get(origin, REFUSALS_IN_A_ROW) + 1
            self._refusals_in_a_row[origin] = refusals
            if refusals >= REFUSALS_IN_A_ROW:
                self._refused.add(origin)
            return origin in self._refused


def _log_in_needed(request: str, refusal: AnsweredRefused) -> LogInNeeded:
    needed = LogInNeeded(
        "{request}: the server wants a credential, and there is none for it",
        request=request,
        repository=_AFTER_REPOSITORY.sub("", request.partition(" ")[2]),
        advice="log in: matou login {repository} --platform git --user NAME; or put NAME:PASSWORD into MATOU_GIT_TOKEN",
    )
    needed.answer = refusal.answer
    return needed


def basic_authorization(credential: GitCredential) -> Secret:
    """The value of an Authorization header (RFC 7617)."""
    pair = f"{credential.user}:{credential.password.reveal()}".encode()
    return Secret(f"Basic {base64.b64encode(pair).decode()}")


def _protocol(version: int) -> Mapping[str, str]:
    return {"Git-Protocol": f"version={version}"} if version else {}
