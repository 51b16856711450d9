"""A repository's wiki is a repository beside it, `NAME.wiki.git`, that is there once somebody has written a page."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from matou.concurrency import WorkerPool
from matou.credentials import GitCredential
from matou.errors import MatouError, Phrase
from matou.http.git_http import HEAD_FILE, UPLOAD_PACK, LogInRefused, SmartHttp
from matou.http.responses import AnsweredNotFound, AnsweredRefused
from matou.http.session import Session
from matou.model.platform import Inaccessible, RemoteRepository, wiki_id

AT_REQUEST = 8
"""How many wikis are asked for at a time: git's addresses are outside the API's limit."""

DOT_GIT = ".git"
FORBIDDEN = 403
NOT_THERE = (404, 410)
NOTHING_ADVERTISED = b"001e# service=git-upload-pack\n0000"
"""Gitea says so, with a status of success, of a wiki that is not there: even an empty repository says more."""
GIT_ADDRESS = "/info/refs"
"""What is said elsewhere, where a redirect led, is said of a page to log in."""


@dataclass(frozen=True, slots=True)
class Wikis:
    """Finds out which repositories have one.

    Attributes:
        note: is told of wikis that could not be asked for.
        by_file: ask for the file HEAD, where the server gives that of a repository, as git's old protocol has it: no
            git is started for it. Gitea 1.26 answers 500 where git is to advertise a wiki that is not there.
    """

    session: Session
    credential: GitCredential
    note: Callable[[Inaccessible], None]
    by_file: bool = False

    def of(self, repositories: Iterable[RemoteRepository]) -> Iterator[RemoteRepository]:
        """Ask git's own address of each, since the API does not say.

        Raises:
            MatouError: after all that could be asked for: the server failed, or gave an answer that does not say
                whether a wiki is there, or the session was cancelled.
        """
        git = SmartHttp(self.session, credential=self.credential)
        faults: list[MatouError] = []
        wikis = [wiki_of(repository) for repository in repositories if repository.clone_url.endswith(DOT_GIT)]

        by_file = bool(self.by_file and wikis and _gives_files(git, wikis[0]))

        def is_there(wiki: RemoteRepository) -> bool:
            try:
                return _is_there(git, wiki, by_file=by_file)
            except LogInRefused as refusal:
                self.note(Inaccessible(Phrase("wikis"), refusal.fact, may_hide=True))
                return False
            except MatouError as fault:
                faults.append(fault)
                return False

        there = WorkerPool().map(AT_REQUEST, is_there, wikis)
        yield from (wiki for wiki, is_one in zip(wikis, there, strict=True) if is_one)
        if faults:
            raise faults[0]


def wiki_of(repository: RemoteRepository) -> RemoteRepository:
    return replace(
        repository,
        id=wiki_id(repository.id),
        name=f"{repository.name}.wiki",
        description="",
        clone_url=f"{repository.clone_url.removesuffix(DOT_GIT)}.wiki{DOT_GIT}",
        ssh_url=repository.ssh_url and f"{repository.ssh_url.removesuffix(DOT_GIT)}.wiki{DOT_GIT}",
        last_push_at=None,
        default_branch=None,
    )


def _gives_files(git: SmartHttp, wiki: RemoteRepository) -> bool:
    """Of the repository that is beside a wiki, there or not."""
    try:
        return git.has_head(f"{wiki.clone_url.removesuffix(f'.wiki{DOT_GIT}')}{DOT_GIT}")
    except MatouError:
        return False


def _is_there(git: SmartHttp, wiki: RemoteRepository, *, by_file: bool) -> bool:
    """Say whether a wiki is there. A redirect, or a page instead of git, has not said that it is not.

    GitCode answers 403 for what is not there. 401 and other odd answers are about the credential or the server.
    """
    try:
        if by_file and git.has_head(wiki.clone_url):
            return True
        return git.advertise(wiki.clone_url, UPLOAD_PACK) != NOTHING_ADVERTISED
    except (AnsweredNotFound, AnsweredRefused) as refusal:
        says_no = refusal.answer.status in (FORBIDDEN, *NOT_THERE)
        request = str(refusal.values["request"])
        if says_no and (GIT_ADDRESS in request or request.endswith(f"{DOT_GIT}{HEAD_FILE}")):
            return False
        raise
