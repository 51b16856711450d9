"""What every git child is told and allowed, as docs/decisions/git-jail.md gives the reasons for."""

import base64
import re
import resource
import shutil
import ssl
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from matou.credentials import GitCredential
from matou.errors import MatouError
from matou.settings import MEBIBYTE, Network

GitSetting = tuple[str, str]

OLDEST_GIT: Final = "2.37"
"""`http.curloptResolve`, which pins the address of what a user named, came with it."""

NO_ENVIRONMENT: Final[Mapping[str, str]] = MappingProxyType({})

_SETTINGS: Final[tuple[GitSetting, ...]] = (
    ("safe.bareRepository", "explicit"),
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.fsync", "all"),
    ("core.fsyncMethod", "fsync"),
    ("core.protectNTFS", "true"),
    ("core.protectHFS", "true"),
    ("core.alternateRefsCommand", "exit 0 #"),
    ("core.bigFileThreshold", "50m"),
    ("core.packedRefsTimeout", "10000"),
    ("core.filesRefLockTimeout", "1000"),
    ("credential.helper", ""),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("http.followRedirects", "false"),
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "60"),
    ("transfer.bundleURI", "false"),
    ("transfer.unpackLimit", "1"),
    ("transfer.credentialsInUrl", "die"),
    ("fetch.recurseSubmodules", "false"),
    ("fetch.writeCommitGraph", "false"),
    ("receive.autogc", "false"),
    ("receive.advertisePushOptions", "false"),
    ("protocol.allow", "never"),
    ("pack.threads", "1"),
    ("pack.windowMemory", "100m"),
)

_FIXED_ENVIRONMENT: Final = {
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
}

_HTTP: Final = frozenset({"http", "https"})
_USER_INFORMATION: Final = re.compile(r"(?<=://)[^/@\s'\"]+@")
_PASSWORD: Final = re.compile(r"^(?:[a-z0-9]+://)?[^/@:]*:([^/@]+)@")
_AUTHORIZATION: Final = re.compile(r"(?i)(authorization:\s*)[^\r\n'\"]+")


class GitNotFound(MatouError):
    """There is no git on this machine."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one git child may use; None where there is no limit of ours.

    Attributes:
        memory_bytes: address space; not enforced on macOS, whose kernel has no such limit.
        wall: how long it may live.
        file_size_bytes: the longest file that it may write.
        cpu: processor time.
        threads: how many it may pack or index with.
    """

    memory_bytes: int = 4096 * MEBIBYTE
    wall: timedelta | None = timedelta(hours=12)
    file_size_bytes: int | None = None
    cpu: timedelta | None = None
    threads: int = 1


DEFAULT_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class GitAccess:
    """What a git child that goes out needs: who it is there, and how this machine reaches others."""

    credential: GitCredential | None = None
    network: Network = field(default_factory=Network)


NO_ACCESS: Final = GitAccess()


@cache
def git_program() -> str:
    """Where git is, by the PATH that this process was started with.

    Raises:
        GitNotFound: it is nowhere on it.
    """
    program = shutil.which("git")
    if program is None:
        raise GitNotFound("git is not installed", oldest=OLDEST_GIT, advice="install git {oldest} or newer")
    return program


def environment_of_child(
    *,
    git_dir: Path | None,
    extra: Mapping[str, str],
    settings: Sequence[GitSetting],
    limits: Limits,
) -> dict[str, str]:
    """The whole environment of one git child.

    Settings go by GIT_CONFIG_COUNT: they outrank a repository's own, stay out of the argument list, and
    git hands them on to its children. Those in `extra` come last and so win.
    """
    chosen = [
        *_SETTINGS,
        ("core.packedGitWindowSize", str(limits.memory_bytes // 32)),
        ("core.packedGitLimit", str(limits.memory_bytes // 4)),
        *([("safe.directory", str(git_dir.absolute()))] if git_dir is not None else []),
        *([("pack.threads", str(limits.threads))] if limits.threads != 1 else []),
        *settings,
        *_settings_in(extra),
    ]
    return {
        **_FIXED_ENVIRONMENT,
        "PATH": f"{Path(git_program()).parent}:/usr/local/bin:/usr/bin:/bin",
        **{name: value for name, value in extra.items() if not name.startswith("GIT_CONFIG_")},
        **_as_environment(chosen),
    }


def http_environment(access: GitAccess, url: str) -> Mapping[str, str]:
    """What lets a git child reach `url`: its protocol, and the credential for this URL and what lies below it only.

    A child's environment can be read by its own user alone; an argument list by everybody.
    """
    scheme = urlsplit(url).scheme
    allowed = {"GIT_ALLOW_PROTOCOL": scheme if scheme in _HTTP else "none"}
    settings = [*_authorization(access.credential, url), *_trust(access.network.authorities)]
    return {**access.network.proxies, **allowed, **_as_environment(settings)}


def _authorization(credential: GitCredential | None, url: str) -> list[GitSetting]:
    if credential is None:
        return []
    basic = f"{credential.user}:{credential.password.reveal()}".encode()
    return [(f"http.{url}.extraHeader", f"Authorization: Basic {base64.b64encode(basic).decode()}")]


def _trust(authorities: Path | None) -> list[GitSetting]:
    """A file of our own takes the place of the system's, so the system's folder is named beside it."""
    if authorities is None:
        return []
    folder = ssl.get_default_verify_paths().openssl_capath
    beside = [("http.sslCAPath", folder)] if Path(folder).is_dir() else []
    return [("http.sslCAInfo", str(authorities.absolute())), *beside]


def redacted(text: str) -> str:
    """The text without what stands before the @ of a URL and after `Authorization:`."""
    return _AUTHORIZATION.sub(r"\1…", _USER_INFORMATION.sub("…@", text))


def secrets_in(environment: Mapping[str, str]) -> tuple[str, ...]:
    """What may never be shown of a child's environment: the last word of each header that we had git send, and the
    password of each proxy."""
    settings = _settings_in(environment)
    headers = (value.split()[-1] for key, value in settings if key.endswith(".extraHeader") and value.strip())
    proxies = (_PASSWORD.search(value) for name, value in environment.items() if name.endswith("_proxy"))
    return (*headers, *(match[1] for match in proxies if match))


def resource_limits(limits: Limits) -> dict[int, int]:
    """The same limits in the kernel's terms."""
    chosen = {resource.RLIMIT_CORE: 0}
    if sys.platform != "darwin":
        chosen[resource.RLIMIT_AS] = limits.memory_bytes
    if limits.file_size_bytes is not None:
        chosen[resource.RLIMIT_FSIZE] = limits.file_size_bytes
    if limits.cpu is not None:
        chosen[resource.RLIMIT_CPU] = max(1, round(limits.cpu.total_seconds()))
    return chosen


def _as_environment(settings: Sequence[GitSetting]) -> dict[str, str]:
    environment = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment


def _settings_in(environment: Mapping[str, str]) -> list[GitSetting]:
    count = int(environment.get("GIT_CONFIG_COUNT", "0"))
    return [
        (environment[f"GIT_CONFIG_KEY_{number}"], environment[f"GIT_CONFIG_VALUE_{number}"]) for number in range(count)
    ]
