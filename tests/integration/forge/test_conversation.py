"""What was said around a repository: indexed from its metadata repository, and read back by whoever may."""

import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from matou.archive.metadata import About, MetadataTree, MetadataWriter
from matou.db import item_search, memberships, metadata_repositories, repositories
from matou.db.conditions import Between
from matou.db.item_comments import CommentQuery
from matou.db.items import ItemQuery
from matou.db.memberships import Role
from matou.db.metadata_repositories import count_items
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.schema import items
from matou.db.users import User
from matou.errors import Damaged
from matou.forge.access import ALL_SCOPES, ANONYMOUS, Identity, MayReadConversation, NotAllowed, Scope, authorize
from matou.forge.conversation.conversation import Conversation, NoSuchItem, NoSuchItemFile, open_conversation
from matou.forge.conversation.indexing import MetadataSubject, index_metadata
from matou.forge.conversation.long_items import LONG_ITEM_BYTES, MANY_COMMENTS
from matou.forge.conversation.search import search_items
from matou.forge.forge import Forge
from matou.model.metadata import (
    AttachedFile,
    ChangeBase,
    ChangeHead,
    ChangeRequest,
    Comment,
    Issue,
    LabelDefinition,
    MarkupText,
    MetadataValue,
    Participant,
    Reviewer,
    ReviewThread,
    SavedRelease,
)
from matou.model.metadata.kinds import CHANGE, ISSUE, LABEL, PERSON, RELEASE, MetadataKind
from matou.model.names import ObjectId
from matou.model.platform import Visibility
from support.git_repositories import git, git_bytes

START = datetime(2019, 3, 4, 5, 6, 7, tzinfo=UTC)


def at(hours: int) -> datetime:
    return START + timedelta(hours=hours)


def text(body: str) -> MarkupText:
    return MarkupText(markup="markdown", body=body)


def comment(number: int, body: str) -> Comment:
    return Comment(id=str(number), by="17", at=at(number), text=text(body))


def issue(number: str, title: str, **values: object) -> Issue:
    made = Issue(number=number, title=title, by="17", at=START, updated_at=START, state="open")
    return replace(made, **values)  # type: ignore[arg-type]  # the test names the fields


PEOPLE = (Participant(id="17", login="zhang-san", name="张三"), Participant(id="18", login="li-si", name="李四"))
CHANGE_12 = ChangeRequest(
    number="12",
    title="修复登录",
    by="18",
    at=at(1),
    state="merged",
    merged_at=at(9),
    head=ChangeHead(branch="fix/login"),
    base=ChangeBase(branch="main"),
    reviewers=(Reviewer(by="17", role="reviewer", state="approved"),),
    threads=(ReviewThread(id="t", path="a.py", comments=(comment(5, "this line"),)),),
    comments=(comment(6, "整体不错"),),
)
STORY: tuple[tuple[MetadataKind, MetadataValue], ...] = (
    *((PERSON, one) for one in PEOPLE),
    (LABEL, LabelDefinition(name="bug", color="ff0000")),
    (
        ISSUE,
        issue("1", "登录失败", text=text("密码正确时也失败"), labels=("bug",), comments=(comment(1, "我也遇到了"),)),
    ),
    (ISSUE, issue("2", "secret", confidential=True, comments=(comment(2, "nobody knows"),))),
    (ISSUE, issue("I6D3AV", "gitee\0", closed_at=at(3), state="closed")),
    (CHANGE, CHANGE_12),
    (RELEASE, SavedRelease(tag="v1.0/beta", name="首个版本", text=text("发布说明"), draft=False, prerelease=True)),
)


