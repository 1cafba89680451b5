import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from events.readers import ReaderThread
from jobs.runner import JobRunner


class Command(BaseCommand):
    help = "Runs background jobs, periodic work and event handlers until SIGTERM or Ctrl+C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--threads", type=int, default=2, help="jobs at the same time (default 2)")
        parser.add_argument("--queue", action="append", default=[], help="only these queues (default all)")

    def handle(self, *args: Any, threads: int, queue: list[str], **options: Any) -> None:
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        runner, readers = JobRunner(threads, queue), ReaderThread()
        runner.start()
        readers.start()
        self.stdout.write("Running jobs. Ctrl+C stops.")
        ended.wait()
        readers.stop()
        runner.stop()
        readers.join(5)
