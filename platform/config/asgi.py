"""The application for ASGI servers: `daphne config.asgi:application`, or `manage.py serve`.

HTTP runs on bounded threads; the live machinery starts with the first connection, or before it by `serve`.
"""

import os

import django
from django.apps import apps

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if not apps.ready:
    django.setup()

# After set-up: these rooms have models.
from channels.routing import ProtocolTypeRouter

from kernel import intake
from kernel.http import BoundedHandler
from realtime.live import Live
from realtime.routing import Sockets

intake.install()
http = BoundedHandler()
live = Live()
application = ProtocolTypeRouter({"http": http, "websocket": Sockets(live)})
