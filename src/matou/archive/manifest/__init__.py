"""Manifests: what a run saw, saved and could not save (docs/archive-format.md, "manifest.jsonl")."""

from matou.archive.manifest.lines import (
    EndLine,
    KindState,
    LfsState,
    Line,
    ListingState,
    MetadataState,
    NamespaceLine,
    Outcome,
    PreviousRunRef,
    Proof,
    ReadState,
    RepositoryLine,
    RunLine,
    SourceLine,
    UnknownLine,
    UnseenLine,
    whole_seconds,
)
from matou.archive.manifest.reader import DamagedManifest, read_manifest, read_run_line
from matou.archive.manifest.writer import ManifestWriter

__all__ = [
    "DamagedManifest",
    "EndLine",
    "KindState",
    "LfsState",
    "Line",
    "ListingState",
    "ManifestWriter",
    "MetadataState",
    "NamespaceLine",
    "Outcome",
    "PreviousRunRef",
    "Proof",
    "ReadState",
    "RepositoryLine",
    "RunLine",
    "SourceLine",
    "UnknownLine",
    "UnseenLine",
    "read_manifest",
    "read_run_line",
    "whole_seconds",
]
