"""Of the sessions that a server has by SSH, nobody takes all."""

from matou.server.rate_limit import FixedWindowLimiter
from matou.server.ssh.gate import SESSIONS_OF_CALLER, SESSIONS_OF_ONE, ConnectionGate


def test_one_caller_leaves_sessions_for_others_by_however_many_connections() -> None:
    gate = ConnectionGate(FixedWindowLimiter(1000))
    connections = range(SESSIONS_OF_CALLER)

    begun = [one for one in connections for _ in range(SESSIONS_OF_ONE) if gate.begin_session(one, "anna")]

    assert len(begun) == SESSIONS_OF_CALLER
    assert gate.begin_session(1000, "berta")
    gate.end_session(begun[0], "anna")
    assert gate.begin_session(1001, "anna")
    assert not gate.begin_session(1002, "anna")
