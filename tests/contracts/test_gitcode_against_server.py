"""Our client and our server speak the same GitCode: every method, over real HTTP, on a real repository."""

import io
import secrets
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from matou import GitCode
from matou.credentials import Secret
from matou.db.memberships import Role as StandardRole
from matou.errors import Conflict, MatouError, NotFound, Refused
from matou.forge.accounts.namespaces import create_organization
from matou.model.platform import Visibility
from matou.platforms.base.errors import CredentialRefused
from matou.platforms.gitcode.changes import (
    ModuleChange,
    PullRequestSettingsChange,
    PushRuleChange,
    RepositorySettingsChange,
    ReviewerChange,
)
from matou.platforms.gitcode.enums import (
    ArchiveFormat,
    Author,
    ContributorKind,
    EventFilter,
    ForkSort,
    GitCodeRole,
    MembersOf,
    MergeMethod,
)
from matou.platforms.gitcode.wire import Content, moment
from support.coding_api import Clock
from support.deciding import add_member, create_role
from support.gitcode_server import PASSWORD, Harbour, furnish
from support.matou_server import running_server

PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)


@dataclass(frozen=True)
class Served:
    """The furnished organization `harbour` behind a real server."""

    url: str
    harbour: Harbour

    def client(self, person: str | None = "chen") -> GitCode:
        return GitCode(None if person is None else self.harbour.token(person), self.url)

    def repository(self, *, files: int = 3) -> str:
        """A new one, with one commit, or with none."""
        name = f"ship-{secrets.token_hex(4)}"
        repository = self.harbour.add_repository(name)
        if files:
            content = {f"docs/{number}.md": f"# {number}\n".encode() for number in range(files - 1)}
            self.harbour.commit(
                {"a b/码.py": b"print(1)\n", **content}, "first", at=1_700_000_000, repository=repository
            )
        return f"harbour/{name}"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("gitcode") / "archive") as server:
        furnish(server.forge)
        yield Served(server.url, Harbour(server.forge, Clock()))


@pytest.fixture
def gitcode(served: Served) -> Iterator[GitCode]:
    with served.client() as client:
        yield client


@pytest.fixture
def ship(served: Served) -> str:
    return served.repository()


# --- reading


def test_a_tree_of_several_pages_is_read_whole(served: Served, gitcode: GitCode) -> None:
    ship = served.repository(files=230)

    entries = list(gitcode.tree(ship, "main", recursive=True))

    files = [entry.path for entry in entries if entry.type == "blob"]
    assert sorted(files) == sorted(["a b/码.py", *(f"docs/{number}.md" for number in range(229))])
    assert {entry.path: entry.mode for entry in entries}["a b"] == "040000"
    assert sorted(entry.path for entry in gitcode.tree(ship, "main")) == ["a b", "docs"]


def test_a_file_a_directory_and_the_root_are_read(gitcode: GitCode, ship: str) -> None:
    file, below, root = gitcode.contents(ship, "a b/码.py"), gitcode.contents(ship, "docs"), gitcode.contents(ship)

    assert isinstance(file, Content)
    assert (file.type, file.decoded, file.size) == ("file", b"print(1)\n", 9)
    assert isinstance(below, list)
    assert isinstance(root, list)
    assert sorted(entry.name for entry in below) == ["0.md", "1.md"]
    assert {entry.name: entry.type for entry in root} == {"a b": "dir", "docs": "dir"}


def test_a_blob_a_raw_file_and_the_paths_that_hold_a_word(gitcode: GitCode, ship: str) -> None:
    file = gitcode.contents(ship, "docs/0.md")
    assert isinstance(file, Content)

    assert gitcode.blob(ship, file.sha).decoded == b"# 0\n"
    assert gitcode.raw(ship, "docs/0.md", ref="main") == b"# 0\n"
    assert sorted(gitcode.file_list(ship, name="docs/")) == ["docs/0.md", "docs/1.md"]
    assert len(gitcode.file_list(ship)) == 3


