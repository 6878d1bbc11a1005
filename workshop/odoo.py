"""Running Odoo: its configuration file, its environment, its commands and its server."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from . import odoo_source, postgres, python_env
from .console import Trouble, say, tail
from .paths import ADDON_DIR, REPO, cache_dir, data_dir, log_dir
from .steps import setup_lock

HOST = "127.0.0.1"
# Lines Odoo prints in every run that tell the reader nothing to act on.
NOISE = re.compile(r"Running as user 'root'|<string>:\d+: \((INFO|WARNING|ERROR)/\d\)")


@dataclass(frozen=True)
class Workplace:
    """All that is needed to run Odoo: Python, Odoo's source, PostgreSQL."""

    python: Path
    source: odoo_source.OdooSource
    server: postgres.Server
    extra_options: dict = field(default_factory=dict)

    def environment(self):
        """Variables for any program of this workplace."""
        return {
            **self.server.environment(),
            "PYTHONPATH": str(self.source.root),
            "PATH": f"{self.python.parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONUNBUFFERED": "1",
        }

    def config(self, database, **options):
        """Write the configuration file of ``database`` and return its path."""
        addons = [str(REPO)] if (ADDON_DIR / "__manifest__.py").exists() else []
        values = {
            "addons_path": ",".join([*addons, *map(str, self.source.addons)]),
            "data_dir": data_dir(),
            "db_name": database,
            "db_host": self.server.host,
            "db_port": self.server.port,
            "db_user": self.server.user,
            "dbfilter": f"^{database}$",
            "http_interface": HOST,
            "max_cron_threads": 0,
            **self.extra_options,
            **options,
        }
        path = cache_dir() / "conf" / f"{database}.conf"
        path.parent.mkdir(parents=True, exist_ok=True)
        data_dir().mkdir(parents=True, exist_ok=True)
        lines = [f"{name} = {value}\n" for name, value in values.items() if value != ""]
        path.write_text("[options]\n" + "".join(lines))
        return path

    def command(self, *arguments):
        """Command line of an Odoo command."""
        return [str(self.python), "-m", "odoo", *map(str, arguments)]

    def run(self, database, *arguments, level="warn", failure="Odoo failed."):
        """Run Odoo on ``database`` up to its end; warnings and errors stay visible."""
        command = self.command(
            "server", "-c", self.config(database), "-d", database, "--no-http", f"--log-level={level}", *arguments
        )
        if run_filtered(command, self.environment()):
            raise Trouble(failure)


def run_filtered(command, environment, on_line=None, script=None):
    """Run a program with its output on ours, less the known noise; returns its exit status.

    ``on_line`` sees every line and may return False to keep it from the reader; ``script`` is what the program reads.
    """
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE if script else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        if script:
            process.stdin.write(script)
            process.stdin.close()
        for line in process.stdout:
            if not NOISE.match(line) and (on_line is None or on_line(line) is not False):
                print(line, end="", flush=True)
        return process.wait()
    finally:
        stop(process)


def ensure_workplace():
    """Set up whatever is missing and return the workplace."""
    with setup_lock():
        source = odoo_source.ensure_odoo()
        python = python_env.ensure_python()
        return Workplace(python, source, postgres.ensure_server(python))


def free_port():
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def chosen_port(wanted):
    """``wanted`` if it is free (a clear sentence if not), any free port when nothing is wanted."""
    if not wanted:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError as error:
            raise Trouble(
                f"Port {wanted} is taken by another program: choose another with --port, or leave it out."
            ) from error
    return wanted


@contextlib.contextmanager
def serving(workplace, database, port=None, **options):
    """Serve ``database`` in the background while the block runs; yields the address and the process."""
    port = chosen_port(port)
    log = log_dir() / f"server-{database}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    config = workplace.config(database, http_port=port, **options)
    with open(log, "w", encoding="utf-8") as output:
        process = subprocess.Popen(
            workplace.command("server", "-c", config, "-d", database),
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=workplace.environment(),
            start_new_session=True,  # Ctrl-C reaches only us: we end it in order
        )
        try:
            address = f"http://{HOST}:{port}"
            wait_until_up(address, process, log)
            yield address, process
        finally:
            stop(process)


def wait_until_up(address, process, log, seconds=120):
    """Wait until the server answers; the end of its log when it does not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError, urllib.error.URLError):
            urllib.request.urlopen(f"{address}/web/health", timeout=5).close()
            return
        time.sleep(0.3)
    raise Trouble(f"Odoo did not start serving. The end of {log}:\n{tail(log)}")


def stop(process):
    """End a server we started: kindly, then firmly."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        say("Odoo does not stop by itself; killing it")
        process.kill()
        process.wait()
