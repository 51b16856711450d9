"""The one door through which a request leaves, and the one place that repeats one."""

import math
import random
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Self, TypeVar

from matou.concurrency import Cancelled
from matou.credentials import Secret
from matou.errors import MatouError, TryLater, UnknownShape
from matou.http.addresses import Address, Origin, parse_address
from matou.http.known_answers import NOT_MODIFIED, KnownAnswers, condition, still_so
from matou.http.proxies import DIRECT, Proxies
from matou.http.rate_limit import UNLIMITED, RateLimit, RateLimiter
from matou.http.redaction import redact_bytes
from matou.http.request import Body, OutboundRequest, TransferLimits
from matou.http.responses import (
    Answer,
    AnsweredOtherwise,
    AnsweredTryLater,
    NotReached,
    RedirectRefused,
    failed,
    is_rate_limit,
)
from matou.http.retry import Clock, RetryPolicy, WaitListener, Waits, repeat
from matou.http.retry_after import wait_before_retry, wait_until_reset
from matou.http.streams import Stream, translate_faults
from matou.http.transport import Pools
from matou.http.web_pages import expects_no_page, is_page, page_error
from matou.settings import Settings

MEBIBYTE = 1024 * 1024
MOST_REDIRECTS = 5
LONGEST_FAILURE_BYTES = 64 * 1024
REPORTED_WAIT = timedelta(seconds=1)
"""Whoever waits so long for a turn is told; once in each `TOLD_EVERY`, since every turn after it is as long."""
REPORT_EVERY = timedelta(minutes=1)
NO_HEADERS: Mapping[str, str] = MappingProxyType({})

_REDIRECTS = {301, 302, 303, 307, 308}

T = TypeVar("T")


class HeldTooLong(TryLater):
    """The server said not to come back for longer than we wait."""


