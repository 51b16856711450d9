"""A text with what belongs to it as one Markdown file: a head of JSON, which is YAML too, and the text as it came."""

from dataclasses import replace
from typing import Any, Final

from matou.archive.metadata.json_form import DamagedMetadata, Value, decode, encode
from matou.model.metadata import MetadataValue

_FENCE: Final = b"---\n"


def encode_page(value: MetadataValue) -> bytes:
    page: Any = value
    head = encode(replace(page, text=replace(page.text, body="")))
    body: bytes = page.text.body.encode("utf-8", "surrogatepass")
    return _FENCE + head + _FENCE + body


def decode_page(kind: type[Value], content: bytes, *, path: str) -> Value:
    """Raises DamagedMetadata."""
    head, fence, body = content.removeprefix(_FENCE).partition(b"\n" + _FENCE)
    if not content.startswith(_FENCE) or not fence:
        raise DamagedMetadata("{path} has no head", path=path)
    page: Any = decode(kind, head, path=path)
    try:
        text = body.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise DamagedMetadata("{path} is not UTF-8", path=path) from error
    return replace(page, text=replace(page.text, body=text))  # type: ignore[no-any-return]
