"""Jobs survive failures, dying runners and shutdowns; periodic work runs once."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django_tasks_db.models import DBTaskResult

from jobs import attempts, define, supervision
from jobs.attempts import take
from jobs.models import JobRun, PeriodicSlot
from jobs.runner import JobRunner, JobThread, run_attempt, run_pending
from jobs.slots import run_due
from jobs.supervision import RunnerDied, reap, requeue_orphans, runner_name
from kernel import clock
from tests.jobs import sample
from tests.threads import in_threads
from tools.common import ROOT

pytestmark = [pytest.mark.both, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _fresh() -> None:
    sample.ran.clear()
    sample.given_up.clear()


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def make_due() -> None:
    DBTaskResult.objects.filter(status="READY").update(run_after=clock.now())


def status() -> str:
    return DBTaskResult.objects.get().status


def test_a_job_exists_if_and_only_if_its_change_commits() -> None:
    with transaction.atomic():
        sample.note.enqueue(1)
        transaction.set_rollback(True)
    assert run_pending() == 0
    with transaction.atomic():
        sample.note.enqueue(2)
    assert run_pending() == 1
    assert sample.ran == [2]
    assert status() == "SUCCESSFUL"
    assert not JobRun.objects.exists()


def test_a_failing_job_is_tried_again_later_and_then_given_up() -> None:
    sample.stumble.enqueue(5)
    assert run_pending() == 1
    assert status() == "READY"
    waits = DBTaskResult.objects.get().run_after - clock.now()
    assert timedelta(seconds=1) < waits <= timedelta(seconds=2)
    assert run_pending() == 0
    for _ in range(2):
        make_due()
        assert run_pending() == 1
    assert status() == "FAILED"
    assert sample.ran == [5, 5, 5]
    assert sample.given_up == [(5,)]
    assert "stumbled" in JobRun.objects.get().last_error


def test_a_failing_last_word_does_not_keep_the_job_alive() -> None:
    sample.stumble_twice.enqueue(1)
    run_pending()
    assert status() == "FAILED"


def test_a_job_this_version_does_not_know_waits_for_one_that_does() -> None:
    sample.note.enqueue(1)
    DBTaskResult.objects.update(task_path="tests.jobs.sample.of_tomorrow")
    run_pending()
    assert status() == "READY"


def test_two_runners_never_take_the_same_job() -> None:
    for number in range(20):
        sample.note.enqueue(number)
    in_threads(*[lambda: run_pending(20)] * 4)
    assert sorted(sample.ran, key=str) == sorted(range(20), key=str)


def test_a_silent_runner_loses_its_job_and_its_say() -> None:
    sample.note.enqueue(1)
    first = take("host/1/mark/a")
    assert first is not None
    assert reap({}) == 0
    JobRun.objects.update(heartbeat_at=clock.now() - supervision.DEAD_AFTER - timedelta(seconds=1))
    assert reap({first.runner: first.result.pk}) == 0
    assert reap({}) == 1
    second = take("host/2/mark/b")
    assert second is not None
    assert second.number == 2
    # The first one was only paused: what it says now no longer counts.
    assert not attempts.succeed(first, None)
    attempts.fail(first, RuntimeError())
    assert status() == "RUNNING"
    assert attempts.succeed(second, None)
    assert status() == "SUCCESSFUL"


def test_a_job_that_kills_every_runner_is_given_up() -> None:
    sample.stumble.enqueue(9)
    for _ in range(3):
        attempt = take("host/1/mark/a")
        assert attempt is not None
        attempts.abandon(attempt, RunnerDied("host/1/mark/a"))
    assert status() == "FAILED"
    assert sample.given_up == [(9,)]


def test_a_stopped_job_goes_back_without_counting_the_attempt(tmp_path: Path) -> None:
    log = tmp_path / "log"
    sample.work_in_chunks.enqueue(str(log))
    thread = JobThread("stopped")
    thread.start()
    wait_for(log.exists)
    thread.stop()
    thread.join(20)
    assert status() == "READY"
    assert JobRun.objects.get().attempts == 0
    attempt = take(runner_name("next"))
    assert attempt is not None
    run_attempt(attempt)
    assert status() == "SUCCESSFUL"


def test_a_runner_hears_of_a_job_at_once() -> None:
    runner = JobRunner()
    runner.start()
    try:
        time.sleep(0.2)
        began = time.monotonic()
        sample.note.enqueue(1)
        wait_for(lambda: sample.ran == [1])
        assert time.monotonic() - began < 0.4
    finally:
        runner.stop()


@pytest.fixture
def other_process(tmp_path: Path) -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    """Starts `manage.py run_jobs` on the test's own database."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> "subprocess.Popen[bytes]":
        name = connection.settings_dict["NAME"]
        url = f"sqlite:///{name}"
        if connection.vendor == "postgresql":
            url = settings.DATABASE_URL.rsplit("/", 1)[0] + f"/{name}"
        command = [sys.executable, "manage.py", "run_jobs", "--threads", "1"]
        environment = {**os.environ, "DATABASE_URL": url}
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(20)


def starts(log: Path) -> int:
    return log.read_text(encoding="utf-8").count("started") if log.exists() else 0


def test_a_job_whose_runner_was_killed_is_run_again(
    tmp_path: Path, other_process: Callable[[], "subprocess.Popen[bytes]"], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    sample.work_in_chunks.enqueue(str(log))
    process = other_process()
    wait_for(lambda: starts(log) == 1)
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    assert status() == "RUNNING"
    if connection.vendor == "postgresql":
        # Another machine's runner cannot be looked at; it is given up when it falls silent.
        assert requeue_orphans() == 0
        monkeypatch.setattr(supervision, "DEAD_AFTER", timedelta(0))
        assert reap({}) == 1
    else:
        assert requeue_orphans() == 1
    assert run_pending() == 1
    assert starts(log) == 2
    assert status() == "SUCCESSFUL"


def test_a_runner_that_is_told_to_stop_puts_its_job_back(
    tmp_path: Path, other_process: Callable[[], "subprocess.Popen[bytes]"]
) -> None:
    log = tmp_path / "log"
    sample.work_in_chunks.enqueue(str(log))
    process = other_process()
    wait_for(lambda: starts(log) == 1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert status() == "READY"
    assert JobRun.objects.get().attempts == 0


def test_periodic_work_runs_once_however_many_runners(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[str] = []
    together = threading.Barrier(4)

    def sweep() -> None:
        runs.append(threading.current_thread().name)

    entry = define.Periodic("test.sweep", timedelta(hours=1), sweep)
    monkeypatch.setattr("jobs.slots.PERIODIC", {"test.sweep": entry})

    def race() -> None:
        together.wait(20)
        run_due()

    in_threads(race, race, race, race)
    run_due()
    assert len(runs) == 1
    PeriodicSlot.objects.update(next_at=clock.now() - timedelta(hours=5))
    in_threads(race, race, race, race)
    # What was missed is not made up for.
    run_due()
    assert len(runs) == 2


def test_a_failing_periodic_function_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []

    def fail() -> None:
        raise RuntimeError("on purpose")

    entries = [
        define.Periodic("a", timedelta(hours=1), fail),
        define.Periodic("b", timedelta(hours=1), lambda: runs.append(1)),
    ]
    monkeypatch.setattr("jobs.slots.PERIODIC", {entry.name: entry for entry in entries})
    assert run_due() == 1
    assert runs == [1]
