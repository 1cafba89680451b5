"""Wake-up calls between threads of one process. None of them carries truth."""

from threading import Event

# Set when a transaction with an event has committed here: the dispatcher should look.
pending = Event()

# Set when events were placed here: handlers should look.
dispatched = Event()