class Saved:
    """A metadata repository that runs write, one after the other."""

    def __init__(self, forge: Forge, repository: Repository) -> None:
        self.forge, self.repository, self.run = forge, repository, 0
        self.git_dir = forge.archive.metadata(repository.path)
        self.subject = MetadataSubject(repository_id=repository.id)

    def save(self, values: Iterable[tuple[MetadataKind, MetadataValue]]) -> ObjectId:
        self.run += 1
        about = About(platform="gitee", host="gitee.com", id="1", path=str(self.repository.path))
        staged = self.forge.archive.staging / str(self.run)
        with MetadataWriter(self.git_dir, about, run=self.run, at=START, staged=staged) as writer:
            for kind, value in values:
                writer.put(kind, value)
            commit = writer.commit()
        assert commit is not None
        return commit.commit

    def index(self, commit: ObjectId) -> list[Damaged]:
        return index_metadata(self.forge.database, self.subject, self.git_dir, commit)


@pytest.fixture
def saved(forge: Forge, repository: Repository) -> Saved:
    return Saved(forge, repository)


@pytest.fixture
def story(saved: Saved) -> Saved:
    assert saved.index(saved.save(STORY)) == []
    return saved


def opened(saved: Saved, identity: Identity) -> Conversation[Repository]:
    return open_conversation(saved.forge, authorize(saved.forge, identity, MayReadConversation, saved.repository))


def numbers(conversation: Conversation[Repository], **wanted: object) -> list[str]:
    found, total = conversation.list_items(ItemQuery(kind="issue", ascending=True, **wanted))  # type: ignore[arg-type]
    assert total == len(found)
    return [one.number for one in found if isinstance(one, Issue)]


@pytest.fixture
def owner(anna: User) -> Identity:
    return Identity(anna, ALL_SCOPES)


def test_what_was_saved_is_read_back(story: Saved, owner: Identity) -> None:
    conversation = opened(story, owner)

    assert numbers(conversation) == ["1", "2", "I6D3AV"]
    assert conversation.find_item(CHANGE, "12") == CHANGE_12
    assert conversation.find_item(RELEASE, "v1.0/beta") == STORY[-1][1]
    assert conversation.table(LABEL) == {"bug": LabelDefinition(name="bug", color="ff0000")}
    assert conversation.people() == {"17": PEOPLE[0], "18": PEOPLE[1]}


def test_where_nothing_was_saved_nothing_is_there(saved: Saved, owner: Identity) -> None:
    conversation = opened(saved, owner)

    assert numbers(conversation) == []
    assert conversation.list_comments(CommentQuery(kind="issue")) == ((), 0)
    assert conversation.table(LABEL) == {}
    with pytest.raises(NoSuchItem):
        conversation.find_item(ISSUE, "1")


def test_comments_come_with_their_items_those_on_lines_first(story: Saved, owner: Identity) -> None:
    conversation = opened(story, owner)

    found, total = conversation.list_comments(CommentQuery(kind="change"))
    assert [(one.comment.id, one.item.number) for one in found] == [("5", "12"), ("6", "12")]
    assert total == 2
    (one,), _ = conversation.list_comments(CommentQuery(kind="issue", comment_id="1"))
    assert (one.comment.text.body, one.item.number) == ("我也遇到了", "1")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ["0", "2", "1", "3"]),
        ({"ascending": False}, ["1", "2", "0", "3"]),
        ({"by_update": True}, ["2", "0", "1", "3"]),
        ({"by_update": True, "ascending": False}, ["1", "0", "2", "3"]),
        ({"updated": Between(at(3), None)}, ["0", "1"]),
        ({"updated": Between(at(3), at(4))}, ["0"]),
    ],
)
def test_comments_on_one_item_stand_in_the_order_of_those_on_all(
    saved: Saved, owner: Identity, wanted: dict[str, object], expected: list[str]
) -> None:
    gone = replace(comment(9, "no longer there"), gone_in=1)
    said = (
        replace(comment(0, "a"), at=at(1), edited_at=at(3)),
        replace(comment(1, "b"), at=at(4)),
        replace(comment(2, "c"), at=at(1)),
        replace(comment(3, "d"), at=None),
        gone,
    )
    one, other = issue("1", "of which this is about", comments=said), issue("2", "of others", comments=(gone,))
    saved.index(saved.save([*((PERSON, person) for person in PEOPLE), (ISSUE, one), (ISSUE, other)]))
    conversation, query = opened(saved, owner), CommentQuery(kind="issue", **wanted)  # type: ignore[arg-type]

    on_all, of_all = conversation.list_comments(query)
    on_one, of_one = conversation.list_comments_on(one, query)

    assert [found.comment.id for found in on_one] == expected
    assert (on_one, of_one) == (on_all, of_all)
    assert conversation.list_comments_on(one, query, offset=1, limit=2) == (on_all[1:3], of_all)


