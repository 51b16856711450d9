"""A plan tells what will be otherwise than it was, and why."""

import pytest

from matou.archive.manifest import Outcome, RepositoryLine, SourceLine
from matou.model.platform import VersionControl, Visibility
from matou.model.targets import MATOU_RULES, PLAIN_RULES, TargetRules
from matou.transfer.filters import Filter
from matou.transfer.migrate_map import NO_MAP
from matou.transfer.migrate_plan import Move, plan_migration

SOURCE = SourceLine(platform="gitee", url="https://gitee.com", account="7", team="li", team_id="7")


def line(identifier: str, name: str) -> RepositoryLine:
    return RepositoryLine(
        id=identifier,
        namespace="1",
        name=name,
        path=f"li/{name}",
        clone_url=f"https://gitee.com/li/{name}.git",
        version_control=VersionControl.GIT,
        visibility=Visibility.PRIVATE,
        outcome=Outcome.EMPTY,
    )


def moves(rules: TargetRules, *lines: RepositoryLine) -> dict[str, Move]:
    plan = plan_migration(
        [(SOURCE, one) for one in lines],
        namespace="team",
        rules=rules,
        mapping=NO_MAP,
        given={},
        wanted=Filter((), ()),
    )
    return {move.candidate.line.id: move for move in plan.moves}


@pytest.mark.parametrize("rules", [PLAIN_RULES, MATOU_RULES])
def test_a_wiki_becomes_a_repository_of_its_own_and_the_plan_says_why(rules: TargetRules) -> None:
    found = moves(rules, line("5", "api"), line("5.wiki", "api.wiki"))

    assert found["5.wiki"].place.name == "api-wiki"
    assert found["5.wiki"].notes == (
        "the wiki 'api.wiki' is a repository of its own there, 'api-wiki', since no API makes a wiki",
    )
    assert found["5"].notes == ()


def test_what_only_sounds_like_a_wiki_is_told_as_any_other_new_name() -> None:
    [move] = moves(PLAIN_RULES, line("5", "api.wiki")).values()

    assert move.notes == ("'api.wiki' is called 'api-wiki': it ends in a way that is reserved",)
