"""The queue of several machines keeps the promise of every queue."""

import pytest

from contracts.job_queues import JobQueueContract


class TestProcrastinateQueue(JobQueueContract):
    @pytest.fixture
    def location(self, fresh_postgres_url: str) -> str:
        return fresh_postgres_url
