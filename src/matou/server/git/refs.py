"""What git clients ask of refs: advertisements of all versions, and `ls-refs`; made once for each state of the refs."""

import asyncio
import zlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path

from matou.db.repositories import Repository
from matou.errors import UnknownShape
from matou.forge.access import Authorized, MayReadCode, MayWriteCode
from matou.forge.content.references import known_refs, refs_at_hand
from matou.forge.conversation.pull_refs import known_pull_refs
from matou.git.wire.known_refs import KnownRefs
from matou.git.wire.server import (
    RECEIVE_PACK,
    UPLOAD_PACK,
    LsRefsRequest,
    advertisement_v0,
    capability_advertisement_v2,
    ls_refs_answer,
    service_announcement,
)
from matou.model.refs import RefListing
from matou.server.authorization import Admitted, ClientRequest, GitRequest, admit
from matou.server.git.ref_responses import RefResponse
from matou.server.origin import PLATFORM
from matou.server.queries import read_fields
from matou.server.state import ServerState
from matou.server.streaming import GZIP_WINDOW, NO_CACHE, Header, header, send_answer

MANY_REFS = 2_000
"""Making an answer of so many takes longer than the event loop has."""

KIBIBYTE = 1024
MOST_PREFIXES_REMEMBERED = 16
SMALLEST_ZIPPED_BYTES = 64 * 1024
_LEVEL = 4

UPLOAD_PACK_RESULT: Header = (b"content-type", b"application/x-git-upload-pack-result")
_ZIPPED: tuple[Header, ...] = ((b"content-encoding", b"gzip"), (b"vary", b"accept-encoding"))
_RIGHT_FOR_SERVICE: dict[str, type[MayReadCode]] = {UPLOAD_PACK: MayReadCode, RECEIVE_PACK: MayWriteCode}


class UnknownService(UnknownShape):
    """An advertisement of something that is no service of git."""


@dataclass(frozen=True, slots=True)
class RefQuestion:
    """Something that is asked about refs.

    Attributes:
        key: all that the answer depends on besides the refs; None for one that is asked too seldom to remember.
        lines: how many lines the answer has, about; looked at where the refs' own lines are known.
        make: the answer.
    """

    key: Hashable | None
    lines: Callable[[KnownRefs], int]
    make: Callable[[KnownRefs], bytes]


async def advertise(request: GitRequest) -> None:
    service, version = service_of(request), protocol_version(request)
    admitted = await admit(request, _RIGHT_FOR_SERVICE[service])
    kind: Header = (b"content-type", f"application/x-{service}-advertisement".encode())
    if version == 2 and service == UPLOAD_PACK:
        known = await current_refs(request, admitted.granted)
        body = capability_advertisement_v2(known.listing.object_format)
        await send_answer(request.send, 200, (kind, *NO_CACHE), body)
        return
    # There is no version 2 of a push: git answers such a client as of old.
    await _answer(request, admitted, _advertisement(service, 1 if version == 1 else 0), kind)


async def answer_ls_refs(request: GitRequest, admitted: Admitted[MayReadCode], query: LsRefsRequest) -> None:
    is_usual = len(query.prefixes) <= MOST_PREFIXES_REMEMBERED and sum(map(len, query.prefixes)) <= KIBIBYTE
    question = RefQuestion(
        key=query if is_usual else None,
        lines=lambda known: known.lines.count(query.prefixes or (b"",)) + len(query.prefixes),
        make=lambda known: ls_refs_answer(known.listing, query, known.lines),
    )
    await _answer(request, admitted, question, UPLOAD_PACK_RESULT)


async def ref_advertisement(
    request: GitRequest, granted: Authorized[Repository, MayReadCode], service: str, version: int
) -> bytes:
    """What a service says first where nobody has asked for it: the same without HTTP's announcement of it."""
    question = _advertisement(service, version, is_announced=False)
    return (await _made(request, granted, question, may_be_zipped=False)).body


