"""What a person is told while a backup runs, off a terminal."""

from datetime import timedelta

import pytest

from matou.cli.ui.progress import QuietLines
from matou.transfer.backup.report import CallBudget


@pytest.mark.parametrize(
    ("budget", "line"),
    [
        (
            CallBudget(5_210, 4_000, timedelta(minutes=78, seconds=9)),
            "what lies around the code takes 5,210 requests or more, of 4,000 an hour: 1 h 18 min or more\n",
        ),
        (
            CallBudget(1_200, None, timedelta(minutes=1)),
            "what lies around the code takes 1,200 requests or more: 1 min 00 s or more\n",
        ),
        (CallBudget(50, 4_000, timedelta(seconds=45)), ""),
    ],
)
def test_how_long_a_first_run_takes_at_least_is_told_where_it_is_long(
    budget: CallBudget, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    QuietLines().budgeted(budget)

    assert tuple(capsys.readouterr()) == ("", line)
