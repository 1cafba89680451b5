"""Wake-up call between threads of one process; it carries no truth."""

from threading import Event

# Set when a transaction that enqueued a job has committed here.
enqueued = Event()
