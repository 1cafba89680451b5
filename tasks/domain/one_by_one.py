"""Doing the same to many rows so that one that fails does not hold up the others."""

import logging
from collections.abc import Callable, Iterable

logger = logging.getLogger("tencho.tasks")


def one_by_one(ids: Iterable[int], act: Callable[[int], bool]) -> int:
    """Calls `act`, which brings its own transaction, for each id; returns for how many it said True.

    What fails is logged and tried again at the next sweep.
    """
    done = 0
    for pk in ids:
        try:
            done += act(pk)
        except Exception:
            logger.exception("a clock failed: %s of row %s", getattr(act, "__qualname__", act), pk)
    return done