def test_languages_and_those_who_wrote(gitcode: GitCode, ship: str) -> None:
    [author], [committer] = gitcode.contributors(ship), gitcode.contributors(ship, kind=ContributorKind.COMMITTERS)
    [statistics] = gitcode.contributor_statistics(ship, author="王芳")

    assert gitcode.languages(ship) == {"Python": 100.0}
    assert (author.name, author.email, author.contributions) == ("王芳", "fang@example.org", 1)
    assert committer.email == "committer@example.org"
    assert (statistics.overview.additions, statistics.overview.commit_count) == (3, 1)
    assert [row.date for row in statistics.contributions] == ["2023-11-15"]


def test_a_history_of_several_pages_is_read_whole(served: Served, gitcode: GitCode) -> None:
    ship = served.repository(files=0)
    repository = served.harbour.repository(ship)
    made = [
        served.harbour.commit(
            {"n": str(number).encode()}, f"number {number}", at=1_700_000_000 + number, repository=repository
        )
        for number in range(130)
    ]

    assert [commit.sha for commit in gitcode.commits(ship)] == made[::-1]
    assert [commit.sha for commit in gitcode.commits(ship, ref="main", path="n", author="王芳")] == made[::-1]


def test_an_empty_repository_has_no_history(served: Served, gitcode: GitCode) -> None:
    assert list(gitcode.commits(served.repository(files=0))) == []


def test_one_commit_tells_its_files(gitcode: GitCode, ship: str) -> None:
    commit = gitcode.commit(ship, "main", with_patches=True)

    assert commit.commit.message == "first"
    assert commit.stats
    assert commit.stats.additions == 3
    assert commit.files
    assert sorted(file.filename for file in commit.files) == ["a b/码.py", "docs/0.md", "docs/1.md"]
    assert moment(commit.commit.committer.date) == datetime.fromtimestamp(1_700_000_000, UTC)


def names_in(archive: io.BytesIO, kind: ArchiveFormat) -> list[str]:
    if kind is ArchiveFormat.ZIP:
        return zipfile.ZipFile(archive).namelist()
    with tarfile.open(fileobj=archive) as files:
        return files.getnames()


@pytest.mark.parametrize("kind", ArchiveFormat)
def test_an_archive_is_one_of_its_format(gitcode: GitCode, ship: str, kind: ArchiveFormat) -> None:
    into = io.BytesIO()

    assert gitcode.download_archive(ship, into, ref="main", kind=kind) == len(into.getvalue())

    into.seek(0)
    names = names_in(into, kind)
    assert any(name.endswith("a b/码.py") for name in names)


# --- writing


def test_a_file_is_made_changed_and_deleted(gitcode: GitCode, ship: str) -> None:
    made = gitcode.create_file(ship, "新/a.txt", b"one", message="make", author=Author("Wang", "w@example.org"))
    first = gitcode.contents(ship, "新/a.txt")
    assert isinstance(first, Content)
    changed = gitcode.update_file(ship, "新/a.txt", b"two", sha=first.sha, message="change", branch="main")
    second = gitcode.contents(ship, "新/a.txt")
    assert isinstance(second, Content)
    deleted = gitcode.delete_file(ship, "新/a.txt", sha=second.sha, message="delete")

    assert (made.commit.message, made.commit.author.name) == ("make", "Wang")
    assert (changed.content.path, second.decoded) == ("新/a.txt", b"two")
    assert deleted.commit.message == "delete"
    messages = [commit.commit.message.strip() for commit in gitcode.commits(ship)]
    assert messages == ["delete", "change", "make", "first"]


def test_a_file_that_is_there_and_a_file_that_has_changed_are_conflicts(gitcode: GitCode, ship: str) -> None:
    with pytest.raises(Conflict, match="already exist"):
        gitcode.create_file(ship, "docs/0.md", b"new", message="m")
    with pytest.raises(Conflict):
        gitcode.update_file(ship, "docs/0.md", b"new", sha="0" * 39 + "1", message="m")

    assert gitcode.raw(ship, "docs/0.md") == b"# 0\n"


