"""What the server is at: git children, turns of those who push and fetch, sessions by SSH, and what its caches save."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from matou.caching import SizedCache
from matou.forge.caches import QueryCache
from matou.server.state import ServerState
from matou.server.watch.worker_numbers import Number

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

Cache = SizedCache[object, object] | QueryCache


@dataclass(frozen=True, slots=True)
class NumberFamily:
    """What is told under one name; `label` is empty where it is one number. Counters grow as long as a server lives."""

    name: str
    help: str
    label: str = ""
    is_counter: bool = True


FAMILIES: Final = (
    NumberFamily("matou_git_children_running", "Children that run now, by kind.", "kind", is_counter=False),
    NumberFamily("matou_git_children_ended", "Children that have ended.", "kind"),
    NumberFamily("matou_git_children_killed", "Those of them that were killed.", "kind"),
    NumberFamily("matou_git_children_seconds", "How long they ran in all.", "kind"),
    NumberFamily("matou_turns_running", "Turns that are taken now.", "of", is_counter=False),
    NumberFamily("matou_turns_waiting", "Who waits for a turn.", "of", is_counter=False),
    NumberFamily("matou_ssh_sessions_running", "Commands that run by SSH now.", is_counter=False),
    NumberFamily("matou_ssh_sessions", "Commands that were begun by SSH."),
    NumberFamily("matou_cache_hits", "What a cache had.", "cache"),
    NumberFamily("matou_cache_misses", "What it had not, or no longer.", "cache"),
)
COUNTERS: Final = frozenset(family.name for family in FAMILIES if family.is_counter)
SAID_AGAIN_SECONDS: Final = 1.0


def say_numbers(state: ServerState) -> None:
    """How this worker stands now, for whichever of them is asked."""
    state.shared.numbers.say(dict(_numbers(state)))


async def say_now_and_then(state: ServerState) -> None:
    """Until it is cancelled."""
    while True:
        say_numbers(state)
        await asyncio.sleep(SAID_AGAIN_SECONDS)


def server_metrics(state: ServerState) -> Iterator["Metric"]:
    """Of all workers; what others stand at may be a second old."""
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    say_numbers(state)
    sums = state.shared.numbers.sums()
    for family in FAMILIES:
        kind = CounterMetricFamily if family.is_counter else GaugeMetricFamily
        metric = kind(family.name, family.help, labels=(family.label,) if family.label else ())
        for (name, label), value in sums.items():
            if name == family.name:
                metric.add_metric((label,) if family.label else (), value)
        yield metric


def _numbers(state: ServerState) -> Iterator[tuple[Number, float]]:
    for kind, children in state.children.snapshot().items():
        yield ("matou_git_children_running", kind), children.running
        yield ("matou_git_children_ended", kind), children.ended
        yield ("matou_git_children_killed", kind), children.killed
        yield ("matou_git_children_seconds", kind), children.seconds
    for name, queue in (("fetch", state.fetches), ("push", state.pushes), ("upload", state.uploads)):
        yield ("matou_turns_running", name), queue.running
        yield ("matou_turns_waiting", name), queue.waiting
    for name, limit in (("stream", state.streams), ("archive", state.archives)):
        yield ("matou_turns_running", name), limit.running
    yield ("matou_ssh_sessions_running", ""), state.ssh_sessions.running
    yield ("matou_ssh_sessions", ""), state.ssh_sessions.begun
    for name, caches in caches_by_name(state).items():
        yield ("matou_cache_hits", name), sum(cache.hits for cache in caches)
        yield ("matou_cache_misses", name), sum(cache.misses for cache in caches)


def caches_by_name(state: ServerState) -> Mapping[str, list[Cache]]:
    """By the names of the classes that own them: `QueryCache` is `query`."""
    owners = (state.forge.passwords, state.forge.listings, state.forge.answers, state.ref_answers, state.whole_files)
    found: dict[str, list[Cache]] = {}
    for owner in (*owners, *state.forge.memories()):
        if caches := _caches_of(owner):
            found.setdefault(_name_of(owner), []).extend(caches)
    return found


def _caches_of(owner: object) -> list[Cache]:
    if isinstance(owner, SizedCache | QueryCache):
        return [owner]
    return [part for part in getattr(owner, "__dict__", {}).values() if isinstance(part, SizedCache)]


def _name_of(owner: object) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(owner).__name__).lower()
    return words.removesuffix("_cache")
