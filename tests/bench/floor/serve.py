"""`python -m tests.bench.floor.serve --port 8100`: Daphne with the same bounded threads as the product's."""

import argparse
import os

import django

# Imported before anything else of Twisted: Daphne chooses the asyncio reactor.
from daphne.server import Server


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.floor.settings"
    django.setup()
    # Reads the settings.
    from kernel.http import BoundedHandler

    endpoint = f"tcp:port={port}:interface=127.0.0.1:backlog=2048"
    Server(BoundedHandler(), endpoints=[endpoint], verbosity=0).run()


if __name__ == "__main__":
    main()
