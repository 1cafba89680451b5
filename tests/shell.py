"""Runs code beside a served application, one piece after another: starting Python for each costs seconds.

`python -m tests.shell`: a line of standard input is a piece as JSON; the answer is what it printed, or why it
failed.
"""

import contextlib
import io
import json
import os
import sys
import traceback

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.db import connections  # only after the settings

    for line in sys.stdin:
        printed, failed = io.StringIO(), ""
        with contextlib.redirect_stdout(printed):
            try:
                exec(json.loads(line), {})
            except BaseException:  # noqa: BLE001  # whatever it is, the test is told
                failed = traceback.format_exc()
        connections.close_all()
        print(json.dumps({"printed": printed.getvalue(), "failed": failed}), flush=True)


if __name__ == "__main__":
    main()
