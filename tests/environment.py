"""Loaded before settings are: tests never write into the data folder of a running demo."""

import atexit
import os
import shutil
import tempfile

if "TENCHO_DATA" not in os.environ:
    # Inherited by the worker processes of pytest-xdist, so that one folder serves the run.
    os.environ["TENCHO_DATA"] = tempfile.mkdtemp(prefix="tencho-tests-")
    # Nothing is collected for tests, and WhiteNoise complains of a folder that is not there.
    os.mkdir(os.path.join(os.environ["TENCHO_DATA"], "static"))
    atexit.register(shutil.rmtree, os.environ["TENCHO_DATA"], ignore_errors=True)
