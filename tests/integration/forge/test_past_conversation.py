"""What was said as of an earlier commit of a metadata repository: found, filtered and hidden as the index would."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from matou.archive.manifest import MetadataState
from matou.archive.metadata import About, MetadataWriter
from matou.db.items import ItemOrder, ItemQuery
from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import ALL_SCOPES, ANONYMOUS, Identity, MayReadConversation, authorize
from matou.forge.conversation.conversation import NoSuchItem, open_conversation
from matou.forge.conversation.indexing import MetadataSubject, index_metadata
from matou.forge.conversation.past import LONGEST_LIST, MetadataLost, PastConversation, open_past_conversation
from matou.forge.forge import Forge
from matou.forge.repositories.repository_lists import find_repository
from matou.model.metadata import Issue, MarkupText, MetadataValue, Participant
from matou.model.metadata.kinds import ISSUE, PERSON, MetadataKind
from matou.model.platform import Visibility
from support.deciding import set_visibility

START = datetime(2019, 3, 4, tzinfo=UTC)
Save = Callable[..., MetadataState]
PEOPLE = (Participant(id="17", login="zhang-san", name="张三"), Participant(id="18", login="li-si", name="李四"))


def issue(number: int, title: str, **values: object) -> Issue:
    fields = {"by": "17", "at": START + timedelta(hours=number), "state": "open", **values}
    return Issue(number=str(number), title=title, **fields)  # type: ignore[arg-type]  # the test names the fields


@pytest.fixture
def save(forge: Forge, repository: Repository) -> Save:
    """Each call is a run; gives what its manifest would say."""
    git_dir, runs = forge.archive.metadata(repository.path), iter(range(1, 100))

    def save(*items: Issue) -> MetadataState:
        run = next(runs)
        about = About(platform="gitee", host="gitee.com", id="1", path=str(repository.path))
        values: list[tuple[MetadataKind, MetadataValue]] = [(PERSON, one) for one in PEOPLE]
        with MetadataWriter(git_dir, about, run=run, at=START, staged=forge.archive.staging / f"said-{run}") as writer:
            for kind, value in (*values, *((ISSUE, one) for one in items)):
                writer.put(kind, value)
            commit = writer.commit()
        assert commit is not None
        assert (
            index_metadata(forge.database, MetadataSubject(repository_id=repository.id), git_dir, commit.commit) == []
        )
        return MetadataState(commit=commit.commit, saved_in=run)

    return save


@pytest.fixture
def owner(anna: User) -> Identity:
    return Identity(anna, ALL_SCOPES)


def opened(
    forge: Forge, repository: Repository, identity: Identity, state: MetadataState | None
) -> PastConversation[Repository]:
    return open_past_conversation(forge, authorize(forge, identity, MayReadConversation, repository), state)


def opened_up(forge: Forge, repository: Repository) -> Repository:
    set_visibility(forge, repository, Visibility.PUBLIC)
    return find_repository(forge, repository.path)


def numbers(conversation: PastConversation[Repository], **wanted: object) -> list[str]:
    query = ItemQuery(kind="issue", ascending=True, **wanted)  # type: ignore[arg-type]  # the test names the fields
    rows, total = conversation.list_rows(query, limit=100)
    assert total == len(rows)
    return [one.row.number for one in rows]


def test_lists_find_what_the_index_found_then(
    forge: Forge, repository: Repository, save: Save, owner: Identity
) -> None:
    state = save(
        issue(1, "a", labels=("bug",), milestone="3", text=MarkupText(markup="markdown", body="渡船")),
        issue(2, "b", state="closed", by="18", assignees=("17",), updated_at=START),
        issue(10, "c", labels=("bug", "late")),
    )
    save(issue(1, "changed"), issue(11, "later"))
    then = opened(forge, repository, owner, state)
    now = open_conversation(forge, authorize(forge, owner, MayReadConversation, repository))

    assert numbers(then) == ["1", "2", "10"]
    assert (
        numbers(then, states=("closed",))
        == numbers(then, author="李四")
        == numbers(then, assignee="zhang-san")
        == ["2"]
    )
    assert numbers(then, labels=("late", "bug")) == ["10"]
    assert (numbers(then, milestone="3"), numbers(then, milestone="")) == (["1"], ["2", "10"])
    assert numbers(then, order=ItemOrder.UPDATED) == ["2", "1", "10"]
    assert [one.row.number for one in then.list_rows(ItemQuery(kind="issue"), search="渡船", limit=9)[0]] == ["1"]
    assert (then.count_states(), then.count_labels()) == (
        {("issue", "open"): 2, ("issue", "closed"): 1},
        {"bug": 2, "late": 1},
    )
    assert then.known_numbers(ISSUE, ["1", "11", "x/../1"]) == {"1"}
    assert (then.find_item(ISSUE, "1").title, now.find_item(ISSUE, "1").title) == ("a", "changed")  # type: ignore[union-attr]


def test_what_is_or_became_confidential_is_hidden_from_whoever_may_not_read_that(
    forge: Forge, repository: Repository, save: Save, owner: Identity
) -> None:
    state = save(issue(1, "open"), issue(2, "became secret"), issue(3, "was secret", confidential=True))
    save(issue(2, "became secret", confidential=True), issue(3, "was secret"))
    public = opened_up(forge, repository)
    stranger, member = opened(forge, public, ANONYMOUS, state), opened(forge, public, owner, state)

    assert numbers(member) == ["1", "2", "3"]
    assert numbers(stranger) == ["1"]
    assert stranger.count_states() == {("issue", "open"): 1}
    assert stranger.known_numbers(ISSUE, ["1", "2"]) == {"1"}
    for number in ("2", "3"):
        assert isinstance(member.find_item(ISSUE, number), Issue)
        with pytest.raises(NoSuchItem):
            stranger.find_item(ISSUE, number)


def test_a_list_that_is_too_long_is_given_by_number(
    forge: Forge, repository: Repository, save: Save, owner: Identity
) -> None:
    state = save(*(issue(number, f"the {number}th") for number in range(1, LONGEST_LIST + 2)))
    public = opened_up(forge, repository)
    member, stranger = opened(forge, public, owner, state), opened(forge, public, ANONYMOUS, state)

    rows, total = member.list_rows(ItemQuery(kind="issue", states=("closed",)), offset=1, limit=2)

    assert member.is_too_long(ISSUE)
    assert [one.row.title for one in rows] == [f"the {LONGEST_LIST}th", f"the {LONGEST_LIST - 1}th"]
    assert total == LONGEST_LIST + 1
    assert member.count_states() == {}
    assert stranger.list_rows(ItemQuery(kind="issue"), limit=9) == ((), 0)


def test_where_nothing_was_saved_then_nothing_is_there_and_what_is_lost_is_told(
    forge: Forge, repository: Repository, save: Save, owner: Identity
) -> None:
    save(issue(1, "now"))
    before = opened(forge, repository, owner, None)

    assert (numbers(before), before.about(), before.people()) == ([], None, {})
    with pytest.raises(NoSuchItem):
        before.find_item(ISSUE, "1")
    with pytest.raises(MetadataLost):
        opened(forge, repository, owner, MetadataState(commit="0" * 40))
