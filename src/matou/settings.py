"""The environment, read once. Nothing else reads an environment variable."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, Self

from matou.errors import Invalid, Phrase

CGROUPS: Final = Path("/sys/fs/cgroup")
CGROUP_OF_PROCESS: Final = Path("/proc/self/cgroup")
MEBIBYTE = 1024 * 1024


class InvalidSetting(Invalid):
    """An environment variable, or an option of the same kind, that does not mean what it should."""


ADVICE_ON_CERTIFICATES = Phrase(
    "if it is your own server, name the file of its authority's certificate (PEM) in MATOU_CA_FILE; otherwise do not go"
    " on: somebody may stand between you and the server"
)
PROXY_VARIABLES = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})


@dataclass(frozen=True, slots=True)
class SshSettings:
    """What ssh is told of this person's: nothing else of theirs is read.

    Attributes:
        home: of the person; ssh asks the system for it all the same.
        agent: the socket of one that holds keys (SSH_AUTH_SOCK).
        key: the only key that is shown (MATOU_SSH_KEY); None for the usual ones in `~/.ssh`.
        known_hosts: the only file of servers' keys that is believed (MATOU_SSH_KNOWN_HOSTS); None for the usual ones.
        config: a file of ssh's own options (MATOU_SSH_CONFIG).
    """

    home: str = ""
    agent: str = ""
    key: Path | None = None
    known_hosts: Path | None = None
    config: Path | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """How this machine reaches others.

    Attributes:
        proxies: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` as far as they are set, in lower case, which
            alone every program reads; a value may hold a password.
        authorities: certificates to trust besides the system's.
        ssh: what ssh goes by.
    """

    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)
    authorities: Path | None = None
    ssh: SshSettings = field(default_factory=SshSettings)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says, or what holds where it says nothing.

    Attributes:
        language: `zh` or `en`, from LC_ALL, LC_MESSAGES, LANG in that order, as POSIX has it.
        database_url: SQLAlchemy's form; None for SQLite in the archive (MATOU_DATABASE_URL).
        authorities: certificates to trust besides the system's, for outbound requests (MATOU_CA_FILE).
        git_memory_bytes: address space of one git child (MATOU_GIT_MEMORY_MB).
        processors: how many this process may use, also by the quota of a container.
        imports_may_reach_private: people may have the server import from private addresses (MATOU_IMPORT_PRIVATE=1).
        checks_pushes_strictly: a push with what old tools wrote wrong is refused (MATOU_STRICT_PUSHES=1).
        bucket_links: where clients get LFS objects of an archive in a bucket from (MATOU_BUCKET_LINKS): None for this
            server, empty for the bucket's, else another address of that.
        environment: everything, for tokens that are named by platform (MATOU_CODING_TOKEN).
    """

    language: str
    database_url: str | None
    authorities: Path | None
    git_memory_bytes: int
    processors: int
    imports_may_reach_private: bool
    checks_pushes_strictly: bool
    bucket_links: str | None
    environment: Mapping[str, str]

    @property
    def proxy_variables(self) -> Mapping[str, str]:
        """HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY in either case, and nothing else."""
        return {name: value for name, value in self.environment.items() if name.lower() in PROXY_VARIABLES}

    @property
    def network(self) -> Network:
        """For programs that are started: a lower-case variable outranks its twin in capitals."""
        variables = self.proxy_variables
        proxies = {name.lower(): variables.get(name.lower()) or value for name, value in variables.items()}
        return Network(proxies, self.authorities, self.ssh)

    @property
    def ssh(self) -> SshSettings:
        return SshSettings(
            home=self.environment.get("HOME", ""),
            agent=self.environment.get("SSH_AUTH_SOCK", ""),
            key=_file(self.environment, "MATOU_SSH_KEY"),
            known_hosts=_file(self.environment, "MATOU_SSH_KNOWN_HOSTS"),
            config=_file(self.environment, "MATOU_SSH_CONFIG"),
        )

    @classmethod
    def of_process(cls) -> Self:
        return cls.from_environment(os.environ)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        return cls(
            language=language_of(environment),
            database_url=environment.get("MATOU_DATABASE_URL") or None,
            authorities=_file(environment, "MATOU_CA_FILE"),
            git_memory_bytes=_whole_number(environment, "MATOU_GIT_MEMORY_MB", default=4096) * MEBIBYTE,
            processors=_processors(),
            imports_may_reach_private=_yes(environment, "MATOU_IMPORT_PRIVATE"),
            checks_pushes_strictly=_yes(environment, "MATOU_STRICT_PUSHES"),
            bucket_links=_links(environment, "MATOU_BUCKET_LINKS"),
            environment=environment,
        )


def language_of(environment: Mapping[str, str]) -> str:
    """`zh` or `en`."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name)
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


@cache
def process_language() -> str:
    """The language of this process, for texts that are made before any settings are."""
    return language_of(os.environ)


def process_variable(name: str) -> str:
    """A variable of this process that is read before any settings are; empty where it is not set."""
    return os.environ.get(name, "")


def _whole_number(environment: Mapping[str, str], name: str, *, default: int) -> int:
    text = environment.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise InvalidSetting("{name} is {value}, which is not a whole number above zero", name=name, value=repr(text))
    return int(text)


def _yes(environment: Mapping[str, str], name: str) -> bool:
    text = environment.get(name, "")
    if text not in ("", "0", "1"):
        raise InvalidSetting("{name} is {value}, which is neither 1 nor 0", name=name, value=repr(text))
    return text == "1"


def _links(environment: Mapping[str, str], name: str) -> str | None:
    text = environment.get(name, "")
    if text in ("", "0"):
        return None
    if text != "1" and not text.startswith(("https://", "http://")):
        raise InvalidSetting(
            "{name} is {value}, which is neither 1 nor 0 nor the address of a server", name=name, value=repr(text)
        )
    return "" if text == "1" else text


def _file(environment: Mapping[str, str], name: str) -> Path | None:
    text = environment.get(name)
    return Path(text).expanduser() if text else None


def _processors() -> int:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([count, *processor_quotas(CGROUPS, CGROUP_OF_PROCESS)])


def processor_quotas(cgroups: Path, of_process: Path) -> Iterator[int]:
    """How many processors' time each control group allows that this process is in; of Linux, version 2.

    Args:
        cgroups: where they are mounted.
        of_process: says which one it is in, as `0::/path`.
    """
    try:
        lines = of_process.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return
    paths = [Path(line.removeprefix("0::/")) for line in lines if line.startswith("0::/")]
    for group in {each for path in paths if ".." not in path.parts for each in (path, *path.parents)}:
        try:
            quota, _, period = (cgroups / group / "cpu.max").read_text().strip().partition(" ")
        except (OSError, UnicodeDecodeError):
            continue
        if quota.isascii() and period.isascii() and quota.isdigit() and period.isdigit() and int(period):
            yield max(1, -(-int(quota) // int(period)))
