"""Whether a commit or a tag is signed, and by whom as far as this server knows their keys."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matou.db.repositories import Repository
from matou.errors import Phrase
from matou.forge.access import Authorized, MayReadCode
from matou.forge.accounts.signing_keys import certificates_for
from matou.forge.forge import Forge
from matou.git.odb.commit_text import read_commit_text
from matou.git.odb.objects import LARGEST_COMMIT_BYTES, open_repository, read_content, read_header
from matou.git.operations.signatures import SignatureVerdict, verify_signature
from matou.model.names import ObjectId

_UNKNOWN: Final = Phrase("is by a key that no account here has")
_SEVERAL: Final = Phrase("is one of several, so that nobody vouches for it")


@dataclass(frozen=True, slots=True)
class CommitVerification:
    """What can be said of a signature. `email` is the committer's; `saying` follows "the signature"."""

    is_good: bool
    email: str
    saying: Phrase


def find_signature(
    forge: Forge, granted: Authorized[Repository, MayReadCode], commit: ObjectId
) -> CommitVerification | None:
    """Of a commit that is there; None where it is not signed, or too long to be judged."""
    content = _text(forge.git_dir(granted.subject), commit)
    if content is None or b"\ngpgsig" not in content:
        return None
    text = read_commit_text(content, digits=len(commit))
    if not text.signatures:
        return None
    if len(text.signatures) > 1:
        return CommitVerification(is_good=False, email=text.committer_email, saying=_SEVERAL)
    keys = certificates_for(forge, text.committer_email)
    if not keys:
        return CommitVerification(is_good=False, email=text.committer_email, saying=_UNKNOWN)
    verdict = verify_signature(text.signed, text.signatures[0], keys, now=forge.now())
    return CommitVerification(verdict is SignatureVerdict.GOOD, text.committer_email, verdict.value)


def _text(git_dir: Path, commit: ObjectId) -> bytes | None:
    opened = open_repository(git_dir)
    _kind, size_bytes = read_header(opened, commit)
    return None if size_bytes > LARGEST_COMMIT_BYTES else read_content(opened, commit)
