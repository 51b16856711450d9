"""Drafts are for those who write, and what was deleted at the source for those who may read earlier states."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from matou.archive.metadata import About, MetadataWriter
from matou.db import memberships
from matou.db.item_comments import CommentQuery
from matou.db.items import ItemQuery
from matou.db.memberships import Role
from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import ALL_SCOPES, ANONYMOUS, Identity, MayReadConversation, authorize
from matou.forge.conversation.conversation import Conversation, NoSuchItem, NoSuchItemFile, open_conversation
from matou.forge.conversation.indexing import MetadataSubject, index_metadata
from matou.forge.conversation.search import search_items
from matou.forge.forge import Forge
from matou.forge.repositories.repository_lists import find_repository
from matou.model.metadata import Comment, Issue, MarkupText, MetadataValue, ReleaseAsset, SavedRelease
from matou.model.metadata.kinds import ISSUE, RELEASE, MetadataKind
from matou.model.platform import Visibility
from support.deciding import set_visibility

START = datetime(2019, 3, 4, tzinfo=UTC)
BYTES = b"of a draft"
KINDS = ("issue", "release")
SAID = (Comment(id="1", by="17", at=START, text=MarkupText(markup="markdown", body="a withdrawn remark"), gone_in=2),)
THERE = Issue(number="1", title="harbour", by="17", at=START, state="open", comments=SAID)
DELETED = replace(THERE, number="2", comments=(), gone_in=2)
PUBLISHED = SavedRelease(tag="v1", name="harbour", draft=False, prerelease=False)
NUMBERS_OF_ALL = {"1", "2", "v1", "v2"}


@pytest.fixture
def public(forge: Forge, repository: Repository) -> Repository:
    sha256 = forge.archive.blobs.put_bytes(BYTES)
    asset = ReleaseAsset(name="a.zip", url="https://x.example/1", sha256=sha256, size=len(BYTES))
    draft = SavedRelease(tag="v2", name="harbour", draft=True, prerelease=False, assets=(asset,))
    values: tuple[tuple[MetadataKind, MetadataValue], ...] = (
        (ISSUE, THERE),
        (ISSUE, DELETED),
        (RELEASE, PUBLISHED),
        (RELEASE, draft),
    )
    git_dir = forge.archive.metadata(repository.path)
    about = About(platform="gitee", host="gitee.com", id="1", path=str(repository.path))
    with MetadataWriter(git_dir, about, run=1, at=START, staged=forge.archive.staging / "said") as writer:
        for kind, value in values:
            writer.put(kind, value)
        commit = writer.commit()
    assert commit is not None
    assert index_metadata(forge.database, MetadataSubject(repository_id=repository.id), git_dir, commit.commit) == []
    set_visibility(forge, repository, Visibility.PUBLIC)
    return find_repository(forge, repository.path)


def opened(forge: Forge, repository: Repository, identity: Identity) -> Conversation[Repository]:
    return open_conversation(forge, authorize(forge, identity, MayReadConversation, repository))


def member(forge: Forge, repository: Repository, user: User, role: Role) -> Identity:
    with forge.database.begin_write() as connection:
        memberships.set_membership(connection, repository.namespace_id, user.id, role, START)
    return Identity(user, ALL_SCOPES)


def found_by(forge: Forge, repository: Repository, identity: Identity) -> set[str]:
    """By every way to an item: lists, single ones, counts, what a text speaks of, the search over all."""
    conversation = opened(forge, repository, identity)
    listed = {row.row.number for kind in KINDS for row in conversation.list_rows(ItemQuery(kind=kind), limit=9)[0]}
    single = set[str]()
    for kind, number in ((ISSUE, "1"), (ISSUE, "2"), (RELEASE, "v1"), (RELEASE, "v2")):
        try:
            conversation.find_item(kind, number)
        except NoSuchItem:
            continue
        single.add(number)
    known = {number for kind in (ISSUE, RELEASE) for number in conversation.known_numbers(kind, sorted(NUMBERS_OF_ALL))}
    searched = {hit.item.number for hit in search_items(forge, identity, "harbour", kinds=KINDS)[0]}
    assert listed == single == known == searched
    assert sum(conversation.count_states().values()) == len(listed)
    return listed


def test_a_stranger_sees_neither_drafts_nor_what_was_deleted(forge: Forge, public: Repository) -> None:
    assert found_by(forge, public, ANONYMOUS) == {"1", "v1"}


def test_a_reader_sees_what_was_deleted_and_no_drafts(forge: Forge, public: Repository, berta: User) -> None:
    assert found_by(forge, public, member(forge, public, berta, Role.REPORTER)) == {"1", "2", "v1"}


def test_a_writer_sees_all(forge: Forge, public: Repository, berta: User) -> None:
    assert found_by(forge, public, member(forge, public, berta, Role.DEVELOPER)) == NUMBERS_OF_ALL


def test_the_files_of_a_draft_are_for_those_who_see_it(forge: Forge, public: Repository, anna: User) -> None:
    (draft,) = [
        one
        for one in opened(forge, public, Identity(anna, ALL_SCOPES)).list_items(ItemQuery(kind="release"))[0]
        if isinstance(one, SavedRelease) and one.draft
    ]
    sha256 = str(draft.assets[0].sha256)

    assert opened(forge, public, Identity(anna, ALL_SCOPES)).file(sha256).read_bytes() == BYTES
    with pytest.raises(NoSuchItemFile):
        opened(forge, public, ANONYMOUS).file(sha256)


def test_programs_are_given_no_comment_that_was_deleted(forge: Forge, public: Repository, anna: User) -> None:
    conversation = opened(forge, public, Identity(anna, ALL_SCOPES))

    assert conversation.list_comments(CommentQuery(kind="issue")) == ((), 0)
