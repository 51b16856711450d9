"""Whom an LFS client's credential stands for: one of HTTP's, or the key that `git-lfs-authenticate` was asked with."""

from matou.server.authentication import AnyCredential, Credential
from matou.server.authorization import GitRequest
from matou.server.git.lfs_tokens import LfsOperation, LinkExpired, credential_of, grant_of_all, is_link


def credential_for(request: GitRequest, *operations: LfsOperation) -> AnyCredential | None:
    """What a link stands for that is good for one of these; anything else as it came.

    Raises:
        LinkExpired: it is a link, and none for this.
        UnreadableCredential: as `read_credential`.
    """
    credential, forge = request.credential(), request.state.forge
    if not isinstance(credential, Credential) or not is_link(credential.secret.reveal()):
        return credential
    faults = []
    for operation in operations:
        try:
            return credential_of(forge, credential.secret.reveal(), grant_of_all(request.target.repository, operation))
        except LinkExpired as error:
            faults.append(error)
    raise faults[0]
