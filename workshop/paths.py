"""Where things are: the repository, the add-on in it, and the cache folder outside of it."""

import os
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
ADDON = "sale_order_control"
ADDON_DIR = REPO / ADDON


def cache_dir():
    """The folder that keeps Odoo, the Python environment and PostgreSQL between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).expanduser() / "sale-order-control"


def log_dir():
    """Where the output of set-up steps and servers goes."""
    return cache_dir() / "log"


def data_dir():
    """Odoo's data folder (filestore, sessions) of every database the workshop makes."""
    return cache_dir() / "data"