def test_people_are_asked_for_by_login(story: Saved, owner: Identity) -> None:
    changes, total = opened(story, owner).list_items(ItemQuery(kind="change", reviewer="Zhang-San"))

    assert (changes, total) == ((CHANGE_12,), 1)


def test_what_is_confidential_is_not_there_for_whoever_only_reads_code(
    forge: Forge, story: Saved, owner: Identity
) -> None:
    with forge.database.begin_write() as connection:
        public = repositories.change(connection, story.repository.id, visibility=Visibility.PUBLIC)
    assert public is not None
    story.repository = public
    anybody, somebody = opened(story, ANONYMOUS), opened(story, owner)

    assert numbers(anybody) == ["1", "I6D3AV"]
    assert numbers(somebody) == ["1", "2", "I6D3AV"]
    assert [one.comment.id for one in anybody.list_comments(CommentQuery(kind="issue"))[0]] == ["1"]
    with pytest.raises(NoSuchItem) as hidden:
        anybody.find_item(ISSUE, "2")
    with pytest.raises(NoSuchItem) as missing:
        anybody.find_item(ISSUE, "3")
    assert str(hidden.value).replace("2", "N") == str(missing.value).replace("3", "N")


def test_who_loses_a_right_sees_less_at_once(forge: Forge, story: Saved, berta: User) -> None:
    seen = []
    for role in (Role.REPORTER, Role.OWNER, Role.REPORTER):
        with forge.database.begin_write() as connection:
            memberships.set_membership(connection, story.repository.namespace_id, berta.id, role, START)
        conversation = opened(story, Identity(berta, ALL_SCOPES))
        seen.append((numbers(conversation), conversation.sees_personal_data))

    assert seen == [(["1", "2", "I6D3AV"], is_owner) for is_owner in (False, True, False)]

    with forge.database.begin_write() as connection:
        memberships.delete_membership(connection, story.repository.namespace_id, berta.id)
        public = repositories.change(connection, story.repository.id, visibility=Visibility.PUBLIC)
    assert public is not None
    story.repository = public

    assert numbers(opened(story, Identity(berta, ALL_SCOPES))) == ["1", "I6D3AV"]


def test_what_is_packed_anew_while_it_is_open_is_read_on(story: Saved, owner: Identity) -> None:
    assert opened(story, owner).find_item(CHANGE, "12") == CHANGE_12

    git(story.git_dir, "repack", "-adfq")

    assert numbers(opened(story, owner)) == ["1", "2", "I6D3AV"]


def test_a_long_item_is_read_once_however_many_ask(
    saved: Saved, owner: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "潮" * (LONG_ITEM_BYTES // MANY_COMMENTS)
    long = issue("1", "long", comments=tuple(comment(number, body) for number in range(MANY_COMMENTS)))
    saved.index(saved.save([*((PERSON, one) for one in PEOPLE), (ISSUE, long), (ISSUE, issue("2", "short"))]))
    read, item = list[str](), MetadataTree.item

    def count(tree: MetadataTree, kind: MetadataKind, key: str) -> MetadataValue | None:
        read.append(key)
        return item(tree, kind, key)

    monkeypatch.setattr(MetadataTree, "item", count)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: opened(saved, owner).find_item(ISSUE, "1"), range(8)))
    outlines, _ = opened(saved, owner).list_outlines(ItemQuery(kind="issue", ascending=True))

    assert (found, read) == ([long] * 8, ["1"])
    assert [(one.item, one.comment_count) for one in outlines] == [(long, MANY_COMMENTS), (issue("2", "short"), 0)]

    later = replace(long, title="longer", comments=(*long.comments, comment(9999, body)))
    saved.index(saved.save([(ISSUE, later)]))

    assert opened(saved, owner).find_item(ISSUE, "1") == later


