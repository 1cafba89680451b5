#!/usr/bin/env python
"""Tencho's command line: `manage.py serve`, `migrate`, `demo`, `api_key`, …"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main() -> None:
    # `platform/` is a source root without `__init__.py`: its rooms are imported flat.
    sys.path[:0] = [str(ROOT), str(ROOT / "platform")]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # After the path is set: Django must find the rooms.
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
