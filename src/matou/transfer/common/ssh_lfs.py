"""LFS objects of a repository that is reached by ssh: the server says where they are, and what lets us in there.

https://github.com/git-lfs/git-lfs/blob/main/docs/api/server-discovery.md
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import msgspec

from matou.credentials import Secret
from matou.errors import UnknownShape
from matou.git.process.ssh import SshAddress
from matou.http.addresses import parse_address
from matou.http.lfs.client import LfsClient, LfsContent, LfsMissing
from matou.http.lfs.endpoint import LfsEndpoint
from matou.http.session import Session
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED
from matou.transfer.common.ssh_transport import SshTransport

SERVICE: Final = "git-lfs-authenticate download"
LONGEST_ANSWER_BYTES: Final = 64 * 1024


class LfsAuthentication(msgspec.Struct, frozen=True):
    """What a server says: whatever else it says is for others."""

    href: str
    header: dict[str, str] = {}


@dataclass
class SshLfs:
    """See `transports.LfsDownloads`. The server is asked once, when the first object is wanted."""

    session: Session
    ssh: SshTransport
    url: str

    def download(
        self, objects: Iterable[tuple[str, int]], sink: Callable[[str, int, LfsContent], None]
    ) -> Sequence[LfsMissing]:
        return self._client.download(objects, sink)

    def lacking(self, objects: Iterable[tuple[str, int]]) -> Sequence[LfsMissing]:
        return self._client.lacking(objects)

    @cached_property
    def _client(self) -> LfsClient:
        """Raises MatouError; UnsafeAddress where it names no address of HTTP."""
        given = read_authentication(self.ssh.run(self.url, SERVICE, limit_bytes=LONGEST_ANSWER_BYTES))
        origin = parse_address(given.href).origin
        if origin.host.strip("[]") == SshAddress.parse(self.url).host:
            self.session.add_named(given.href)
        words = next((value for name, value in given.header.items() if name.lower() == "authorization"), "")
        url = f"{given.href.rstrip('/')}/objects/batch"
        return LfsClient.at(self.session, LfsEndpoint(self.session, url, origin, Secret(words) if words else None))


def read_authentication(said: bytes) -> LfsAuthentication:
    """Raises UnknownShape, which does not say what stood there: it may let somebody in."""
    try:
        return msgspec.json.decode(said, type=decodable(LfsAuthentication))
    except NOT_DECODED:
        raise UnknownShape(SERVICE, f"{len(said)} bytes") from None
