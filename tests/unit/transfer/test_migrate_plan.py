"""A plan tells what will be otherwise than it was, and why."""

import pytest

from matou.archive.manifest import (
    KindState,
    MetadataState,
    NamespaceLine,
    Outcome,
    ReadState,
    RepositoryLine,
    SourceLine,
)
from matou.archive.path_registry import PathOwner
from matou.model.platform import VersionControl, Visibility
from matou.model.targets import PLAIN_RULES, TargetRules
from matou.platforms.matou.target import MATOU_RULES
from matou.transfer.common.filters import RepositoryFilter
from matou.transfer.migrate.mapping import NO_MAP, MigrationMap, TargetPath
from matou.transfer.migrate.plan import AssignedTargets, MigrationPlan, Move, plan_migration

SOURCE = SourceLine(platform="gitee", url="https://gitee.com", account="7", team="li", team_id="7")
NOTHING_GIVEN: AssignedTargets = {}
EVERYTHING = RepositoryFilter((), ())


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


def plan(
    rules: TargetRules,
    *lines: RepositoryLine | NamespaceLine,
    mapping: MigrationMap = NO_MAP,
    given: AssignedTargets = NOTHING_GIVEN,
    wanted: RepositoryFilter = EVERYTHING,
    pulled: bool = False,
) -> MigrationPlan:
    found = [(SOURCE, one) for one in lines]
    return plan_migration(
        found,
        namespace="team",
        rules=rules,
        mapping=mapping,
        assigned=given,
        repository_filter=wanted,
        pulled=pulled,
    )


def project(identifier: str, name: str, *, issues: int) -> NamespaceLine:
    kinds = {"issue": KindState(state=ReadState.COMPLETE, items=issues)}
    state = MetadataState(commit="a" * 40, saved_in=1, kinds=kinds)
    return NamespaceLine(id=identifier, name=name, path=f"li/{name}", archived=False, seen=True, metadata=state)


def moves(rules: TargetRules, *lines: RepositoryLine) -> dict[str, Move]:
    return {move.candidate.line.id: move for move in plan(rules, *lines).moves}


@pytest.mark.parametrize("rules", [PLAIN_RULES, MATOU_RULES])
def test_a_wiki_becomes_a_repository_of_its_own_and_the_plan_says_why(rules: TargetRules) -> None:
    found = moves(rules, line("5", "api"), line("5.wiki", "api.wiki"))

    assert found["5.wiki"].target_path.name == "api-wiki"
    assert found["5.wiki"].notes == (
        "the wiki 'api.wiki' is a repository of its own there, 'api-wiki', since no API makes a wiki",
    )
    assert found["5"].notes == ()


def test_what_only_sounds_like_a_wiki_is_told_as_any_other_new_name() -> None:
    [move] = moves(PLAIN_RULES, line("5", "api.wiki")).values()

    assert move.notes == ("'api.wiki' is called 'api-wiki': it ends in a way that is reserved",)


@pytest.mark.parametrize("name", ["api", "an api", "api.wiki"])
def test_a_name_from_the_map_is_told_as_the_maps(name: str) -> None:
    mapping = MigrationMap({f"1/{name}": "ours"})

    [move] = plan(PLAIN_RULES, line("5", name), mapping=mapping).moves

    assert move.notes == (f"'{name}' is called 'ours', as the map says",)


def test_a_name_that_an_earlier_migration_gave_is_told_as_such() -> None:
    given = {(PathOwner("gitee", "gitee.com", "5"), "team"): TargetPath("team", "ours")}

    [move] = plan(PLAIN_RULES, line("5", "an api"), given=given).moves

    assert move.notes == ("'an api' is called 'ours', as since an earlier migration",)


def test_what_the_map_says_of_no_repository_is_told_and_what_it_says_of_an_unwanted_one_is_not() -> None:
    mapping = MigrationMap({"api": "one", "1/web": "two", "1/*": "x/*", "1/wbe": "three", "shop/*": "shop/*"})

    made = plan(
        PLAIN_RULES, line("5", "api"), line("6", "web"), mapping=mapping, wanted=RepositoryFilter(("li/1/api",), ())
    )

    assert [move.candidate.line.name for move in made.moves] == ["api"]
    assert made.unmatched == ("1/wbe", "shop/*")


def test_issues_of_a_project_are_a_repository_of_their_own_where_the_target_takes_it_from_here() -> None:
    lines = project("1", "boats", issues=3), project("2", "quays", issues=0), line("1", "ferry")

    apart, beside = (plan(PLAIN_RULES, *lines, pulled=pulled) for pulled in (True, False))

    boats, ferry = apart.moves
    assert (boats.candidate.source_path, boats.target_path.name) == ("li/boats/boats-issues", "boats-issues")
    assert (boats.candidate.is_project, boats.visibility) == (True, Visibility.PRIVATE)
    assert boats.candidate.owner != ferry.candidate.owner
    assert boats.notes == (
        "the issues of the project 'boats' are in a repository of their own there, 'boats-issues', which has no code",
    )
    assert apart.projects == ()
    assert [move.candidate.line.name for move in beside.moves] == ["ferry"]
    assert [one.name for one in beside.projects] == ["boats"]


def test_a_repository_that_is_called_as_they_would_be_keeps_its_name() -> None:
    lines = project("1", "boats", issues=3), line("5", "boats-issues")

    made = plan(PLAIN_RULES, *lines, pulled=True)

    names = {move.candidate.line.id: move.target_path.name for move in made.moves}
    assert names == {"5": "boats-issues", "1.project": "boats-boats-issues"}


def test_issues_of_a_project_can_be_left_out_and_given_another_place() -> None:
    lines = project("1", "boats", issues=3), line("5", "ferry")

    without = plan(PLAIN_RULES, *lines, pulled=True, wanted=RepositoryFilter((), ("*-issues",)))
    elsewhere = plan(PLAIN_RULES, *lines, pulled=True, mapping=MigrationMap({"boats/boats-issues": "tasks"}))

    assert [move.candidate.line.name for move in without.moves] == ["ferry"]
    assert [one.name for one in without.projects] == ["boats"]
    assert sorted(move.target_path.name for move in elsewhere.moves) == ["ferry", "tasks"]


def test_a_wiki_that_goes_with_its_repository_takes_no_name() -> None:
    lines = line("5", "api"), line("5.wiki", "api.wiki"), line("6", "api-wiki")

    made = plan(PLAIN_RULES, *lines, pulled=True)

    assert {move.candidate.line.id: move.target_path.name for move in made.moves} == {"5": "api", "6": "api-wiki"}
    assert list(made.wikis.values()) == [lines[1]]


def test_a_repository_of_any_server_whose_address_ends_as_a_projects_id_is_no_project() -> None:
    """Its code would stay behind: a project has none."""
    (move,) = plan(PLAIN_RULES, line("pub/boats.project", "boats.project"), pulled=True).moves

    assert not move.candidate.is_project
    assert move.notes == ()
