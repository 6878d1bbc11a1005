"""Set-up steps that are done once, survive interruption, and are safe to start twice at a time."""

import contextlib
import fcntl
import hashlib

from .console import say, stopwatch
from .paths import cache_dir


@contextlib.contextmanager
def setup_lock():
    """Hold the cache folder's lock, so that two ``./dev`` runs do not set up the same thing at once.

    The lock belongs to the open file: it ends with the process, also when that is killed.
    """
    cache_dir().mkdir(parents=True, exist_ok=True)
    with open(cache_dir() / "lock", "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another ./dev is setting up; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def fingerprint(*parts):
    """Short key of the inputs of a step: when it changes, the step is done again."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(str(part).encode() + b"\0")
    return digest.hexdigest()[:16]


def once(name, key, title, action):
    """Do ``action()`` unless the step ``name`` is recorded as done with the same ``key``.

    The record is written after the action: a step that was cut off is done again from its start, so
    every action must build beside its target and move the result into place.
    """
    marker = cache_dir() / "done" / name
    if marker.exists() and marker.read_text() == key:
        return
    with stopwatch(title):
        action()
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text(key)
