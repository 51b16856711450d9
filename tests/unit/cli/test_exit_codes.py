"""How a command ends is told by the kind of what stopped it."""

import pytest

from matou.cli.exit_codes import ExitCode, exit_code_for
from matou.errors import Conflict, Damaged, Invalid, MatouError, NotFound, Refused, TryLater, UnknownShape
from matou.forge.access import ReadOnly
from matou.forge.accounts.users import WeakPassword
from matou.fs import NotWritable, WriteFailed
from matou.http.addresses import UnsafeAddress


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (Invalid, ExitCode.USAGE),
        (NotFound, ExitCode.USAGE),
        (Conflict, ExitCode.USAGE),
        (Refused, ExitCode.CREDENTIAL_REFUSED),
        (Damaged, ExitCode.DAMAGE_FOUND),
        (TryLater, ExitCode.TRY_LATER),
        (MatouError, ExitCode.OUR_FAULT),
        (WriteFailed, ExitCode.OUR_FAULT),
        (NotWritable, ExitCode.USAGE),
        (WeakPassword, ExitCode.USAGE),
        (UnsafeAddress, ExitCode.USAGE),
        (ReadOnly, ExitCode.USAGE),
    ],
)
def test_a_kind_has_its_code(kind: type[MatouError], code: ExitCode) -> None:
    assert exit_code_for(kind("so it is")) is code


def test_what_a_platform_does_not_document_is_no_fault_of_the_person() -> None:
    assert exit_code_for(UnknownShape("coding Depot.Id", "x")) is ExitCode.OUR_FAULT
