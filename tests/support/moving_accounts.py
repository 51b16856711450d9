"""A team's account at each platform, of which a story is told, and that moves, refuses and loses while it is saved."""

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matou.model.names import RepositoryPath
from support import coding_source, gitcode_source, gitee_source
from support.coding_metadata import milliseconds
from support.coding_source import REFUSED, CodingSource, failure, running_coding_source
from support.coding_story import PICTURE_PATH, issue, tell_story
from support.commits import commit_in
from support.conversation_gateway import converse_before
from support.conversation_story import PICTURE, Story
from support.deciding import create_repository
from support.fault_proxy import FaultProxy, Rule, Status
from support.gitcode_conversation import GitCodeConversation, GitCodeTalk
from support.gitee_conversation import GiteeConversation, Talk
from support.gitee_gateway import Gitee, GiteeGateway, port_of
from support.matou_server import MatouServer
from support.program import Ended, Person
from support.v5_account import Answer

OF_RUNS = frozenset({"README.md", "about.json"})
"""Which tell when it was saved."""

NEVER: frozenset[int] = frozenset()


@dataclass
class MovingAccount(ABC):
    """Somebody's, who saves it with the program. Its lists have pages of two rows.

    Attributes:
        issues: the metadata repository that has them.
        commented: the issue there of which a comment is edited silently.
        deleted: those that went while the list was read, after they had come.
        failures: what a person is told of what fails in the middle.
    """

    person: Person
    url: str
    token: str
    platform: str
    issues: str
    commented: str
    deleted: tuple[str, ...]
    failures: tuple[str, ...]

    def back_up(self, archive: Path, *options: str, code: int | None = 0) -> Ended:
        words: tuple[str | Path, ...] = (
            "backup",
            self.platform,
            "--url",
            self.url,
            "--to",
            archive,
            "--jobs",
            "1",
            *options,
        )
        return self.person.matou(*words, code=code, **{f"MATOU_{self.platform.upper()}_TOKEN": self.token})

    @abstractmethod
    def move_while_it_is_read(self) -> None:
        """After the first page of issues one of it is deleted, one edited, one is new; the author of another leaves.

        The numbers of issues have gaps, and one request is answered that there were too many.
        """

    @abstractmethod
    def has_moved(self) -> bool:
        """Whether all of that has happened."""

    @abstractmethod
    def edit_silently(self) -> None:
        """A comment is edited, and no time moves."""

    @abstractmethod
    def tell_more(self) -> None:
        """An issue is new, with a picture, another one is edited, and so is a change request."""

    @abstractmethod
    def fail_in_the_middle(self, elsewhere: str) -> None:
        """A list, or the rest of one, is refused, a part of an item is not there, and a picture leads elsewhere."""

    @abstractmethod
    def mend(self) -> None:
        """All is well again."""


def documents_in(archive: Path) -> dict[str, str]:
    """Every file of every metadata repository, but for what tells of runs, with what its content is called."""
    found = {}
    for head in (archive / "metadata").rglob("HEAD"):
        command = ["git", "-C", str(head.parent), "ls-tree", "-rz", "main"]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        for row in printed.rstrip("\0").split("\0"):
            answered_with, _, path = row.partition("\t")
            if path not in OF_RUNS:
                found[f"{head.parent.stem}/{path}"] = answered_with.rpartition(" ")[2]
    return found


def documents_with(archive: Path, text: str) -> list[str]:
    """The files of metadata repositories that have it."""
    found = []
    for head in (archive / "metadata").rglob("HEAD"):
        command = ["git", "-C", str(head.parent), "grep", "-lzF", text, "main"]
        printed = subprocess.run(command, capture_output=True, text=True).stdout
        found += [f"{head.parent.stem}/{path.partition(':')[2]}" for path in printed.split("\0") if path]
    return sorted(found)


PNG_ANSWER = Answer(200, PICTURE, {"Content-Type": "image/png"})


