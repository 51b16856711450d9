"""What the rest of the program knows of a platform: one record, which each platform's folder has as `PLATFORM`.

Nothing that asks anybody is imported here: help texts and completion read these records, too.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol, TypeAlias
from urllib.parse import urlsplit

from matou.credentials import GitCredential, Secret
from matou.errors import Phrase
from matou.http.rate_limit import UNLIMITED, RateLimit
from matou.http.retry import DEFAULT_POLICY, RetryPolicy, WaitListener
from matou.model.fidelity import FidelityTable, MigratedKind, MigrationMethod

if TYPE_CHECKING:
    from matou.http.session import Session
    from matou.model.metadata_targets import MetadataRules
    from matou.platforms.base.importer import ImportingTarget
    from matou.platforms.base.metadata import OpenMetadata
    from matou.platforms.base.metadata_target import OpenMetadataTarget
    from matou.platforms.base.source import RecordSink, Source
    from matou.platforms.base.target import MigrationTarget
    from matou.settings import Settings

Clock: TypeAlias = Callable[[], datetime]
"""Tells the time, aware and in UTC."""


class PasswordUse(Enum):
    """What an account's password opens."""

    NOTHING = auto()
    GIT = auto()
    API = auto()


class OpenSource(Protocol):
    def __call__(
        self, session: "Session", url: str, token: Secret, record: "RecordSink", /, *, now: Clock
    ) -> "Source": ...


class OpenWiderSource(Protocol):
    def __call__(
        self,
        session: "Session",
        url: str,
        token: Secret,
        record: "RecordSink",
        /,
        *,
        now: Clock,
        lists: Sequence[str],
    ) -> "Source": ...


@dataclass(frozen=True, slots=True)
class RepositoryLists:
    """Lists of repositories that are not an account's own, of `model.metadata.kinds.REPOSITORY_LISTS`.

    Attributes:
        open: an account whose lists of these names are read, too.
    """

    names: tuple[str, ...]
    open: OpenWiderSource


class OpenSelection(Protocol):
    def __call__(self, session: "Session", urls: Sequence[str], credential: GitCredential | None, /) -> "Source": ...


@dataclass(frozen=True, slots=True)
class RepositorySelection:
    """Repositories that a person names one by one, where there is no account that would list them.

    Attributes:
        by_server: judges the addresses of repositories, and gives them by the address of their server, which is what a
            credential belongs to. Raises Invalid.
        open: those of one server.
    """

    by_server: Callable[[Iterable[str]], Mapping[str, Sequence[str]]]
    open: OpenSelection


class OpenTarget(Protocol):
    def __call__(self, session: "Session", url: str, token: Secret, *, now: Clock) -> "MigrationTarget": ...


class OpenImporter(Protocol):
    def __call__(self, session: "Session", url: str, token: Secret, *, now: Clock) -> "ImportingTarget": ...


class ForeseeFidelity(Protocol):
    def __call__(
        self, session: "Session", url: str, token: Secret, namespace: str, /, *, now: Clock
    ) -> FidelityTable: ...


class Whoami(Protocol):
    def __call__(self, session: "Session", url: str, token: Secret, *, now: Clock) -> str:
        """The name of whom a token stands for. Raises MatouError; BadCredential where it is not good."""


class CheckPassword(Protocol):
    def __call__(self, session: "Session", url: str, user: str, password: Secret, *, now: Clock) -> Secret | None:
        """The token that is given for a password, where one is. Raises as `Whoami` does.

        Args:
            url: of the API; of a repository, where a password opens git alone.
        """


def _user_and_token(user: str, token: Secret) -> GitCredential:
    return GitCredential(user, token)


@dataclass(frozen=True, slots=True)
class OfficialInstance:
    """One place where a platform itself is.

    Attributes:
        api: the address of its API.
        git: the origin of its repositories, where that is another.
        hosts: the names that belong to it; one with a dot before it stands for all that is below.
        pages: those of them that have pages and git, and no API.
    """

    api: str
    hosts: frozenset[str]
    git: str = ""
    pages: frozenset[str] = frozenset()

    def has(self, host: str) -> bool:
        return host in self.hosts or any(name.startswith(".") and host.endswith(name) for name in self.hosts)


@dataclass(frozen=True, slots=True)
class TokenPage:
    """Where a person makes a token, and what it must be allowed to."""

    url: str
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """By what a server that is nobody's official one is known to speak a platform's API, asked once and as nobody.

    Attributes:
        path: of its address, behind the server's own.
        status: with which it answers; an object of JSON that has `key`.
    """

    path: str
    key: str
    status: int = 200


