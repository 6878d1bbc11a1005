"""Talking to the person in front of the terminal, and running other programs for them."""

import os
import subprocess
import sys
import time


class Trouble(Exception):
    """A failure the reader can act on: its text is one complete sentence, shown without a traceback."""


def say(text):
    """Print one line of progress at once, also when the output goes to a file."""
    print(f"[dev] {text}", flush=True)


def warn(text):
    """Print something that does not stop the work but that the reader should know."""
    print(f"[dev] Warning: {text}", file=sys.stderr, flush=True)


def tail(path, lines=25):
    """Last lines of a log file, for a failure message."""
    try:
        with open(path, encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-lines:]).rstrip()
    except OSError:
        return ""


def run_logged(command, log_path, failure, env=None, cwd=None):
    """Run ``command`` with its output in ``log_path``; raise ``Trouble(failure)`` with the log's end if it fails."""
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with open(log_path, "w", encoding="utf-8") as log:
        try:
            done = subprocess.run(
                command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=env, cwd=cwd
            )
        except FileNotFoundError as error:
            raise Trouble(f"{failure} The program {command[0]} is not installed.") from error
    if done.returncode:
        raise Trouble(f"{failure} The end of {log_path}:\n{tail(log_path)}")


def capture(command, env=None):
    """Standard output of a short command, or None when it is missing or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=env)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def is_root():
    """Whether system packages may be installed without asking anybody."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


class stopwatch:
    """Announce a step and, when it ends well, how long it took."""

    def __init__(self, text):
        self.text = text

    def __enter__(self):
        say(f"{self.text} ...")
        self.started = time.monotonic()
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            say(f"{self.text}: done in {time.monotonic() - self.started:.0f} s")
