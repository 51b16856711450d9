"""Files that came with what was said, for a browser that must trust none of them (as in `server/attachments.py`)."""

from pathlib import Path
from typing import Final

from matou.model.file_types import TEXT, type_of
from matou.server.api.responses import StreamedResponse
from matou.server.api.streaming import SANDBOX, attachment, whole_file
from matou.server.streaming import Header
from matou.server.web.page import WebRequest

_TYPE_BYTES: Final = 4096
_NOSNIFF: Final[Header] = (b"x-content-type-options", b"nosniff")
_CACHE: Final[Header] = (b"cache-control", b"private, no-cache")
_BYTES: Final[Header] = (b"content-type", b"application/octet-stream")


def send_saved_file(view: WebRequest, path: Path, sha256: str, name: str) -> StreamedResponse:
    """A picture is shown, by what its bytes are; a text is stored as one, and anything else as bytes.

    Raises:
        DamagedStoredFile: its bytes are not those that were saved, once they are sent.
    """
    with path.open("rb") as file:
        kind = type_of(file.read(_TYPE_BYTES))
    if kind is not None and kind.is_picture:
        headers: tuple[Header, ...] = ((b"content-type", kind.media_type.encode()), (b"content-disposition", b"inline"))
    else:
        known = (b"content-type", TEXT.media_type.encode()) if kind is TEXT else _BYTES
        headers = (known, attachment(name))
    return whole_file(path, sha256, (*headers, _NOSNIFF, SANDBOX, _CACHE), whose=view.caller)
