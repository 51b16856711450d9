"""A commit's text taken apart for whoever judges it: what was signed, the signature, who committed, the message.

https://git-scm.com/docs/signature-format
"""

import re
from dataclasses import dataclass
from typing import Final

_SIGNATURES: Final = {40: b"gpgsig", 64: b"gpgsig-sha256"}
"""The header that holds the signature over a commit, by the length of the repository's object ids."""

_COMMITTER: Final = re.compile(rb"[^<>]*<([^<>]*)>[^<>]*\n?\Z")

_ENCODINGS: Final = {
    name: name
    for name in ("gbk", "gb18030", "gb2312", "big5", "shift_jis", "euc_jp", "euc_kr", "iso8859-1", "cp1252", "koi8-r")
}


@dataclass(frozen=True, slots=True)
class CommitText:
    """What the text of one commit says.

    Attributes:
        committer_email: as it stands there; empty where it cannot be made out.
        message: without the line ends around it; bytes that its encoding does not know are replaced.
        signed: what a signature is over: the text without the headers that hold signatures.
        signatures: of the headers for it, as a rule one or none.
    """

    committer_email: str
    message: str
    signed: bytes
    signatures: tuple[bytes, ...]


def read_commit_text(content: bytes, *, digits: int = 40) -> CommitText:
    """Read a commit; `digits` is the length of an object id in this repository.

    A header of a name that begins with `gpgsig` and is unknown counts as one more signature: git leaves it out of what
    was signed, so that nobody would vouch for it.
    """
    headers, _, message = content.partition(b"\n\n")
    blocks = _blocks(headers + b"\n")
    named = [(block.partition(b" ")[0], block) for block in blocks]
    signature, other = _SIGNATURES[digits], _SIGNATURES[104 - digits]
    return CommitText(
        committer_email=_email([block for name, block in named if name == b"committer"]),
        message=_decoded(message, [block for name, block in named if name == b"encoding"]),
        signed=b"".join(block for name, block in named if not name.startswith(b"gpgsig")) + content[len(headers) + 1 :],
        signatures=tuple(
            _unfolded(block)
            for name, block in named
            if name.startswith(b"gpgsig") and (name == signature or name != other)
        ),
    )


def _blocks(headers: bytes) -> list[bytes]:
    """Each header with the lines that continue it, which begin with a space."""
    return re.findall(rb"[^\n]*\n(?: [^\n]*\n)*", headers)


def _unfolded(block: bytes) -> bytes:
    return block.partition(b" ")[2].replace(b"\n ", b"\n")


def _email(committers: list[bytes]) -> str:
    match = _COMMITTER.match(committers[0].partition(b" ")[2]) if len(committers) == 1 else None
    return "" if match is None else match[1].decode("utf-8", "replace").strip()


def _decoded(message: bytes, encodings: list[bytes]) -> str:
    encoding = encodings[0].partition(b" ")[2].strip().decode("ascii", "replace").lower() if encodings else "utf-8"
    return message.decode(
        _ENCODINGS.get(encoding.replace("-", "_"), _ENCODINGS.get(encoding, "utf-8")), "replace"
    ).strip("\n")
