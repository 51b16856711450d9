"""A disk that fills up in the middle of a change is told as such, and the repository is where it was."""

import errno
import os
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from matou.forge.maintenance import move_recovery
from matou.forge.maintenance.check import check
from matou.forge.repositories import repository_dirs
from support.gitcode_server import Harbour

FERRY = "/repos/harbour/ferry"
CHANGES: dict[str, tuple[str, str, dict[str, object]]] = {
    "rename": ("PATCH", FERRY, {"path": "liner"}),
    "transfer": ("POST", f"{FERRY}/transfer", {"new_owner": "chen"}),
    "transfer of an organization": ("POST", "/org/harbour/projects/ferry/transfer", {"transfer_to": "chen"}),
}

Full = Callable[[object, str], None]


@pytest.fixture(params=[errno.ENOSPC, errno.EDQUOT], ids=["disk", "quota"])
def full(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Full:
    """From now on this call finds no room."""

    def full(owner: object, call: str) -> None:
        def refuse(*_: object) -> None:
            raise OSError(request.param, os.strerror(request.param))

        monkeypatch.setattr(owner, call, refuse)

    return full


@pytest.mark.parametrize(("owner", "call"), [(Path, "rename"), (repository_dirs, "write_atomically")])
@pytest.mark.parametrize("change", CHANGES)
def test_a_repository_that_cannot_be_moved_for_want_of_room_is_where_it_was(
    harbour: Harbour, full: Full, monkeypatch: pytest.MonkeyPatch, owner: object, call: str, change: str
) -> None:
    method, path, body = CHANGES[change]
    full(owner, call)
    monkeypatch.setattr(move_recovery, "_PAUSES_SECONDS", (0.0,))

    with structlog.testing.capture_logs() as events:
        answer = harbour.ask(method, path, json=body)

    monkeypatch.undo()
    assert (answer.status_code, answer.json()["error_code"]) == (507, 507)
    assert answer.json()["error_message"] == "this server has no room left; nothing was changed"
    assert "request_failed" in [event["event"] for event in events if event["log_level"] == "error"]
    assert check(harbour.forge) == ()
    written = {"content": b64encode(b"x").decode(), "message": "m"}
    assert harbour.ask("POST", f"{FERRY}/contents/after.txt", json=written).status_code == 201
