"""Whatever a row holds is found, on both databases, in whichever column it stands."""

from datetime import UTC, datetime

from matou.db.engine import Database
from matou.db.mentions import words_in_rows
from matou.db.namespaces import NamespaceKind, NewNamespace, insert_namespace
from matou.model.names import NamespacePath
from matou.transfer.room.blob_marks import digests_in, digests_in_stream

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ICON, IN_TEXT = "1" * 64, "ab" * 32


def test_a_digest_in_any_column_is_found(database: Database) -> None:
    path = NamespacePath.parse("mentioning")
    text = f"see <{IN_TEXT}>.png"
    new = NewNamespace(
        None, NamespaceKind.ORGANIZATION, path, "t", "t", text, ICON, False, "mentions", "1", None, NOW, None
    )
    with database.begin_write() as connection:
        insert_namespace(connection, new)

    with database.begin_read() as connection:
        found = set(words_in_rows(connection, digests_in))

    assert {ICON, IN_TEXT} <= found


def test_a_digest_is_found_wherever_a_piece_ends_and_within_a_longer_run() -> None:
    digest = "0123456789abcdef" * 4
    text = b"x" * 100 + digest.encode() + b"ffff" + b"y" * 100

    for cut in range(len(text)):
        assert digest in set(digests_in_stream([text[:cut], text[cut:]]))
    assert digest in set(digests_in_stream(text[at : at + 1] for at in range(len(text))))
    assert digest not in set(digests_in(text.replace(b"c", b"C")))
