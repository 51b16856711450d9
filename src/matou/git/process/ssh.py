"""The system's ssh in the jail: where it goes, as whom, and what it is told; each word of its arguments is judged.

Nothing of a person's or a machine's configuration of ssh is read, unless `SshSettings` names a file: no proxy command,
no forwarding, no alias of a host. A server whose key is not known is never asked.
"""

import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from matou.errors import Invalid, Phrase
from matou.git.process.run import PipedChild, start_child
from matou.git.process.sandbox import DEFAULT_LIMITS, GitAccess, Limits, http_environment
from matou.settings import SshSettings

SCHEME: Final = "ssh"
USUAL_PORT: Final = 22
CONNECT_SECONDS: Final = 30
ALIVE_SECONDS: Final = 30
"""How long a server may be silent before it is asked whether it is there; after four times it is not."""

_HOST: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9_])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_USER: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._+-]{0,99})")
_SHORT: Final = re.compile(r"(?:(?P<user>[^/@:]*)@)?(?P<host>\[[^\]/]*\]|[^/@:\[\]]+):(?P<path>[^/].*|/.*)")
_SERVICE: Final = re.compile(r"git-[a-z-]+")
_LONGEST_SHOWN: Final = 200


class UnusableSshAddress(Invalid):
    """An address by ssh that is not asked."""


class SshNotFound(Invalid):
    """There is no ssh on this machine."""


@dataclass(frozen=True, slots=True)
class SshAddress:
    """A repository that is reached by ssh.

    Attributes:
        host: a name, or a number without brackets.
        path: as the server is told it: one without a slash at its beginning is below the user's home.
        user: empty for whoever runs this.
        port: None for the usual one.
    """

    host: str
    path: str
    user: str = ""
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> "SshAddress":
        """Read `ssh://USER@HOST:PORT/PATH` or `USER@HOST:PATH`. Raises UnusableSshAddress."""
        if not text.isprintable() or "\\" in text:
            raise _unusable(text, Phrase("it holds a backslash or a control character"))
        address = _of_url(text) if text.startswith(f"{SCHEME}://") else _of_short_form(text)
        _require(text, address)
        return address

    @property
    def server(self) -> str:
        """What a key opens, as text."""
        return f"{SCHEME}://{self._user_at}{self._bracketed}{'' if self.port is None else f':{self.port}'}"

    @property
    def url(self) -> str:
        """As git takes it."""
        if self.port is None and not self.path.startswith(("/", "~")):
            return f"{self._user_at}{self._bracketed}:{self.path}"
        return f"{self.server}{self.path if self.path.startswith('/') else f'/{self.path}'}"

    @property
    def _user_at(self) -> str:
        return f"{self.user}@" if self.user else ""

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def is_by_ssh(url: str) -> bool:
    """Whether an address means ssh: that of the scheme, or the short form that has none."""
    return url.startswith(f"{SCHEME}://") or ("://" not in url and _SHORT.fullmatch(url) is not None)


def _of_url(text: str) -> SshAddress:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _unusable(text, Phrase("it cannot be read")) from error
    if set("?#") & set(text):
        raise _unusable(text, Phrase("a repository's address ends with its path"))
    user, at, _ = parts.netloc.rpartition("@")
    if at and ":" in user:
        raise _holding_a_password(parts.netloc)
    host = parts.netloc.rpartition("@")[2].removesuffix("" if port is None else f":{port}").removesuffix(":")
    path = unquote(parts.path)
    return SshAddress(host.strip("[]").lower(), path[1:] if path.startswith("/~") else path, user, port)


def _of_short_form(text: str) -> SshAddress:
    match = _SHORT.fullmatch(text)
    if match is None:
        raise _unusable(text, Phrase("it is neither ssh://HOST/PATH nor HOST:PATH"))
    return SshAddress(match["host"].strip("[]").lower(), match["path"], match["user"] or "")


def _require(text: str, address: SshAddress) -> None:
    """`HOST::WORDS` is another thing to git: a program that it starts."""
    if not _HOST.fullmatch(address.host):
        raise _unusable(text, Phrase("its host is no plain name or number"))
    if address.user and not _USER.fullmatch(address.user):
        raise _unusable(text, Phrase("its user is no plain name"))
    if address.port == 0:
        raise _unusable(text, Phrase("it cannot be read"))
    if not address.path.strip("/") or not address.path.isprintable() or address.path[0] in "-:":
        raise _unusable(text, Phrase("it names no repository"))


def _unusable(text: str, fault: Phrase) -> UnusableSshAddress:
    return UnusableSshAddress(
        "the address {address} is not asked: {fault}", address=repr(_without_user(text)[:_LONGEST_SHOWN]), fault=fault
    )


