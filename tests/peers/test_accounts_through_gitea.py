"""An account leaves its platform for a real Gitea, and a backup of that Gitea has what its archive has."""

import json
from collections.abc import Iterator

import pytest

from matou.model.fidelity import MigratedKind
from support.gitea_journeys import BY_PULL, Journey, journey_from
from support.gitea_server import OWNER, gitea_program
from support.travelling_accounts import TRAVELS

pytestmark = pytest.mark.skipif(gitea_program() is None, reason="there is no Gitea (MATOU_TEST_GITEA)")

EVERYWHERE = {MigratedKind.ATTACHMENT, MigratedKind.HOOK, MigratedKind.MEMBER, MigratedKind.PROTECTION}

LOST = {
    "coding": EVERYWHERE | {MigratedKind.EVENT, MigratedKind.REVIEWER, MigratedKind.CLOSED_CHANGE},
    "gitee": EVERYWHERE | {MigratedKind.COMMIT_COMMENT},
    "github": EVERYWHERE | {MigratedKind.CLOSED_CHANGE},
}
"""What is lost of each account, which the table of what is carried announces: of what was merged, by whom it was."""


@pytest.fixture(scope="module", params=TRAVELS)
def journey(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    with journey_from(request.param, tmp_path_factory.mktemp(request.param)) as journey:
        yield journey


def test_the_plan_told_it_and_all_of_it_is_proven(journey: Journey) -> None:
    planned, moved = ({one["to"]: one for one in report["repositories"]} for report in journey.reports)

    assert set(planned) == set(moved) == {f"{OWNER}/{name}" for _, name in journey.account.halves}
    for place, one in moved.items():
        assert (one["outcome"], one["problems"]) == ("moved", [])
        carried = {kind: count for kind, count in one["held"].items() if BY_PULL[MigratedKind(kind)].arrives and count}
        assigned = one["arrived"].get("assignee", 0)
        assert carried | {"assignee": assigned} == {
            kind: one["arrived"].get(kind, 0) for kind in carried | {"assignee": 0}
        }
        assert planned[place]["held"] == one["held"]


def test_a_backup_of_the_gitea_has_what_the_archive_has_but_for_what_is_lost(journey: Journey) -> None:
    compared = [journey.compare(first, name) for first, name in journey.account.halves]
    differences = [one for each in compared for one in each.differences()]

    print(*(f"{kind}: {line}" for kind, line in differences), sep="\n")
    assert [line for each in compared for line in each.unforeseen()] == []
    assert {kind for kind, _ in differences} == LOST[journey.account.platform]


def test_run_again_nothing_is_moved_and_a_backup_asks_little(journey: Journey) -> None:
    again = json.loads(journey.migrate().out)
    journey.save_gitea()
    saved = journey.save_gitea()

    assert {one["outcome"] for one in again["repositories"]} == {"unchanged"}
    assert saved["requests"] < 10 * len(saved["metadata"])
    assert {one["changed"] for one in saved["metadata"].values()} == {0}