def test_a_branch_is_made_listed_told_and_deleted(gitcode: GitCode, ship: str) -> None:
    made = gitcode.create_branch(ship, "fix/7", start="main")

    assert made.name == "fix/7"
    assert sorted(branch.name for branch in gitcode.branches(ship)) == ["fix/7", "main"]
    assert gitcode.branch(ship, "fix/7").commit.id == made.commit.sha
    with pytest.raises(Conflict):
        gitcode.create_branch(ship, "fix/7", start="main")
    gitcode.delete_branch(ship, "fix/7")
    assert [branch.name for branch in gitcode.branches(ship)] == ["main"]


def test_a_tag_is_made_listed_and_deleted(gitcode: GitCode, ship: str) -> None:
    made = gitcode.create_tag(ship, "v1.0/rc", start="main", message="one")

    [listed] = gitcode.tags(ship)
    assert (listed.name, (listed.message or "").strip(), listed.commit.sha) == ("v1.0/rc", "one", made.commit.sha)
    gitcode.delete_tag(ship, "v1.0/rc")
    assert list(gitcode.tags(ship)) == []


# --- settings


def test_modules_are_switched(gitcode: GitCode, ship: str) -> None:
    gitcode.set_modules(ship, ModuleChange(has_wiki=False))

    assert (gitcode.repository(ship).has_wiki, gitcode.repository(ship).has_issue) == (False, True)
    with pytest.raises(MatouError):
        gitcode.set_modules("harbour/no-such", ModuleChange(has_wiki=False))


def test_push_rules_are_set_and_told(gitcode: GitCode, ship: str) -> None:
    set_ = gitcode.set_push_rules(
        ship, PushRuleChange(max_file_size=7, commit_message_regex="^fix", deny_force_push=True)
    )

    assert gitcode.push_rules(ship) == set_
    assert (set_.max_file_size, set_.commit_message_regex, set_.deny_force_push) == (7, "^fix", True)


def test_repository_settings_are_set_and_told(served: Served, gitcode: GitCode, ship: str) -> None:
    dora = served.harbour.people["dora"].id

    set_ = gitcode.set_repository_settings(
        ship,
        RepositorySettingsChange(
            disable_fork=True, branch_name_regex="^[a-z]+$", forbidden_developer_create_branch_user_ids=[dora]
        ),
    )

    assert gitcode.repository_settings(ship) == set_
    assert (set_.disable_fork, set_.branch_name_regex) == (True, "^[a-z]+$")
    assert set_.forbidden_developer_create_branch_user_ids == str(dora)


def test_pull_request_settings_and_reviewers_are_set_and_told(served: Served, gitcode: GitCode, ship: str) -> None:
    reviewers = gitcode.set_reviewers(ship, ReviewerChange(assignees=["mei", "dora"], assignees_number=2))
    set_ = gitcode.set_pull_request_settings(
        ship, PullRequestSettingsChange(merge_method=MergeMethod.FAST_FORWARD, can_reopen=False)
    )

    told = gitcode.pull_request_settings(ship)
    assert moment(reviewers.updated_at).tzinfo is not None
    assert told == set_
    assert (told.merge_method, told.merge_request_setting.can_reopen) == ("ff", False)
    assert {person.login for person in told.merge_request_setting.approval_approvers} == {"mei", "dora"}


def test_members_are_the_organizations_or_the_repositorys_own(gitcode: GitCode, ship: str) -> None:
    before = gitcode.members_of(ship)

    gitcode.set_members_of(ship, MembersOf.REPOSITORY)

    assert (before, gitcode.members_of(ship)) == (MembersOf.ORGANIZATION, MembersOf.REPOSITORY)


def test_a_members_role_is_set_and_may_be_customized(served: Served, gitcode: GitCode, ship: str) -> None:
    role = create_role(served.harbour.forge, served.harbour.repository(ship), "测试角色", access_level=15)

    [told] = gitcode.customized_roles(ship)
    pushing = gitcode.set_member_role(ship, "xiao", GitCodeRole.PUSH)
    customized = gitcode.set_member_role(ship, "xiao", GitCodeRole.CUSTOMIZED, customized_role=told.role_id)

    assert (told.role_id, told.role_name, told.access_level) == (role.id, "测试角色", 15)
    assert (pushing.login, pushing.permissions.push) == ("xiao", True)
    assert customized.permissions.customized is True