def _without_user(text: str) -> str:
    return re.sub(r"^(ssh://)?[^/@]*@", r"\1", text)


def _holding_a_password(netloc: str) -> UnusableSshAddress:
    return UnusableSshAddress(
        "the address at {host} holds a password, which ssh does not take",
        host=repr(netloc.rpartition("@")[2][:_LONGEST_SHOWN]),
        advice="leave it out; ssh takes a key: see the guide, Any git server",
    )


class SshChild(PipedChild):
    """An ssh child whose output is read while it runs."""

    def wait(self) -> int:
        """Its exit status, once its output was read to the end: 255 is its own fault, any other the server's word."""
        self._close_pipes()
        status = self._process.wait()
        self._watch.finish()
        return status


def start_ssh(
    address: SshAddress, service: str, settings: SshSettings, *, protocol: int = 2, limits: Limits = DEFAULT_LIMITS
) -> SshChild:
    """Run a service of git at a server, with pipes to its input and from its output.

    Args:
        service: `git-upload-pack`, or another word that git's servers know, with what it is told behind the path.

    Raises:
        SshNotFound: ssh is not installed.
    """
    name, *more = service.split(" ")
    if not _SERVICE.fullmatch(name) or not all(word.isalpha() for word in more):
        message = f"no service of git: {service!r}"
        raise ValueError(message)
    remote = " ".join([name, shlex.quote(address.path), *more])
    port = [] if address.port is None else ["-p", str(address.port)]
    user = ["-l", address.user] if address.user else []
    command = [*ssh_words(settings), "-o", "SendEnv=GIT_PROTOCOL", *port, *user, "--", address.host, remote]
    environment = {**_environment(settings), **({"GIT_PROTOCOL": f"version={protocol}"} if protocol else {})}
    process = start_child(command, environment, limits, has_input=True, stdout=subprocess.PIPE, kind="ssh")
    return SshChild(process, "ssh", limits)


def ssh_words(settings: SshSettings) -> list[str]:
    """The program and what it always gets. A word on the command line outranks any file."""
    options = {
        "BatchMode": "yes",
        "StrictHostKeyChecking": "yes",
        "UpdateHostKeys": "no",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "ConnectTimeout": str(CONNECT_SECONDS),
        "ServerAliveInterval": str(ALIVE_SECONDS),
        "ServerAliveCountMax": "4",
        "ForwardAgent": "no",
        "ForwardX11": "no",
        "ClearAllForwardings": "yes",
        "PermitLocalCommand": "no",
        "ControlMaster": "no",
        "ControlPath": "none",
        "EscapeChar": "none",
        **_files(settings),
    }
    given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return [ssh_program(), "-F", "none" if settings.config is None else str(settings.config), "-T", *given]


def _files(settings: SshSettings) -> dict[str, str]:
    files: dict[str, str] = {}
    if settings.key is not None:
        files |= {"IdentityFile": _quoted(settings.key), "IdentitiesOnly": "yes"}
    if settings.known_hosts is not None:
        files |= {"UserKnownHostsFile": _quoted(settings.known_hosts), "GlobalKnownHostsFile": "none"}
    return files


def _quoted(path: Path) -> str:
    """As ssh_config(5) has a file: what follows a `%` would be a word of ssh's own."""
    text = str(path.absolute())
    if '"' in text or not text.isprintable():
        raise Invalid("ssh cannot be told of the file {path}", path=repr(text), advice="give it a plainer name")
    return f'"{text.replace("%", "%%")}"'


@cache
def ssh_program() -> str:
    """Raises SshNotFound."""
    program = shutil.which("ssh")
    if program is None:
        raise SshNotFound("ssh is not installed", advice="install OpenSSH's client, or give addresses of https")
    return program


def _environment(settings: SshSettings) -> dict[str, str]:
    """An agent is the one thing of the person's that ssh finds; keys and known hosts it looks for by itself."""
    return {
        "PATH": f"{Path(ssh_program()).parent}:/usr/local/bin:/usr/bin:/bin",
        "LC_ALL": "C",
        **({"HOME": settings.home} if settings.home else {}),
        **({"SSH_AUTH_SOCK": settings.agent} if settings.agent else {}),
    }


def remote_environment(access: GitAccess, url: str) -> Mapping[str, str]:
    """What lets a git child reach `url`, over HTTP or by ssh, and nothing else."""
    if not is_by_ssh(url):
        return http_environment(access, url)
    SshAddress.parse(url)
    settings = access.network.ssh
    own = {name: value for name, value in _environment(settings).items() if name not in ("PATH", "LC_ALL")}
    return {
        **own,
        "GIT_ALLOW_PROTOCOL": SCHEME,
        "GIT_SSH_COMMAND": shlex.join(ssh_words(settings)),
        "GIT_SSH_VARIANT": SCHEME,
    }
