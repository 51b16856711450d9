"""Pictures and files that texts name, brought to the target: each once, by its digest."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from matou.archive.layout import Archive
from matou.archive.metadata.items import files_in
from matou.errors import MatouError, Phrase, TryLater
from matou.http.tokens import BadCredential
from matou.model.metadata import AttachedFile
from matou.model.metadata_targets import FileDelivery, ItemAddress, NewFile
from matou.platforms.base.metadata_target import MetadataTarget
from matou.transfer.export.source import harmless_name
from matou.transfer.migrate.conversation.file_limits import too_large
from matou.transfer.migrate.conversation.headers import harmless_address
from matou.transfer.migrate.conversation.report import ConversationReport
from matou.transfer.migrate.conversation.writer import OnceWriter
from matou.transfer.migrate.conversation.written_map import WrittenLine, WrittenMap

FILE: str = "file"
_BINARY = "application/octet-stream"


@dataclass
class FileUploads:
    """For the files of one source.

    A file whose answer was lost is sent again: nothing names the first one, and no platform tells which it has.

    Attributes:
        addresses: where those are that are there, by their digests; texts are made with it.
    """

    archive: Archive
    source: str
    target: MetadataTarget
    written: WrittenMap
    writer: OnceWriter
    report: ConversationReport
    now: Callable[[], datetime]
    addresses: dict[str, str]

    @classmethod
    def known(cls, written: WrittenMap, source: str) -> dict[str, str]:
        lines = written.of_kinds(FILE)
        return {line.number: line.to for line in lines if line.source == source and not line.is_planned}

    def bring(self, value: object, item: ItemAddress | None) -> None:
        """Upload what an item's texts name and the target does not have; see `CommittedFiles` for what takes none."""
        delivery = self.target.rules.file_delivery
        if delivery is FileDelivery.COMMITTED or (item is None) is (delivery is FileDelivery.ATTACHED):
            return
        for file in saved_once(files_in(value)):
            if file.sha256 not in self.addresses:
                self._bring(file, item)

    def _bring(self, file: AttachedFile, item: ItemAddress | None) -> None:
        digest = file.sha256 or ""
        new = self.new(file)
        if new is None:
            return
        try:
            address = self.writer.make(lambda: self.target.upload(new, item), lambda: None)
        except (TryLater, BadCredential):
            raise
        except MatouError as error:
            self.report.problems.append(error)
            return
        self.keep(digest, address)
        self.report.written[FILE] += 1

    def keep(self, digest: str, address: str) -> None:
        """Durable, so that it is not sent again."""
        harmless = harmless_address(address)
        if not harmless:
            self.report.lose(Phrase("the platform gave a file no address that a text can name"))
            return
        at = self.now().isoformat(timespec="seconds")
        self.written.add(WrittenLine(source=self.source, kind=FILE, number=digest, to=harmless, at=at))
        self.addresses[digest] = harmless

    def new(self, file: AttachedFile) -> NewFile | None:
        """None where it is not there, or more than the target takes."""
        path = self.archive.blob_file(file.sha256 or "")
        try:
            size_bytes = path.stat().st_size
        except FileNotFoundError:
            self.report.lose(Phrase("the archive does not have the bytes of a file"))
            return None
        if size_bytes > self.target.rules.largest_file:
            self.report.lose(too_large(file.name, size_bytes, self.target.rules))
            return None
        return NewFile(name=harmless_name(file.name), path=path, size_bytes=size_bytes, type=file.type or _BINARY)


def saved_once(files: Iterable[AttachedFile]) -> Iterable[AttachedFile]:
    return {file.sha256: file for file in files if file.sha256 is not None}.values()
