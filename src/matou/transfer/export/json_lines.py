"""Every item whole, a line each, a file a kind: what programs read (docs/reference/metadata)."""

import msgspec

from matou.archive.metadata import encode_line, files_in
from matou.model.metadata import MetadataValue
from matou.model.metadata.kinds import KINDS, MetadataKind, TreeLayout
from matou.transfer.export.source import ExportSource


def write_json_lines(source: ExportSource, *, language: str) -> int:  # noqa: ARG001  # as every format is called
    """Write a file for each kind of which there is anything; how many lines they have. All languages are one."""
    return sum(_write_kind(source, kind) for kind in KINDS.values())


def _write_kind(source: ExportSource, kind: MetadataKind) -> int:
    if kind.layout is TreeLayout.TABLE:
        lines = [_row(key, value) for key, value in source.table(kind).items()]
        if lines:
            (source.folder / f"{kind.name}.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
        return len(lines)
    return _write_items(source, kind.name) if kind.value is not None else 0


def _write_items(source: ExportSource, name: str) -> int:
    count = 0
    path = source.folder / f"{name}.jsonl"
    with path.open("wb") as file:
        for _, item in source.items(KINDS[name]):
            for attached in (*files_in(item), *getattr(item, "assets", ())):
                source.copy_file(attached)
            file.write(encode_line(item) + b"\n")
            count += 1
    if not count:
        path.unlink()
    return count


def _row(key: str, value: object) -> bytes:
    return encode_line(value) if isinstance(value, MetadataValue) else msgspec.json.encode({"key": key, "value": value})
