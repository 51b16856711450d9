"""Metadata repositories: what lies around the code, as files in git (docs/archive-format.md, "Metadata")."""

from matou.archive.metadata.about import About, KindCount, NewerMetadata
from matou.archive.metadata.items import files_in
from matou.archive.metadata.json_form import DamagedMetadata, encode_line
from matou.archive.metadata.reader import MAIN, MetadataTree, differing_paths, main_commit, open_metadata
from matou.archive.metadata.tree_paths import key_of, natural_order
from matou.archive.metadata.writer import DRAFT, MetadataCommit, MetadataWriter

__all__ = [
    "DRAFT",
    "MAIN",
    "About",
    "DamagedMetadata",
    "KindCount",
    "MetadataCommit",
    "MetadataTree",
    "MetadataWriter",
    "NewerMetadata",
    "differing_paths",
    "encode_line",
    "files_in",
    "key_of",
    "main_commit",
    "natural_order",
    "open_metadata",
]
