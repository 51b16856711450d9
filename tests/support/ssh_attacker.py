"""A client of SSH that does what no client of git does: asyncssh's own, let off its leash."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncssh

from support.matou_server import MatouServer
from support.ssh_keys import SshKeyPair


@asynccontextmanager
async def connected(
    server: MatouServer, pair: SshKeyPair, **options: object
) -> AsyncIterator[asyncssh.SSHClientConnection]:
    async with asyncssh.connect(
        "127.0.0.1",
        server.ssh_port,
        username="git",
        client_keys=[asyncssh.import_private_key(pair.private.decode())],
        known_hosts=None,
        config=None,
        agent_path=None,
        **options,
    ) as connection:
        yield connection


async def first_packets(server: MatouServer, content: bytes, *, patience: float = 20) -> bytes:
    """What the server says to these bytes before it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.ssh_port)
    writer.write(content)
    try:
        async with asyncio.timeout(patience):
            return await reader.read(-1)
    except ConnectionError:
        return b""
    finally:
        writer.close()