def test_what_is_listed_has_the_number_of_its_comments_and_no_more(story: Saved, owner: Identity) -> None:
    conversation = opened(story, owner)

    [request], total = conversation.list_outlines(ItemQuery(kind="change"))
    [one], _ = conversation.list_outlines(ItemQuery(kind="issue"), search="遇到")

    assert (request.item, request.comment_count, total) == (replace(CHANGE_12, threads=(), comments=()), 2, 1)
    assert (one.item, one.comment_count) == (replace(STORY[3][1], comments=()), 1)  # type: ignore[call-arg]


def test_a_guest_reads_no_conversation(forge: Forge, story: Saved, berta: User) -> None:
    with forge.database.begin_write() as connection:
        memberships.set_membership(connection, story.repository.namespace_id, berta.id, Role.GUEST, START)

    with pytest.raises(NotAllowed):
        opened(story, Identity(berta, ALL_SCOPES))


def test_only_what_a_run_changed_is_read_again(story: Saved, owner: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    whole = MetadataTree.item_at

    def telling(tree: MetadataTree, kind: MetadataKind, path: str) -> MetadataValue | None:
        read.append(path)
        return whole(tree, kind, path)

    monkeypatch.setattr(MetadataTree, "item_at", telling)
    commit = story.save([(ISSUE, issue("1", "登录失败了", state="closed"))])

    assert story.index(commit) == []
    assert story.index(commit) == []
    assert read == ["issues/0000/1.json"]
    assert numbers(opened(story, owner), states=["closed"]) == ["1", "I6D3AV"]
    assert found(story, "我也遇到了") == set()
    assert found(story, "失败了") == {"1"}


def found(saved: Saved, search: str) -> set[str]:
    with saved.forge.database.begin_read() as connection:
        rows = connection.execute(items.select().where(item_search.finds(connection, search))).all()
    return {row.number for row in rows}


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("登录", {"1", "12"}),
        ("密码", {"1"}),
        ("我也遇到了", {"1"}),
        ("this line", {"12"}),
        ("整体", {"12"}),
        ("v1.0/beta", {"v1.0/beta"}),
        ("发布说明", {"v1.0/beta"}),
        ("gitee", {"I6D3AV"}),
    ],
)
def test_titles_bodies_and_comments_are_found(story: Saved, search: str, expected: set[str]) -> None:
    assert found(story, search) == expected


def test_a_repository_that_was_made_anew_is_indexed_anew(story: Saved, owner: Identity) -> None:
    shutil.rmtree(story.git_dir)
    story.run = 40
    commit = story.save([(ISSUE, issue("7", "alone"))])

    assert story.index(commit) == []
    assert numbers(opened(story, owner)) == ["7"]
    assert found(story, "登录") == set()


