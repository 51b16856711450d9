"""What a supervisor asks: `/-/health`, whether this process answers at all, and `/-/ready`, whether it can do its work.

Whoever reaches the server may ask, so neither tells more than a word, and asking often costs nothing more.
"""

import asyncio
import tempfile
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from matou.archive.layout import IDENTITY_FILE, Archive
from matou.server.state import ServerState
from matou.server.watch.requests import note_route

log = structlog.get_logger(__name__)

NOT_READY = 503
FRESH = timedelta(seconds=1)
"""How old what was seen may be, so that not each of those who ask costs a look."""
ANSWERS_WITHIN = timedelta(seconds=3)
_NO_STORE = {"cache-control": "no-store"}
_PROBE_BYTES = 4096


def probe_routes(state: ServerState) -> list[BaseRoute]:
    probes = (
        Probe("database", state.forge.database.require_answer),
        Probe("archive", partial(_require_usable, state.forge.archive)),
        *_bucket_probes(state.forge.archive),
    )

    async def ready(_: Request) -> Response:
        note_route("/-/ready")
        are_well = await asyncio.gather(*(probe.is_well() for probe in probes))
        failed = [probe.name for probe, is_well in zip(probes, are_well, strict=True) if not is_well]
        text = f"not ready: {', '.join(failed)}\n" if failed else "ready\n"
        return PlainTextResponse(text, NOT_READY if failed else 200, headers=_NO_STORE)

    return [Route("/-/health", _health), Route("/-/ready", ready)]


class Probe:
    """One thing that the server cannot do without, looked at by one thread at a time however many ask."""

    def __init__(self, name: str, look: Callable[[], object]) -> None:
        self.name = name
        self._look = look
        self._looking: asyncio.Task[bool] | None = None
        self._begun = 0.0

    async def is_well(self) -> bool:
        now = asyncio.get_running_loop().time()
        if self._looking is None or (self._looking.done() and now - self._begun > FRESH.total_seconds()):
            self._looking, self._begun = asyncio.create_task(asyncio.to_thread(self._succeeds)), now
        try:
            return await asyncio.wait_for(asyncio.shield(self._looking), ANSWERS_WITHIN.total_seconds())
        except TimeoutError:  # it goes on: who asks next waits for the same
            return False

    def _succeeds(self) -> bool:
        try:
            self._look()
        except Exception as error:  # noqa: BLE001
            log.warning("not_ready", part=self.name, reason=str(error))
            return False
        return True


async def _health(_: Request) -> Response:
    note_route("/-/health")
    return PlainTextResponse("ok\n", headers=_NO_STORE)


def _require_usable(archive: Archive) -> None:
    """Raises NotAnArchive, OSError."""
    Archive.open(archive.root, in_bucket=archive.bucket is not None)
    with tempfile.TemporaryFile(dir=archive.root) as file:
        file.write(bytes(_PROBE_BYTES))


def _bucket_probes(archive: Archive) -> list[Probe]:
    return [] if archive.bucket is None else [Probe("bucket", partial(archive.bucket.size, IDENTITY_FILE))]
