"""The use cases behind the actions about refs decide for themselves, whoever calls them: `forge.branches`."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from matou.errors import Refused
from matou.forge.access import ALL_SCOPES, Identity, MissingScope, NoSuchRepository, NotAllowed, ReadOnly, Scope
from matou.forge.content import branches
from matou.forge.content.branches import DefaultBranchUndeletable, InvalidRefName, NoSuchRevision, RefChanged, RefTaken
from matou.model.names import RefName, object_id
from support.coding_api import Team
from support.commits import long_commit_in
from support.deciding import archive_repository, create_branch, create_tag, delete_branch, delete_tag, ref_listing

Write = Callable[[Team, Identity], object]

WRITES: dict[str, Write] = {
    "create_branch": lambda team, who: create_branch(team.forge, who, team.depot, "new", start="main"),
    "create_tag": lambda team, who: create_tag(team.forge, who, team.depot, "new", start="main"),
    "delete_branch": lambda team, who: delete_branch(team.forge, who, team.depot, "dev"),
    "delete_tag": lambda team, who: delete_tag(team.forge, who, team.depot, "v1"),
}


def identity(team: Team, name: str, scopes: frozenset[Scope] = ALL_SCOPES) -> Identity:
    return Identity(team.people[name], scopes)


@pytest.fixture
def branchy(team: Team) -> Team:
    team.git("branch", "dev", "main")
    team.git("tag", "v1", "main")
    return team


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize(
    ("who", "scopes", "refusal"),
    [
        ("gu", ALL_SCOPES, NotAllowed),
        ("xiao", ALL_SCOPES, NoSuchRepository),
        ("chen", frozenset({Scope.REPOSITORY_READ}), MissingScope),
    ],
)
def test_who_may_not_push_may_not_do_this_either(
    branchy: Team, write: Write, who: str, scopes: frozenset[Scope], refusal: type[Exception]
) -> None:
    before = branchy.refs()

    with pytest.raises(refusal):
        write(branchy, identity(branchy, who, scopes))

    assert branchy.refs() == before


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_an_archived_repository_is_left_alone(branchy: Team, write: Write) -> None:
    closed = replace(branchy, depot=archive_repository(branchy.forge, branchy.depot))
    before = branchy.refs()

    with pytest.raises(ReadOnly):
        write(closed, identity(branchy, "chen"))

    assert branchy.refs() == before


def test_a_ref_that_is_not_what_was_expected_is_not_deleted(branchy: Team) -> None:
    chen, stale = identity(branchy, "chen"), object_id(branchy.git("rev-parse", "main~1").strip())

    with pytest.raises(RefChanged):
        delete_branch(branchy.forge, chen, branchy.depot, "dev", expected=stale)
    with pytest.raises(RefChanged):
        delete_tag(branchy.forge, chen, branchy.depot, "v1", expected=stale)

    expected = object_id(branchy.git("rev-parse", "main").strip())
    delete_branch(branchy.forge, chen, branchy.depot, "dev", expected=expected)
    assert RefName("refs/heads/dev") not in ref_listing(branchy.forge, branchy.depot).refs


def test_git_itself_checks_the_old_value(branchy: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody pushes between our look at the refs and git's: what we saw is not what is deleted or made."""
    seen = ref_listing(branchy.forge, branchy.depot)
    branchy.commit({"a": b"a"}, "meanwhile", at=1_700_300_000, branch="dev")
    branchy.git("branch", "new", "main")
    before = branchy.refs()
    monkeypatch.setattr(branches, "ref_listing", lambda *_: seen)
    chen = identity(branchy, "chen")

    with pytest.raises(RefChanged):
        delete_branch(branchy.forge, chen, branchy.depot, "dev")
    with pytest.raises(RefTaken):
        create_branch(branchy.forge, chen, branchy.depot, "new", start="main")

    assert branchy.refs() == before


def test_the_default_branch_is_kept_and_a_wrong_name_refused(branchy: Team) -> None:
    chen = identity(branchy, "chen")

    with pytest.raises(DefaultBranchUndeletable) as kept:
        delete_branch(branchy.forge, chen, branchy.depot, "main")
    with pytest.raises(InvalidRefName):
        create_branch(branchy.forge, chen, branchy.depot, "-x", start="main")
    with pytest.raises(NoSuchRevision):
        create_branch(branchy.forge, chen, branchy.depot, "x", start="--output=y")

    assert isinstance(kept.value, Refused)


def test_a_tagger_cannot_break_out_of_the_tags_header(branchy: Team) -> None:
    odd = replace(branchy.people["chen"], display_name="A <x>\nobject 0000", email="a@b>\n\nforged")

    create_tag(branchy.forge, Identity(odd, ALL_SCOPES), branchy.depot, "v2", start="main", message="m")

    text = branchy.git("cat-file", "tag", "refs/tags/v2")
    assert "tagger A xobject 0000 <a@bforged> " in text
    assert text.endswith("\n\nm\n")
    assert branchy.git("fsck", "--strict", "--no-dangling") == ""


def test_branches_and_tags_are_listed_with_one_of_a_very_long_commit(team: Team) -> None:
    tip = long_commit_in(team.forge.git_dir(team.depot), branch="long")
    team.git("tag", "v9", tip)
    api = team.api("chen")

    branches = api("DescribeGitBranches", DepotPath=str(team.depot.path)).response["Branches"]
    tags = api("DescribeGitTags", DepotPath=str(team.depot.path)).response["GitTags"]

    assert tip in [branch["Sha"] for branch in branches]
    assert tip in [tag["Commit"]["Sha"] for tag in tags]