@dataclass
class V5Moving(MovingAccount):
    account: Any
    path: str
    limit: Rule
    new_numbers: list[int | str]

    @property
    def talk(self) -> Any:
        return self.account.talks[self.path]

    def has_moved(self) -> bool:
        return not self.account.then

    def move_while_it_is_read(self) -> None:
        self.limit.at = frozenset([self.limit.matched + 1])
        self.account.then["/issues"] = self._move

    def _move(self) -> None:
        first, _, third = self.talk.issues
        first |= {"title": "在读的时候改了", "updated_at": "2023-04-01T10:00:00+08:00"}
        third |= {"user": None}
        self.talk.issues[1:2] = []
        self.talk.issues.append(self.new_issue("2023-04-02T10:00:00+08:00"))

    def new_issue(self, at: str) -> dict[str, Any]:
        row: dict[str, Any] = self.account.issue(
            self.path, self.new_numbers.pop(0), title="新的", created_at=at, updated_at=at
        )
        return row

    def edit_silently(self) -> None:
        self.talk.issue_comments[0]["body"] = "悄悄改了"

    def tell_more(self) -> None:
        at = "2023-05-01T10:00:00+08:00"
        self.talk.issues.append(self.new_issue(at))
        self.talk.issues[0] |= {"title": "又改了", "updated_at": at}
        folder = self.picture_folder
        self.account.pictures |= {f"{folder}/{name}.png": PNG_ANSWER for name in ("新", "旧")}
        shown = "".join(f"![]({self.url}{folder}/{name}.png?Signature=abc)" for name in ("新", "旧"))
        self.talk.pulls[1] |= {"body": shown, "updated_at": at}

    @property
    def picture_folder(self) -> str:
        return {"gitee": "/images", "gitcode": "/user-images/assets/1/ab"}[self.platform]

    @property
    def _part(self) -> str:
        return {"gitee": "releases/1/attach_files", "gitcode": "pulls/3/comments"}[self.platform]

    def fail_in_the_middle(self, elsewhere: str) -> None:
        self.account.then["/issues"] = lambda: self.account.refused.add("/issues")
        self.account.always[f"/repos/{self.path}/{self._part}"] = Answer(404, b'{"message": "404 Not Found"}')
        self.account.pictures |= {
            f"{self.picture_folder}/新.png": Answer(302, b"", {"Location": elsewhere}),
            f"{self.picture_folder}/旧.png": Answer(403, b"Request has expired"),
        }

    def mend(self) -> None:
        self.account.then.clear()
        self.account.refused.clear()
        self.account.always.clear()
        self.account.pictures |= {f"{self.picture_folder}/{name}.png": PNG_ANSWER for name in ("新", "旧")}


@contextmanager
def moving_gitcode(server: MatouServer, person: Person) -> Iterator[MovingAccount]:
    with closing(FaultProxy(server.url)) as proxy:
        limit = proxy.add(Status(429, {"Retry-After": "1"}), path=r"/issues\?", at=NEVER)
        account, owner = GitCodeConversation(largest_page=2), server.user()
        converse_before(proxy, account, gitcode_source.TOKEN, GitCodeTalk)
        path, token = f"{owner.name}/crane", server.token(owner).reveal()
        create_repository(server.forge, RepositoryPath.parse(path), creator=owner)
        account.tell(path, Story(f"{proxy.url}/user-images/assets/1/ab/吊车.png"))
        yield V5Moving(
            person, proxy.url, token, "gitcode", "crane", "issues/0000/2.json", ("issues/0000/5.json",),
            ("issues of", "403 Forbidden", "change requests of", "404 Not Found", "2 are missing at the source"),
            account, path, limit, [40, 77],
        )  # fmt: skip


