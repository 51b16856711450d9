"""Reads the lines of format 1, which no program writes any more (docs/archive-format.md, "Format 1").

Its keys are those of the later format but for what that one added, and an unknown key is damage. What the records came
to stood among the options.
"""

import json

import msgspec

from matou.archive.manifest.lines import UNKNOWN, KnownLine, NamespaceLine, RepositoryLine, RunLine, require_unicode

RECORDS = "records_sha256"

_DECODER: msgspec.json.Decoder[KnownLine] = msgspec.json.Decoder(KnownLine)


def read_line(text: bytes) -> KnownLine:
    """Raises msgspec.DecodeError, or ValueError, where it is none."""
    try:
        line = _DECODER.decode(text)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # A ref that is not UTF-8 holds lone surrogates, which JSON can say in ASCII alone.
        fields = json.loads(text)
        require_unicode(fields)
        line = msgspec.convert(fields, KnownLine)
    if isinstance(line, RunLine):
        return _read_run(line)
    has_documents = isinstance(line, RepositoryLine) and line.documents
    has_metadata = isinstance(line, RepositoryLine | NamespaceLine) and line.metadata is not None
    has_metadata |= isinstance(line, NamespaceLine) and bool(line.type)
    has_metadata |= isinstance(line, RepositoryLine) and bool(line.switched_off)
    if line.unknown or has_documents or has_metadata:
        message = f"a line of format 1 has no {UNKNOWN!r}, no metadata, and no documents of a repository"
        raise ValueError(message)
    return line


def _read_run(line: RunLine) -> RunLine:
    if line.unknown or line.features or line.records is not None:
        message = "a run of format 1 has no features, and its records among the options"
        raise ValueError(message)
    digest = line.options.get(RECORDS)
    return msgspec.structs.replace(line, records=digest) if isinstance(digest, str) else line
