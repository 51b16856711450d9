"""The texts of one page, made harmless, with links to what they speak of, within what a page may weigh."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from matou.forge.conversation.references import COMMIT, TextReference
from matou.markup import LocalFile, TextRenderer, plain_text, without_controls
from matou.model.metadata import AttachedFile, MarkupText
from matou.model.metadata.kinds import CHANGE, ISSUE, PERSON
from matou.server.web.addresses import subject_url
from matou.server.web.document_html import part_of_page

LONGEST_INLINE: Final = 20_000
"""Characters of a text that stands among others."""

LONGEST_ALONE_BYTES: Final = 80_000
"""Of a text that has a page of its own; a longer one comes in parts."""

PART_CHARACTERS: Final = 12_000
EXCERPT_CHARACTERS: Final = 300

_WORDS: Final = {ISSUE.name: "issues", CHANGE.name: "changes", PERSON.name: "people", COMMIT: "commit"}


@dataclass(frozen=True, slots=True)
class ShownText:
    """A text on a page. `whole` is where all of it is, if only its beginning stands here."""

    html: Markup
    whole: str = ""


class PageTexts:
    """Renders one text after another, until the page is full.

    Args:
        references: what words in texts speak of.
        most_bytes: of HTML, for all texts together.
        file_url: where an attached file is, if its bytes are here.
    """

    def __init__(
        self,
        references: Mapping[str, TextReference],
        file_url: Callable[[AttachedFile], str],
        *,
        most_bytes: int,
    ) -> None:
        self._renderer = TextRenderer({word: reference_url(one) for word, one in references.items()})
        self._file_url = file_url
        self._left = most_bytes

    def show(self, text: MarkupText | None, files: Iterable[AttachedFile], whole: str) -> ShownText:
        """All of a text where there is room for it, else its beginning and where the rest is."""
        if text is None or not text.body.strip():
            return ShownText(Markup(""))
        if len(text.body) <= LONGEST_INLINE:
            html = self._renderer.render(text, self._local(files))
            size = len(html.encode("utf-8", "replace"))
            if self.take(size):
                return ShownText(part_of_page(html))
        return ShownText(_excerpt(text), whole)

    def take(self, size: int) -> bool:
        """Whether there is room for something else of that many bytes; it is then taken."""
        has_room = size <= self._left
        self._left -= size if has_room else 0
        return has_room

    def parts(self, text: MarkupText, files: Iterable[AttachedFile]) -> list[Markup]:
        """A text that has a page of its own: rendered where that is no longer than a page, else as it was written."""
        if len(text.body) <= LONGEST_ALONE_BYTES:
            html = self._renderer.render(text, self._local(files))
            if len(html.encode("utf-8", "replace")) <= LONGEST_ALONE_BYTES:
                return [part_of_page(html)]
        return [_plain(text.body[at : at + PART_CHARACTERS]) for at in range(0, len(text.body), PART_CHARACTERS)]

    def _local(self, files: Iterable[AttachedFile]) -> dict[str, LocalFile]:
        found = ((file, self._file_url(file)) for file in files)
        return {file.url: LocalFile(url, is_picture(file)) for file, url in found if url}


def is_picture(file: AttachedFile) -> bool:
    """As far as was told; the server looks at the bytes before it says so to a browser."""
    return (file.type or "").startswith("image/") and not (file.type or "").startswith("image/svg")


def reference_url(reference: TextReference) -> str:
    return subject_url(reference.subject.path, _WORDS[reference.kind], reference.name)


def _excerpt(text: MarkupText) -> Markup:
    return _plain(text.body[:EXCERPT_CHARACTERS] + "…")


def _plain(text: str) -> Markup:
    return Markup(plain_text(without_controls(text)))  # noqa: S704  escaped
