"""Background jobs: Django Tasks in the database, with the supervision that backend lacks."""

from jobs.define import Stopped, job, periodic, stopping

__all__ = ["Stopped", "job", "periodic", "stopping"]
