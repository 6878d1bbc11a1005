"""The progress bar of the terminal."""

import sys
import time


class Progress:
    """A bar with the time left on a terminal, a line every tenth elsewhere.

    :param int total: number of units of work
    :param str what: what is counted
    :param stream: where to write; standard error by default, so that the report stays clean
    """

    def __init__(self, total, what, stream=None):
        self.total = max(total, 1)
        self.what = what
        self.stream = stream or sys.stderr
        self.begin = time.monotonic()
        self.shown = -1
        self.live = self.stream.isatty()

    def show(self, done, note=''):
        """Show that ``done`` units are finished."""
        share = done / self.total
        step = int(share * (200 if self.live else 10))
        if step == self.shown:
            return
        self.shown = step
        if self.live:
            filled = int(share * 30)
            bar = '█' * filled + '·' * (30 - filled)
            text = f"\r{bar} {share:4.0%}  {done}/{self.total} {self.what}  {self._left(share)}  {note}"
            self.stream.write(text[:118].ljust(118))
        else:
            self.stream.write(f"{share:4.0%}  {done}/{self.total} {self.what}  {self._left(share)}  {note}\n")
        self.stream.flush()

    def finish(self):
        """Leave the bar standing and go to the next line."""
        if self.live:
            self.stream.write("\n")
        self.stream.flush()

    def _left(self, share):
        spent = time.monotonic() - self.begin
        if not share:
            return "--:-- left"
        seconds = int(spent / share - spent)
        return f"{seconds // 60:d}:{seconds % 60:02d} left"
