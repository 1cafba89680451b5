"""Loaded before settings are: tests never write into the data folder of a running demo.

Each worker process of pytest-xdist has a Redis database of its own, as it has a test database: tests empty
the cache, and listen for what only they have published.
"""

import atexit
import os
import shutil
import tempfile
from urllib.parse import urlsplit

if "TENCHO_DATA" not in os.environ:
    # Inherited by the worker processes of pytest-xdist, so that one folder serves the run.
    os.environ["TENCHO_DATA"] = tempfile.mkdtemp(prefix="tencho-tests-")
    # Nothing is collected for tests, and WhiteNoise complains of a folder that is not there.
    os.mkdir(os.path.join(os.environ["TENCHO_DATA"], "static"))
    atexit.register(shutil.rmtree, os.environ["TENCHO_DATA"], ignore_errors=True)

if os.environ.get("REDIS_URL") and os.environ.get("PYTEST_XDIST_WORKER"):
    parts = urlsplit(os.environ["REDIS_URL"])
    number = int(parts.path.strip("/") or 0) + int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    os.environ["REDIS_URL"] = parts._replace(path=f"/{number}").geturl()