# --- people


def test_a_star_and_a_watch_are_given_seen_and_taken_back(gitcode: GitCode, ship: str) -> None:
    gitcode.star(ship)
    gitcode.watch(ship)

    assert (gitcode.has_starred(ship), gitcode.is_watching(ship)) == (True, True)
    assert [person.login for person in gitcode.stargazers(ship)] == ["chen"]
    assert [person.login for person in gitcode.subscribers(ship)] == ["chen"]
    assert ship in [repository.full_name for repository in gitcode.starred()]
    assert ship in [repository.full_name for repository in gitcode.watched()]
    gitcode.unstar(ship)
    gitcode.unwatch(ship)
    assert (gitcode.has_starred(ship), gitcode.is_watching(ship)) == (False, False)
    assert list(gitcode.stargazers(ship)) == []


def test_stars_are_told_by_when_they_were_given(gitcode: GitCode, ship: str) -> None:
    gitcode.star(ship)
    [star] = gitcode.stargazers(ship)
    at = moment(star.starred_at)

    assert [row.login for row in gitcode.stargazers(ship, starred_after=at - timedelta(minutes=1))] == ["chen"]
    assert list(gitcode.stargazers(ship, starred_after=at + timedelta(minutes=1))) == []


def test_files_are_uploaded_as_form_and_as_base64(gitcode: GitCode, ship: str) -> None:
    image, file = gitcode.upload_image(ship, "图.png", PNG), gitcode.upload_file(ship, '码"头.txt', b"hello\n")

    assert (image.success, file.success) == (True, True)
    assert image.path.startswith("uploads/")
    assert file.full_path.startswith("http")


def test_what_happened_is_told_latest_first(gitcode: GitCode, ship: str) -> None:
    for number in range(3):
        gitcode.create_branch(ship, f"fix-{number}", start="main")
    gitcode.star(ship)

    events = list(gitcode.events(ship, kind=EventFilter.ALL))

    assert len(events) >= 4
    assert [moment(event.created_at) for event in events] == sorted(
        (moment(event.created_at) for event in events), reverse=True
    )
    assert {event.author_username for event in events} == {"chen"}
    assert list(gitcode.events(ship, author="nobody")) == []


def test_events_of_several_pages_come_once_each(gitcode: GitCode, ship: str) -> None:
    for _ in range(55):
        gitcode.star(ship)
        gitcode.unstar(ship)

    assert len(list(gitcode.events(ship))) >= 110


def test_downloads_are_counted_by_the_day(gitcode: GitCode, ship: str) -> None:
    today = datetime.now(UTC).date()

    told = gitcode.download_statistics(ship, start=today - timedelta(days=3), end=today, ascending=True)

    days = [row.pdate for row in told.download_statistics_detail]
    assert days == sorted(days)
    assert len(days) == 4
    assert told.download_statistics_total == sum(row.today_dl_cnt for row in told.download_statistics_detail)


# --- repositories


def test_whom_the_token_stands_for_and_who_somebody_is(gitcode: GitCode) -> None:
    me, other = gitcode.user(), gitcode.find_user("dora")

    assert (me.login, other.login) == ("chen", "dora")
    assert me.id != other.id


def test_a_repository_is_made_changed_told_and_deleted(gitcode: GitCode) -> None:
    name = f"made-{secrets.token_hex(4)}"

    made = gitcode.create_repository(name, private=True, auto_init=True, description="码头")
    changed = gitcode.update_repository(
        f"chen/{name}", description="new", homepage="https://example.org", private=False
    )
    told = gitcode.repository(f"chen/{name}")

    assert (made.full_name, made.private, made.description) == (f"chen/{name}", True, "码头")
    assert (changed.description, changed.private) == ("new", False)
    assert (told.homepage, told.public, told.default_branch) == ("https://example.org", True, "main")
    assert [row.name for row in gitcode.branches(f"chen/{name}")] == ["main"]
    gitcode.delete_repository(f"chen/{name}")
    with pytest.raises(NotFound):
        gitcode.repository(f"chen/{name}")