def _advertisement(service: str, version: int, *, is_announced: bool = True) -> RefQuestion:
    def make(known: KnownRefs) -> bytes:
        advertisement = advertisement_v0(known.listing, service, version=version, lines=known.lines)
        return service_announcement(service) + advertisement if is_announced else advertisement

    return RefQuestion((service, version, is_announced), lambda known: len(known.listing.refs), make)


async def _answer(request: GitRequest, admitted: Admitted[MayReadCode], question: RefQuestion, kind: Header) -> None:
    answer = await _made(request, admitted.granted, question, may_be_zipped=_takes_gzip(request))
    more = _ZIPPED if answer.is_zipped else ()
    await send_answer(request.send, 200, (kind, *NO_CACHE, *more), answer.body)


def _takes_gzip(request: GitRequest) -> bool:
    words = header(request.headers, b"accept-encoding").replace(b" ", b"").split(b",")
    return b"gzip" in words


def service_of(request: ClientRequest) -> str:
    services = read_fields(request.scope).get("service", ())
    if len(services) != 1 or services[0] not in _RIGHT_FOR_SERVICE:
        raise UnknownService("the service of a git request", services)
    return services[0]


def protocol_version(request: ClientRequest) -> int:
    """The highest version that the client says it speaks and that exists; 0 where it says nothing."""
    words = header(request.headers, b"git-protocol").decode("latin-1").split(":")
    return max((int(word[-1]) for word in words if word in ("version=1", "version=2")), default=0)


async def current_refs(request: GitRequest, granted: Authorized[Repository, MayReadCode]) -> KnownRefs:
    """What is known is proven in the event loop; whatever has to be read is read in a thread."""
    state = request.state
    if stands_for_github(request):
        return await state.run_in_pool(known_pull_refs, state.forge, granted)
    at_hand = refs_at_hand(state.forge, granted)
    return at_hand if at_hand is not None else await state.run_in_pool(known_refs, state.forge, granted)


def stands_for_github(request: ClientRequest) -> bool:
    """Importers that take the host for a GitHub look for the commits of change requests where GitHub has them."""
    return request.scope.get(PLATFORM) == "github"


async def _made(
    request: GitRequest, granted: Authorized[Repository, MayReadCode], question: RefQuestion, *, may_be_zipped: bool
) -> RefResponse:
    """The answer to a question about the refs as they are now."""
    state, key = request.state, question.key
    known, git_dir = await current_refs(request, granted), await state.git_dir(granted.subject)
    remembered, listing = state.ref_answers, known.listing
    cached = None if key is None else remembered.get(git_dir, listing, key, may_be_zipped=may_be_zipped)
    if cached is None:
        body = question.make(known) if _is_quick(known, question) else await state.run_in_pool(question.make, known)
        if key is not None:
            remembered.put(git_dir, listing, key, body)
        return RefResponse(body)
    if key is not None and may_be_zipped and not cached.is_zipped and len(cached.body) >= SMALLEST_ZIPPED_BYTES:
        _begin_zipping(state, git_dir, listing, key, cached.body)
    return cached


def _is_quick(known: KnownRefs, question: RefQuestion) -> bool:
    if question.key is None:
        return False
    if len(known.listing.refs) <= MANY_REFS:
        return True
    return known.has_lines and question.lines(known) <= MANY_REFS


def _begin_zipping(state: ServerState, git_dir: Path, listing: RefListing, question: Hashable, body: bytes) -> None:
    """What is asked for a second time is worth it; who asks does not wait for it."""
    if not state.ref_answers.begin_zipping(git_dir, listing, question):
        return

    def keep(done: "asyncio.Future[bytes]") -> None:
        if not done.cancelled() and done.exception() is None:
            state.ref_answers.put_zipped(git_dir, listing, question, done.result())

    asyncio.ensure_future(state.run_in_pool(_zipped, body)).add_done_callback(keep)


def _zipped(body: bytes) -> bytes:
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, GZIP_WINDOW)
    return compressor.compress(body) + compressor.flush()