class Session:
    """Kept-alive connections, a pace and patience, shared by threads.

    Args:
        named: URLs whose origins the user named. Any other origin, which only an answer can have named, must be on
            the open internet.
        connections: how many are kept alive for each origin.
        limits: how slow a server may be, unless a request says otherwise.
        patience: how often a request is repeated.
        limiter: the rate of requests that name a pace; without one there is none. A server's Retry-After holds
            everybody in either case.
        proxies: the way out.
        authorities: a file of certificates to trust besides the system's; verification is never off.
        clock: for waiting and for Retry-After.
        jitter: a number from 0 to 1, so that threads that failed together do not come back together.
        on_wait: told of each failure after which we wait and ask again; without it, that is logged. Told too when
            the pace begins to bite.

    Attributes:
        known_answers: what was answered before this process began; None where nothing is remembered.
    """

    known_answers: KnownAnswers | None = None

    def __init__(
        self,
        *,
        named: Iterable[str],
        clock: Clock,
        connections: int = 8,
        limits: TransferLimits | None = None,
        patience: RetryPolicy | None = None,
        limiter: RateLimiter | None = None,
        proxies: Proxies = DIRECT,
        authorities: Path | None = None,
        jitter: Callable[[], float] = random.random,
        on_wait: WaitListener | None = None,
    ) -> None:
        self._cancelled = threading.Event()
        self._clock = clock
        self._sleep = self._clock.sleep or self._cancelled.wait
        self._limits = limits or TransferLimits()
        self._patience = patience or RetryPolicy()
        self._limiter = limiter or RateLimiter(monotonic=self._clock.monotonic)
        self._jitter = jitter
        self._on_wait = on_wait
        self._waiting_reported = -math.inf
        self._met: set[Origin] = set()
        self._spoke: set[Origin] = set()
        self._named = frozenset(parse_address(url).origin for url in named)
        self._pools = Pools(
            named=self._named,
            connections=connections,
            proxies=proxies,
            authorities=authorities,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the kept connections; the session may be used again."""
        self._pools.close()

    @property
    def named_hosts(self) -> frozenset[str]:
        """Of the origins that the user named."""
        return frozenset(origin.host for origin in self._named)

    def add_named(self, url: str) -> None:
        """Count an origin among those that the user named: another port of the machine that they did name."""
        origin = parse_address(url).origin
        self._named |= {origin}
        self._pools.add_named(origin)

    def cancel(self) -> None:
        """End all waiting and all requests of all threads with now and from now on."""
        self._cancelled.set()
        self._pools.cut_off()

    def request(
        self,
        method: str,
        url: str,
        *,
        repeatable: bool,
        headers: Mapping[str, str] = NO_HEADERS,
        authorization: Secret | None = None,
        body: bytes | None = None,
        limit_bytes: int = 64 * MEBIBYTE,
        pace: str = "",
        check: Callable[[Answer], None] | None = None,
        limits: TransferLimits | None = None,
        known: Answer | None = None,
        called: str = "",
    ) -> Answer:
        """Ask, and read the whole answer.

        Args:
            method: in capitals. Only a GET follows redirects, and only within its origin.
            url: absolute; http or https, no user information.
            repeatable: whether asking twice does no more than asking once. Otherwise nothing is ever repeated, not
                even where no answer came: the caller must look before asking again.
            headers: besides Accept-Encoding and User-Agent.
            authorization: the value of the Authorization header, word and all.
            body: as it is sent.
            limit_bytes: of the answer, inflated.
            pace: what shares one rate limit. Where it is empty there is none, but a Retry-After of the origin holds.
            check: looks at a 2xx answer as part of the attempt. If it raises TryLater the request is repeated, if it
                may be, and the pace slows down: some platforms refuse within a 200.
            called: what errors and log lines call it, where the address is a secret.

        Raises:
            AnsweredRefused, AnsweredNotFound, AnsweredConflict, AnsweredTryLater, AnsweredOtherwise: by the status;
                each has the answer with it.
            ConnectionFailed: no answer, or not all of it.
            RedirectRefused: the answer leads elsewhere; the text says where.
            AnswerTooLong: the answer is longer than the limit.
            UnsafeAddress: the URL is not one that we ask.
        """
        request = OutboundRequest.prepare(
            method,
            url,
            headers={"Accept-Encoding": "gzip", **headers, **condition(known)},
            authorization=authorization,
            body=body,
            redirects=MOST_REDIRECTS,
            pace=pace,
            limits=limits or self._limits,
            called=called,
        )

        def attempt() -> Answer:
            try:
                answer = self._whole(request, limit_bytes)
            except AnsweredOtherwise as answered:
                if known is None or answered.answer.status != NOT_MODIFIED:
                    raise
                self._limiter.give_back(request.pace)
                answer = still_so(known, answered.answer)
            self._require_no_page(answer, request)
            if check is not None:
                self._check(answer, check, request)
            return answer

        return self._persist(attempt, request.address.origin, repeatable=repeatable)

    @contextmanager
    def open(
        self,
        method: str,
        url: str,
        *,
        repeatable: bool,
        headers: Mapping[str, str] = NO_HEADERS,
        authorization: Secret | None = None,
        body: Body | None = None,
        redirects: int = MOST_REDIRECTS,
        pace: str = "",
        limits: TransferLimits | None = None,
    ) -> Iterator[Stream]:
        """Ask, and read the answer as it comes. Repeated is only what fails before the body begins.

        Arguments and errors are those of `request`, but that a body may be read while it is sent; where `redirects`
        is 0, none is followed. Leaving the context before the answer's end gives the connection up.
        """
        request = OutboundRequest.prepare(
            method,
            url,
            headers=headers,
            authorization=authorization,
            body=body,
            redirects=redirects,
            pace=pace,
            limits=limits or self._limits,
        )
        stream = self._persist(lambda: self._attempt(request), request.address.origin, repeatable=repeatable)
        try:
            yield stream
        finally:
            stream.close()

    def pause(self, seconds: float) -> None:
        """Wait; raises Cancelled if the session is cancelled meanwhile."""
        if seconds > 0:
            self._sleep(seconds)
        if self._cancelled.is_set():
            raise Cancelled("waiting was cancelled")

    def now(self) -> datetime:
        return self._clock.now()

    def has_answered(self, url: str) -> bool:
        """Whether the API of an origin has answered this session, so that the address is known to be right."""
        return parse_address(url).origin in self._spoke

    def _whole(self, request: OutboundRequest, limit_bytes: int) -> Answer:
        stream = self._attempt(request)
        try:
            body = stream.read_all(limit_bytes=limit_bytes)
        finally:
            stream.close()
        return Answer(stream.status, _lower_case(stream.headers), body)

    def _attempt(self, request: OutboundRequest) -> Stream:
        """Ask once, following redirects; give the stream of a 2xx answer."""
        address = request.address
        for redirects_left in range(request.redirects, -1, -1):
            stream = self._ask(request, address)
            if 200 <= stream.status < 300:
                return stream
            answer = self._read_failure(stream, request)
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                raise self._failure(answer, request, address)
            address = self._follow(answer, request, address, redirects_left=redirects_left)
        raise AssertionError  # with no redirect left, `_follow` has raised

    def _ask(self, request: OutboundRequest, address: Address) -> Stream:
        self._wait_for_slot(request)
        watch = self._pools.watch(request.limits)
        name = request.at(address)
        with translate_faults(name, watch, self._cancelled), request.opened_body() as body:
            response = self._pools.ask(
                request.method,
                address,
                headers=request.headers,
                body=body,
                timeout=request.timeout,
                watch=watch,
            )
        self._met.add(address.origin)
        try:
            return Stream(response, request=name, address=address, watch=watch, cancelled=self._cancelled)
        except UnknownShape:
            response.close()
            raise

    def _wait_for_slot(self, request: OutboundRequest) -> None:
        held = timedelta(seconds=self._limiter.held(request.pace))
        if held > self._patience.longest_hold:
            raise HeldTooLong(
                "{request}: the server wants no requests for so long", request=request.at(request.address), wait=held
            )
        wait = timedelta(seconds=self._limiter.reserve(request.pace)) if request.is_paced else held
        now = self._clock.monotonic()
        if self._on_wait and wait >= REPORTED_WAIT and now - self._waiting_reported >= REPORT_EVERY.total_seconds():
            self._waiting_reported = now
            self._on_wait(TryLater("requests are sent no faster than the platform allows", wait=wait), wait)
        self.pause(wait.total_seconds())

    def _follow(self, answer: Answer, request: OutboundRequest, address: Address, *, redirects_left: int) -> Address:
        target = address.resolve(answer.headers["location"])
        if redirects_left and target.origin == address.origin:
            return target
        error = RedirectRefused(
            "{request}: redirected to {target}, where we do not follow",
            request=request.at(address),
            target=str(target.origin if request.called else target),
            advice="if that is right, give the final address",
        )
        error.answer = answer
        raise error

    def _require_no_page(self, answer: Answer, request: OutboundRequest) -> None:
        origin = request.address.origin
        if expects_no_page(request.headers) and is_page(answer):
            raise page_error(answer, request.at(request.address), spoke_before=origin in self._spoke)
        self._spoke.add(origin)

    def _failure(self, answer: Answer, request: OutboundRequest, address: Address) -> MatouError:
        if answer.status == HTTPStatus.NOT_FOUND:
            self._require_no_page(answer, request)
        error = failed(answer, request.at(address))
        if isinstance(error, AnsweredTryLater):
            is_limit = is_rate_limit(answer)
            error.wait = self._wait_requested(answer) or (self._wait_of_limit(answer) if is_limit else None)
            if error.wait is not None:
                self._limiter.hold(request.pace, error.wait)
            if is_limit:
                self._limiter.slow_down(request.pace)
        return error

    def _wait_of_limit(self, answer: Answer) -> timedelta | None:
        return wait_until_reset(answer.headers, now=self._clock.now()) or self._patience.after_429

    def _read_failure(self, stream: Stream, request: OutboundRequest) -> Answer:
        """Read what a failure says, as far as it comes: its status is what counts."""
        try:
            body = stream.read_up_to(LONGEST_FAILURE_BYTES)
        finally:
            stream.close()
        return Answer(stream.status, _lower_case(stream.headers), redact_bytes(body, request.secrets))

    def _wait_requested(self, answer: Answer) -> timedelta | None:
        try:
            return wait_before_retry(answer.headers, now=self._clock.now())
        except UnknownShape:
            return None  # the status alone says to come back later; a wait of our own does for that

    def _check(self, answer: Answer, check: Callable[[Answer], None], request: OutboundRequest) -> None:
        try:
            check(answer)
        except TryLater as error:
            self._limiter.slow_down(request.pace)
            if error.wait is not None:
                self._limiter.hold(request.pace, error.wait)
            raise

    def _persist(self, attempt: Callable[[], T], origin: Origin, *, repeatable: bool) -> T:
        """Whoever was never met at an address that a person named is not waited for: more likely it is mistyped."""
        began = self._clock.monotonic()
        try:
            return attempt()
        except TryLater as error:
            is_mistyped = isinstance(error, NotReached) and self._is_unmet(origin)
            if not repeatable or is_mistyped:
                raise
            first = error
        return self._repeat(attempt, first, began)

    def _is_unmet(self, origin: Origin) -> bool:
        return not self._patience.waits_for_unmet and origin in self._named and origin not in self._met

    def _repeat(self, attempt: Callable[[], T], first: TryLater, began: float) -> T:
        waits = Waits(self._patience, self._clock, self._jitter, began, self._on_wait or _log)
        return repeat(attempt, first, waits, self._patience.attempts, self.pause)


def open_session(
    url: str,
    settings: Settings,
    *,
    now: Callable[[], datetime],
    rate: RateLimit = UNLIMITED,
    connections: int = 8,
    retry: RetryPolicy | None = None,
    on_wait: WaitListener | None = None,
) -> Session:
    """A session as this process' environment says: its proxies, its authorities.

    Args:
        url: the only origin that may lie inside our network.
        rate: of requests that name a pace.
    """
    clock = Clock(now=now)
    return Session(
        named=(url,),
        clock=clock,
        connections=connections,
        patience=retry,
        limiter=RateLimiter(monotonic=clock.monotonic, per_second=rate.per_second, burst=rate.burst),
        proxies=Proxies.from_environment(settings.proxy_variables),
        authorities=settings.authorities,
        on_wait=on_wait,
    )


def _log(error: TryLater, wait: timedelta) -> None:
    import structlog

    structlog.get_logger().warning("request_repeated", reason=str(error), wait_seconds=round(wait.total_seconds(), 3))


def _lower_case(headers: Mapping[str, str]) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers.items()}