@contextmanager
def moving_gitee(server: MatouServer, person: Person) -> Iterator[MovingAccount]:
    with closing(FaultProxy(server.url)) as proxy:
        limit = proxy.add(Status(429, {"Retry-After": "1"}), path=r"/issues\?", at=NEVER)
        account, gateway = GiteeConversation(largest_page=2), GiteeGateway(server.url)
        converse_before(proxy, account, gitee_source.TOKEN, Talk)
        proxy.add(gateway, path=r"\A/api/v5/|\.wiki\.git/")
        port = port_of(Gitee(proxy, gateway), server, person)
        path = f"{port.owner.name}/crane"
        port.add(path, {"a": "吊车"})
        account.tell(path, Story(f"{proxy.url}/images/吊车.png"))
        yield V5Moving(
            person, proxy.url, port.token, "gitee", "crane", "issues/I6D/I6D3AV.json", ("issues/I6D/I6D3B0.json",),
            ("issues of", "没有权限", "releases of", "404 Not Found", "2 are missing at the source"),
            account, path, limit, ["I6D4A0", "I6E777"],
        )  # fmt: skip


@dataclass
class CodingMoving(MovingAccount):
    source: CodingSource

    @property
    def talk(self) -> Any:
        return self.source.metadata.projects["boats"]

    def move_while_it_is_read(self) -> None:
        self.source.fail("DescribeIterationList", failure("RequestLimitExceeded", "too many requests"))
        self.source.before["DescribeIssueListWithPage"] = lambda number: self._move() if number == 2 else None
        self.source.before["GET /cos/702.bin"] = lambda number: self._expire() if number == 1 else None

    def has_moved(self) -> bool:
        return 7 in self.talk.issues and self.source.metadata.signature == 2

    def _expire(self) -> None:
        self.source.metadata.expire_signatures()

    def _move(self) -> None:
        del self.talk.issues[1]
        at = milliseconds("2025-04-01 10:00")
        self.talk.issues[2] |= {"Name": "在读的时候改了", "UpdatedAt": at}
        self.talk.issues[7] = issue(7, "新的", UpdatedAt=at)

    def edit_silently(self) -> None:
        self.talk.comments[5][0] |= {"RawContent": "悄悄改了"}

    def tell_more(self) -> None:
        at = milliseconds("2025-05-01 10:00")
        self.talk.issues[40] = issue(40, "新的", UpdatedAt=at)
        self.talk.issues[2] |= {"Name": "又改了", "UpdatedAt": at}
        self.source.metadata.files[750] = PICTURE
        merge = self.source.metadata.depots[5000].merges[2]
        merge |= {"Describe": f"![]({PICTURE_PATH.format(750)})", "UpdateAt": at}

    def fail_in_the_middle(self, elsewhere: str) -> None:
        second = len(self.source.requested("DescribeIssueCommentList")) + 2
        self.source.before |= {
            "DescribeIssueCommentList": lambda number: self._lose_issue() if number == second else None,
            "DescribeGitReleases": lambda _: self.source.fail("DescribeGitReleases", REFUSED),
        }
        self.source.metadata.moved[750] = elsewhere

    def _lose_issue(self) -> None:
        self.source.fail("DescribeIssueCommentList", failure("ResourceNotFound", "issue_not_exist"))

    def mend(self) -> None:
        self.source.before.clear()
        self.source.metadata.moved.clear()


@contextmanager
def moving_coding(person: Person, repository: Path) -> Iterator[MovingAccount]:
    with running_coding_source() as source:
        source.team_host = f"{source.origin}/harbour"
        source.metadata.largest_page = 2
        tell_story(source)
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(repository)], check=True)
        commit_in(repository, {"README.md": "# 渡船\n".encode()}, "下水", at=1_700_000_000, branch="main")
        source.git["/harbour/boats/ferry.git"] = repository
        # What a list of CODING's gives is known once it stood still, so that the one that went is never read.
        yield CodingMoving(
            person, source.url, coding_source.TOKEN, "coding", "boats", "issues/0000/5.json", (),
            ("issues of boats", "issue_not_exist", "releases of", "give the token the scopes", "1 is missing"), source,
        )  # fmt: skip


@contextmanager
def moving_account(platform: str, server: MatouServer, person: Person, repository: Path) -> Iterator[MovingAccount]:
    """One of three; `repository` is where CODING's code is made."""
    running = {
        "coding": lambda: moving_coding(person, repository),
        "gitee": lambda: moving_gitee(server, person),
        "gitcode": lambda: moving_gitcode(server, person),
    }
    with running[platform]() as account:
        yield account
