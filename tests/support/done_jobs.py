"""What a forge has to do while nobody waits is done."""

import threading

from matou.forge.forge import Forge
from matou.tasks.table import tasks_of


def do_jobs(forge: Forge) -> None:
    """All that may be begun now."""
    forge.queue.work(tasks_of(forge), at_once=1, stop=threading.Event(), until_idle=True)
