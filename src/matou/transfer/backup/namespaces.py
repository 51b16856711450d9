"""What is saved of a namespace itself: its description, icon, labels and members."""

from collections.abc import Callable
from dataclasses import dataclass, field

from matou.archive.blobs import BlobStore
from matou.archive.manifest import MetadataState, NamespaceLine
from matou.concurrency import Cancelled
from matou.errors import MatouError, NotFound, Phrase, Refused
from matou.fs import WriteFailed
from matou.http.tokens import is_dead
from matou.model.names import NamespacePath
from matou.model.platform import Inaccessible, RemoteNamespace
from matou.platforms.base.source import Source


@dataclass
class NamespaceSaver:
    """Saves namespaces. May be used from several threads.

    Attributes:
        unseen: what could not be read.
        faults: those of them that are not saved for that; an icon that may not be had is a picture less.
    """

    source: Source
    blobs: BlobStore
    unseen: list[Inaccessible] = field(default_factory=list)
    faults: list[tuple[Phrase, MatouError]] = field(default_factory=list)

    def save(self, namespace: RemoteNamespace, path: NamespacePath, previous: NamespaceLine | None) -> NamespaceLine:
        """The namespace's line; what could not be read now stays as it was saved before. Raises BadCredential."""
        before = dict(previous.documents) if previous else {}
        documents = {
            "labels": self._saved(
                Phrase("labels of {namespace}", namespace=namespace.name),
                lambda: self.source.labels(namespace),
                before.get("labels"),
            ),
            "members": self._saved(
                Phrase("members of {namespace}", namespace=namespace.name),
                lambda: self.source.members(namespace),
                before.get("members"),
            ),
        }
        saved = {name: digest for name, digest in documents.items() if digest is not None}
        icon, metadata = self._icon(namespace, previous), previous.metadata if previous else None
        return _line(namespace, path, saved, icon, namespace.icon_url, metadata)

    def _icon(self, namespace: RemoteNamespace, previous: NamespaceLine | None) -> str | None:
        """An icon is fetched again only when its address changed: what is at one does not change on any platform."""
        before = previous.icon if previous else None
        if namespace.icon_url is None or (previous and before and previous.icon_url == namespace.icon_url):
            return before
        subject = Phrase("icon of {namespace}", namespace=namespace.name)
        return self._saved(subject, lambda: self.source.icon(namespace), before, may_miss=(Refused, NotFound))

    def _saved(
        self,
        subject: Phrase,
        read: Callable[[], bytes | None],
        before: str | None,
        *,
        may_miss: tuple[type[MatouError], ...] = (),
    ) -> str | None:
        try:
            content = read()
        except (Cancelled, WriteFailed):
            raise
        except MatouError as error:
            if is_dead(error):
                raise
            self.unseen.append(Inaccessible(subject, error.fact))
            if not isinstance(error, may_miss):
                self.faults.append((subject, error))
            return before
        return before if content is None else self.blobs.put_soon(content)


def undescribed(namespace: RemoteNamespace, path: NamespacePath, previous: NamespaceLine | None) -> NamespaceLine:
    """The line of a namespace that was listed and of which nothing more was asked: what was saved before stays."""
    if previous is None:
        return _line(namespace, path, {}, None, None, None)
    documents = dict(previous.documents)
    return _line(namespace, path, documents, previous.icon, previous.icon_url, previous.metadata)


def _line(
    namespace: RemoteNamespace,
    path: NamespacePath,
    documents: dict[str, str],
    icon: str | None,
    icon_url: str | None,
    metadata: MetadataState | None,
) -> NamespaceLine:
    return NamespaceLine(
        id=namespace.id,
        name=namespace.name,
        path=str(path),
        display_name=namespace.display_name,
        description=namespace.description,
        created_at=namespace.created_at,
        icon=icon,
        icon_url=icon_url,
        archived=namespace.archived,
        type=namespace.type,
        documents=documents,
        metadata=metadata,
        seen=True,
    )