def test_a_repository_of_an_organization_is_made_and_its_default_branch_moves(gitcode: GitCode) -> None:
    name = f"made-{secrets.token_hex(4)}"

    made = gitcode.create_repository(name, organization="harbour", private=True, auto_init=True)
    gitcode.create_branch(made.full_name, "dev", start="main")
    changed = gitcode.update_repository(made.full_name, default_branch="dev")

    assert made.namespace.path == "harbour"
    assert changed.default_branch == "dev"


def test_a_name_that_is_taken_is_a_conflict(gitcode: GitCode, ship: str) -> None:
    with pytest.raises(Conflict):
        gitcode.create_repository(ship.partition("/")[2], organization="harbour")


def test_repositories_are_listed_by_whom_they_belong_to(served: Served, gitcode: GitCode, ship: str) -> None:
    public = f"chen/public-{secrets.token_hex(4)}"
    served.harbour.add_repository(public, visibility=Visibility.PUBLIC)

    assert {ship, public, "harbour/light"} <= {row.full_name for row in gitcode.my_repositories()}
    assert ship in {row.full_name for row in gitcode.repositories_of_organization("harbour")}
    assert public in {row.full_name for row in gitcode.repositories_of("chen")}
    assert public in {row.full_name for row in served.client("xiao").repositories_of("chen")}


def test_a_repository_is_archived_and_opened_again(gitcode: GitCode, ship: str) -> None:
    gitcode.archive_repository(ship)
    with pytest.raises(MatouError):
        gitcode.create_file(ship, "new", b"new", message="m")
    archived = gitcode.repository(ship)

    gitcode.reopen_repository(ship, password=Secret(PASSWORD))

    assert archived.status == "关闭"
    assert gitcode.repository(ship).status == "开始"


def test_a_fork_is_made_and_listed(gitcode: GitCode, ship: str) -> None:
    name = f"fork-{secrets.token_hex(4)}"

    fork = gitcode.fork(ship, name=name, path=name)

    assert fork.full_name == f"chen/{name}"
    assert fork.parent
    assert fork.parent.full_name == ship
    assert [row.full_name for row in gitcode.forks(ship, order=ForkSort.NEWEST)] == [f"chen/{name}"]
    assert gitcode.raw(f"chen/{name}", "docs/0.md") == b"# 0\n"


def test_a_repository_is_transferred_both_ways(served: Served, gitcode: GitCode, ship: str) -> None:
    name, target = ship.partition("/")[2], f"quay-{secrets.token_hex(4)}"
    create_organization(served.harbour.forge, target, owner=served.harbour.people["chen"])

    transferred = gitcode.transfer_repository(ship, new_owner=target, new_name=f"{name}-2")
    gitcode.transfer_to_organization(f"{target}/{name}-2", organization="harbour", password=Secret(PASSWORD))

    assert (transferred.new_owner, transferred.new_name) == (target, f"{name}-2")
    assert gitcode.repository(f"harbour/{name}-2").full_name == f"harbour/{name}-2"


# --- failures


def test_failures_are_of_the_kinds_that_say_what_can_be_done(served: Served, gitcode: GitCode, ship: str) -> None:
    with pytest.raises(CredentialRefused):
        GitCode("f00d" * 10, served.url).user()
    with pytest.raises(NotFound):
        gitcode.push_rules("harbour/no-such")
    with pytest.raises(NotFound):
        served.client("xiao").push_rules(ship)
    with pytest.raises(Refused):
        served.client("rui").create_branch(ship, "x", start="main")
    with pytest.raises(CredentialRefused):
        served.client(None).user()
    with pytest.raises(NotFound):
        gitcode.commit(ship, "no-such")


def test_an_outsider_reads_what_is_public_without_a_token(served: Served) -> None:
    assert served.client(None).raw("harbour/light", "README.md") == "# 渡船\n".encode()


def test_a_member_of_no_repository_sees_none(served: Served) -> None:
    add_member(served.harbour.forge, served.harbour.organization, served.harbour.people["gu"], StandardRole.GUEST)

    assert "harbour/ferry" in {row.full_name for row in served.client("gu").my_repositories()}
    assert "harbour/ferry" not in {row.full_name for row in served.client("xiao").my_repositories()}
