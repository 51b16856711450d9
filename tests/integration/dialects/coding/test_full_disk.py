"""A disk that fills up in the middle of a change is told as such."""

import errno
import json
import os
from pathlib import Path

import pytest
import structlog

from matou.forge.maintenance import move_recovery
from matou.forge.maintenance.check import check
from support.coding_api import Team


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_depot_that_cannot_be_renamed_for_want_of_room_is_where_it_was(
    team: Team, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    api = team.api("chen")
    monkeypatch.setattr(Path, "rename", refuse)
    monkeypatch.setattr(move_recovery, "_PAUSES_SECONDS", (0.0,))

    with structlog.testing.capture_logs() as events:
        answer = api("ModifyDepotName", DepotId=team.depot.id, DepotName="elsewhere")

    monkeypatch.undo()
    error = json.loads(answer.body)["Response"]["Error"]
    assert (answer.status, error["Code"]) == (507, "FailedOperation")
    assert error["Message"] == "this server has no room left; nothing was changed"
    assert "coding_action_failed" in [event["event"] for event in events]
    assert (check(team.forge), team.depot_now()) == ((), team.depot)