@dataclass(frozen=True, slots=True)
class PagePaths:
    """How the addresses of a platform's pages name what they show: a team, a project, a repository.

    Attributes:
        before: words that stand before the name of who owns repositories.
        is_always: one of them stands there always.
        longest: how many names make up the longest path; None where groups nest.
    """

    before: frozenset[str] = frozenset()
    is_always: bool = False
    longest: int | None = 2

    def name_in(self, path: str) -> str:
        """The path of what a page shows; empty where it shows nothing of the kind."""
        names = [name for name in path.partition("/-/")[0].split("/") if name]
        if names and names[0] in self.before:
            return "/".join(names[1 : self.longest and 2])
        return "" if self.is_always else "/".join(names[: self.longest]).removesuffix(".git")


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataSupport:
    """What a platform's record says of its metadata; it stands here, for help texts read the record, too.

    Attributes:
        tells: what there can be of an account's in an archive, by the rows of a migration's table.
        tells_by_option: the rest, which a person has to ask for.
        calls_per_hour: how many the platform grants beside its pace; None where it counts none.
    """

    open: "OpenMetadata"
    tells: frozenset[MigratedKind]
    tells_by_option: frozenset[MigratedKind] = frozenset()
    calls_per_hour: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataTargetSupport:
    """What a platform's record says of writing there what people said; plans read it, too.

    Attributes:
        rules: what it takes, known before a repository is there.
        writes: how often something may be made there, beside the platform's pace for all requests.
        writes_per_hour: how many things may be made in an hour; None where nobody knows of a limit.
        foreseen: how faithfully this token writes to a namespace, where that depends on what it may.
        imports_issues: whether an issue comes in one request with all that was said on it.
    """

    open: "OpenMetadataTarget"
    rules: "Callable[[], MetadataRules]"
    writes: RateLimit = UNLIMITED
    writes_per_hour: int | None = None
    foreseen: ForeseeFidelity | None = None
    imports_issues: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A platform: how a person names it, where it is, and how it is asked.

    Attributes:
        name: what a person types.
        aliases: what else a person may type: programs that speak the same API.
        title: what it calls itself.
        homes: where it is, the usual place first; none for a server that teams run themselves.
        api_path: what the address of its API has behind that of the server, at another server that speaks it.
        token_page: None where nobody but the server's own users knows; a path alone where it has no official place.
        page_paths: how its pages are addressed.
        fingerprint: None where teams run no servers of their own that speak it, or it cannot be told.
        rate: how often the platform itself may be asked.
        retry: how long to go on where it does not answer.
        source: opens an account to read from; None where it cannot be read.
        lists: what else than its own an account's `source` gives where somebody asks for it; None where nothing.
        selection: opens repositories that a person names; None where the platform itself lists them.
        metadata: what can be read of what people said about the code; None where nothing can.
        target: opens an account to write to; None where it cannot be written.
        importer: opens an account to write to that imports by itself from a Matou; None where it does not.
        metadata_target: how what people said is written to a repository there; None where nothing of it can be.
        methods: how what people said can come to it, the best first, each with how faithfully it carries every kind.
        whoami: whether a token is good, and whose it is.
        password: what an account's password opens.
        password_note: what a person may expect of it and does not get.
        check_password: None where a password opens nothing.
        git_credential: what git is told of a user's token.
    """

    name: str
    title: str
    aliases: tuple[str, ...] = ()
    homes: tuple[OfficialInstance, ...] = ()
    api_path: str = ""
    token_page: TokenPage | None = None
    page_paths: PagePaths = PagePaths()
    fingerprint: Fingerprint | None = None
    rate: RateLimit = UNLIMITED
    retry: RetryPolicy = DEFAULT_POLICY
    source: OpenSource | None = None
    lists: RepositoryLists | None = None
    selection: RepositorySelection | None = None
    metadata: MetadataSupport | None = None
    target: OpenTarget | None = None
    importer: OpenImporter | None = None
    metadata_target: MetadataTargetSupport | None = None
    methods: Mapping[MigrationMethod, FidelityTable] = field(default_factory=dict)
    whoami: Whoami
    password: PasswordUse = PasswordUse.NOTHING
    password_note: Phrase | None = None
    check_password: CheckPassword | None = None
    git_credential: Callable[[str, Secret], GitCredential] = field(default=_user_and_token)

    @property
    def address(self) -> str:
        """Of its API, where nothing else is said; empty where there is no such place."""
        return self.homes[0].api if self.homes else ""

    @property
    def token_variable(self) -> str:
        """The environment variable that gives a command a token for it."""
        return f"MATOU_{self.name.upper()}_TOKEN"

    def instance_of(self, host: str) -> OfficialInstance | None:
        """That of its places which a host belongs to."""
        return next((home for home in self.homes if home.has(host.lower())), None)

    def is_at(self, url: str) -> bool:
        """Whether the platform itself is there, and not another server that speaks its API."""
        return self.instance_of(urlsplit(url).hostname or "") is not None

    def open_session(
        self,
        url: str,
        settings: "Settings",
        *,
        now: Clock,
        connections: int = 8,
        rate: RateLimit | None = None,
        retry: RetryPolicy | None = None,
        on_wait: WaitListener | None = None,
    ) -> "Session":
        """A session that keeps to the platform's limits.

        Args:
            rate, retry: other limits than the platform's own, for a person who waits.
        """
        from matou.http.session import open_session

        return open_session(
            url,
            settings,
            now=now,
            rate=rate or self.rate,
            connections=connections,
            retry=retry or self.retry,
            on_wait=on_wait,
        )


Platforms: TypeAlias = Mapping[str, Platform]
