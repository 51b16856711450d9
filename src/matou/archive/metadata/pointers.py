"""Which blobs an item needs: each stands in the tree as a pointer of git-lfs, under the name that it had."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from matou.archive.metadata.items import files_in
from matou.archive.metadata.tree_paths import asset_path, attachment_path
from matou.git.operations.lfs import LfsPointer
from matou.model.metadata import MetadataValue, SavedRelease
from matou.model.metadata.kinds import ASSET, ATTACHMENT, MetadataKind

ATTRIBUTES: Final = b"""\
* -text
/attachments/** filter=lfs diff=lfs merge=lfs -text
/assets/** filter=lfs diff=lfs merge=lfs -text
"""
"""Of .gitattributes: whoever checks the files out gets them as they are, and of a pointer what it stands for."""


def pointers_of(value: MetadataValue) -> Iterator[tuple[MetadataKind, str, LfsPointer]]:
    """The attachments and assets of an item whose bytes are saved, each with its path.

    Raises:
        ValueError: one has a digest and no size.
    """
    for file in files_in(value):
        if file.sha256 is not None:
            yield ATTACHMENT, attachment_path(file.sha256, file.name), _pointer(file.sha256, file.size)
    if isinstance(value, SavedRelease):
        names = Counter[str]()
        for asset in value.assets:
            if asset.sha256 is not None:
                path = asset_path(value.tag, asset.name, sha256=asset.sha256, is_twin=names[asset.name] > 0)
                names[asset.name] += 1
                yield ASSET, path, _pointer(asset.sha256, asset.size)


def pointer_text(pointer: LfsPointer) -> bytes:
    """https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md"""
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{pointer.oid}\nsize {pointer.size_bytes}\n"
    return text.encode()


def _pointer(sha256: str, size_bytes: int | None) -> LfsPointer:
    if size_bytes is None:
        message = f"the size of {sha256} is not known"
        raise ValueError(message)
    return LfsPointer(sha256, size_bytes)
