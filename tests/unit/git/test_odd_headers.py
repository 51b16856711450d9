"""Which odd headers are readable all the same."""

import pytest

from matou.git.odb.odd_headers import is_odd_and_readable

ID = b"1" * 40
PERSON = b"a <a@b> 1 +0000"


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        (b"commit", b"tree %b\nauthor %b\ncommitter %b" % (ID, PERSON, PERSON), True),
        (b"commit", b"tree %b\nauthor \0%b\ncommitter %b\n\nhi" % (ID, PERSON, PERSON), True),
        (b"commit", b"tree %b\nparent %b\nauthor %b\ncommitter %b\nx \0\n\n" % (ID, ID, PERSON, PERSON), True),
        (b"commit", b"tree %b\nauthor %b\ncommitter %b\n\nhi" % (ID, PERSON, PERSON), False),
        (b"commit", b"tree %b\nauthor %b\ncommitter %b\n\nh\0i" % (ID, PERSON, PERSON), False),
        (b"commit", b"tree %b\nauthor %b\ncommitter %b\n" % (ID, PERSON, PERSON), False),
        (b"commit", b"tree \0%b\nauthor %b\ncommitter %b\n\n" % (ID[:39], PERSON, PERSON), False),
        (b"commit", b"tree %b\nparent \0\nauthor %b\ncommitter %b\n\n" % (ID, PERSON, PERSON), False),
        (b"commit", b"tree %b\nauthor \0%b\n\nhi" % (ID, PERSON), False),
        (b"tag", b"object %b\ntype commit\ntag v1" % ID, True),
        (b"tag", b"object %b\ntype commit\ntag v\0001\n\n" % ID, False),
        (b"tag", b"object %b\ntype other\ntag v1" % ID, False),
        (b"tree", b"100644 a\0" + b"1" * 20, False),
        (b"blob", b"\0", False),
    ],
)
def test_what_git_follows_in_an_odd_header_stands_as_it_should(kind: bytes, content: bytes, expected: bool) -> None:
    assert is_odd_and_readable(kind, content) is expected
