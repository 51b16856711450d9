"""`git-lfs-authenticate`: where a repository's LFS is, and a short-lived link that stands for the key until then.

https://github.com/git-lfs/git-lfs/blob/main/docs/api/server-discovery.md
"""

from typing import Final

import msgspec

from matou.forge.access import MayReadCode, MayWriteCode
from matou.forge.push.lfs import require_switched_on
from matou.server.authorization import admit
from matou.server.git.lfs_tokens import LIFETIME, LfsOperation, grant_of_all, lfs_signer, signed_token
from matou.server.paths import lfs_url
from matou.server.ssh.git import SshRequest

_RIGHTS: Final[dict[LfsOperation, type[MayReadCode]]] = {
    LfsOperation.DOWNLOAD: MayReadCode,
    LfsOperation.UPLOAD: MayWriteCode,
}


class LfsAddress(msgspec.Struct, frozen=True):
    """What git-lfs reads."""

    href: str
    header: dict[str, str]
    expires_in: int


async def send_lfs_address(request: SshRequest, operation: LfsOperation, base_url: str) -> None:
    state = request.state
    admitted = await admit(request, _RIGHTS[operation])
    await state.run_inline_if_fast(require_switched_on, state.forge, admitted.granted)
    path = admitted.repository.path
    signer = await state.run_inline_if_fast(lfs_signer, state.forge, request.key)
    token = signed_token(signer, grant_of_all(path, operation))
    answer = LfsAddress(lfs_url(base_url, path), {"Authorization": f"Bearer {token}"}, round(LIFETIME.total_seconds()))
    await request.session.write(msgspec.json.encode(answer) + b"\n")
