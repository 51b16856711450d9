"""What all workers of one server on one machine count together: memory that is made before they are forked."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from matou.server.rate_limit import FixedWindowLimiter
from matou.server.watch.request_counts import RequestCounts
from matou.server.watch.worker_numbers import WorkerNumbers

ACTIONS_A_SECOND: Final = 30
"""Of a team at CODING's API, of each action."""

SSH_CONNECTIONS_A_MINUTE: Final = 600
"""From one address: each begins with a key exchange, which takes some milliseconds."""

ONE_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SharedMemory:
    """`workers`: how many processes serve; what a machine has room for once is divided among them."""

    workers: int = 1
    actions: FixedWindowLimiter = field(default_factory=lambda: FixedWindowLimiter(ACTIONS_A_SECOND))
    ssh_connections: FixedWindowLimiter = field(
        default_factory=lambda: FixedWindowLimiter(SSH_CONNECTIONS_A_MINUTE, window=ONE_MINUTE)
    )
    requests: RequestCounts = field(default_factory=RequestCounts)
    numbers: WorkerNumbers = field(default_factory=WorkerNumbers)

    @staticmethod
    def of(workers: int) -> "SharedMemory":
        return SharedMemory(workers, requests=RequestCounts(workers), numbers=WorkerNumbers(workers))

    def share_of(self, most: int) -> int:
        """What one worker may have of what is bounded for the machine."""
        return -(-most // self.workers)