def with_files(git_dir: Path, files: dict[str, bytes]) -> ObjectId:
    """A commit upon main with these files in it."""
    index = str(git_dir / "made-by-hand")
    git(git_dir, "read-tree", "main", GIT_INDEX_FILE=index)
    for path, content in files.items():
        blob = git(git_dir, "hash-object", "-w", "--stdin", input=content)
        git(git_dir, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", GIT_INDEX_FILE=index)
    tree = git(git_dir, "write-tree", GIT_INDEX_FILE=index)
    return ObjectId(git(git_dir, "commit-tree", tree, "-p", "main", "-m", "by hand"))


def test_a_damaged_item_is_told_and_the_others_are_there(story: Saved, owner: Identity) -> None:
    commit = with_files(
        story.git_dir,
        {
            "issues/0000/1.json": b"{",
            "issues/0000/3.json": git_bytes(story.git_dir, "show", "main:issues/0000/2.json").replace(b'"2"', b'"3"'),
        },
    )

    faults = story.index(commit)

    assert ["issues/0000/1.json" in str(fault) for fault in faults] == [True]
    with story.forge.database.begin_read() as connection:
        indexed = metadata_repositories.of_repository(connection, story.repository.id)
        assert count_items(connection)[0] == 6
    assert indexed is not None
    assert indexed.commit_id != commit


def searched(saved: Saved, identity: Identity, search: str) -> list[tuple[str, str]]:
    rows, total = search_items(saved.forge, identity, search, kinds=["issue", "change", "release"])
    assert total == len(rows)
    return [(str(row.subject.path), row.item.number) for row in rows]


def test_a_search_over_everything_finds_what_one_may_read_and_nothing_else(
    forge: Forge, story: Saved, project: Namespace, owner: Identity, berta: User
) -> None:
    about = About(platform="coding", host="e.coding.net", id="2", path=str(project.path))
    git_dir = forge.archive.metadata(project.path)
    with MetadataWriter(git_dir, about, run=1, at=START, staged=forge.archive.staging / "of-project") as writer:
        writer.put(ISSUE, issue("7", "登录页面改版", updated_at=at(50)))
        writer.put(ISSUE, issue("8", "登录的秘密", confidential=True))
        commit = writer.commit()
    assert commit is not None
    assert index_metadata(forge.database, MetadataSubject(namespace_id=project.id), git_dir, commit.commit) == []

    everything = [("team/harbour", "7"), ("team/harbour/ship", "12"), ("team/harbour/ship", "1"), ("team/harbour", "8")]
    assert sorted(searched(story, owner, "登录")) == sorted(everything)
    assert searched(story, owner, "登录")[0] == ("team/harbour", "7")
    assert searched(story, ANONYMOUS, "登录") == []
    assert searched(story, Identity(berta, ALL_SCOPES), "登录") == []
    assert searched(story, Identity(owner.user, frozenset({Scope.REPOSITORY_READ})), "登录 ") == [
        ("team/harbour/ship", "12"),
        ("team/harbour/ship", "1"),
    ]
    with forge.database.begin_write() as connection:
        public = repositories.change(connection, story.repository.id, visibility=Visibility.PUBLIC)
    assert public is not None
    assert searched(story, ANONYMOUS, "登录") == [("team/harbour/ship", "12"), ("team/harbour/ship", "1")]
    assert searched(story, ANONYMOUS, "secret") == []


def test_a_file_is_read_through_an_item_that_may_be_read(forge: Forge, story: Saved, owner: Identity) -> None:
    open_to_all, secret, unrelated = (forge.archive.blobs.put_bytes(data) for data in (b"a", b"b", b"c"))
    lost = "0" * 64
    files = [AttachedFile(url="u", name="n.png", size=1, sha256=one) for one in (open_to_all, secret, lost)]
    commit = story.save(
        [
            (ISSUE, issue("20", "t", files=(files[0], files[2]))),
            (ISSUE, issue("21", "t", confidential=True, files=(files[1],))),
        ]
    )
    assert story.index(commit) == []
    with forge.database.begin_write() as connection:
        public = repositories.change(connection, story.repository.id, visibility=Visibility.PUBLIC)
    assert public is not None
    story.repository = public

    assert opened(story, ANONYMOUS).file(open_to_all).read_bytes() == b"a"
    assert opened(story, owner).file(secret).read_bytes() == b"b"
    for identity, digest in ((ANONYMOUS, secret), (owner, unrelated), (owner, lost), (owner, "../../matou.db")):
        with pytest.raises(NoSuchItemFile):
            opened(story, identity).file(digest)
