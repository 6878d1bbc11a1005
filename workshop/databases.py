"""Databases: prepared templates, quick copies of them, and their removal."""

import os
import re
import shutil

from .console import Trouble, say, stopwatch
from .paths import cache_dir, data_dir
from .steps import fingerprint, setup_lock

MODULES = ["sale_management", "sale_stock", "sale_margin", "account", "purchase_stock"]
# The templates, and whether they hold Odoo's demo data. Neither holds the add-on.
BASE, BARE = "soc_base", "soc_bare"
DEMO_DATA = {BASE: True, BARE: False}


def default_name(purpose):
    """Name of the database for ``purpose``; SOC_DB_PREFIX keeps several people apart."""
    return checked(os.environ.get("SOC_DB_PREFIX", "soc_") + purpose)


def checked(name):
    """``name`` if it can be used everywhere without quoting."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,50}", name):
        raise Trouble(f"{name!r} is no good database name: use small letters, digits and underscores.")
    if name in DEMO_DATA:
        raise Trouble(f"{name} is a template that all databases are copied from: choose another name.")
    return name


def worker_copy(name, worker):
    """Name of the copy of database ``name`` for one of several test processes (``gw0``, ``gw1`` ...)."""
    return f"{name}_{worker}"


def filestore(name):
    """Folder with the attachments of database ``name``."""
    return data_dir() / "filestore" / name


def exists(server, name):
    """Whether there is a database ``name``."""
    return bool(server.query(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))


def drop(server, name):
    """Remove database ``name`` with its files, also when somebody is connected to it."""
    server.query(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    shutil.rmtree(filestore(name), ignore_errors=True)
    (cache_dir() / "conf" / f"{name}.conf").unlink(missing_ok=True)


def copy(server, source, target):
    """Make ``target`` a fresh copy of ``source``, whatever it was before."""
    drop(server, target)
    strategy = "STRATEGY FILE_COPY" if int(server.query("SHOW server_version_num")[0][0]) >= 150000 else ""
    server.query(f'CREATE DATABASE "{target}" TEMPLATE "{source}" {strategy}')
    if filestore(source).exists():
        shutil.copytree(filestore(source), filestore(target))


def fresh(workplace, name, template=BASE):
    """A new database ``name`` with everything the add-on depends on, but not the add-on."""
    ensure_template(workplace, template)
    copy(workplace.server, template, name)


def ensure_template(workplace, template):
    """Build ``template`` unless it is there and made from the same Odoo and the same modules."""
    release = (workplace.source.root / "odoo/release.py").read_text()
    key = fingerprint(release, workplace.source.root, DEMO_DATA[template], *MODULES)
    with setup_lock():
        found = workplace.server.query(
            f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{template}'"
        )
        if found != [[key]] or not filestore(template).exists():
            with stopwatch(f"preparing the template database {template} (one to two minutes)"):
                build_template(workplace, template, key)


def build_template(workplace, template, key):
    """Install Odoo's modules into a new database and close it, so that it can always be copied."""
    server, building = workplace.server, f"{template}_building"
    drop(server, building)
    demo = ["--with-demo"] if DEMO_DATA[template] else []
    server.query(f'CREATE DATABASE "{building}" TEMPLATE template0 ENCODING \'UTF8\' LC_COLLATE \'C\'')
    workplace.run(
        building, "-i", ",".join(MODULES), *demo, "--stop-after-init", failure="Odoo's modules could not be installed."
    )
    server.query("VACUUM ANALYZE", building)
    drop(server, template)
    server.query(f'ALTER DATABASE "{building}" RENAME TO "{template}"')
    shutil.move(filestore(building), filestore(template))
    server.query(f'ALTER DATABASE "{template}" ALLOW_CONNECTIONS false')
    server.query(f"COMMENT ON DATABASE \"{template}\" IS '{key}'")


def install_addon(workplace, name, addon, others=(), demo=True):
    """Install the add-on from the current source; with its demo data wherever Odoo's is (Odoo's own rule).

    Odoo loads a module's demo data when all its dependencies have theirs: without it, one of them pretends.
    """
    flag = "UPDATE ir_module_module SET demo = {} WHERE name = 'sale_margin' AND state = 'installed'"
    had_demo = workplace.server.query("SELECT demo FROM ir_module_module WHERE name = 'sale_margin'", name) == [[True]]
    if had_demo and not demo:
        workplace.server.query(flag.format("false"), name)
    with stopwatch(f"installing {addon} into {name}"):
        workplace.run(
            name,
            "-i",
            ",".join([addon, *others]),
            "--stop-after-init",
            failure=f"{addon} could not be installed: see the messages above.",
        )
    if had_demo and not demo:
        workplace.server.query(flag.format("true"), name)
    require_installed(workplace, name, addon)


def update_addon(workplace, name, addon):
    """Bring the add-on in an existing database up to the current source."""
    with stopwatch(f"updating {addon} in {name}"):
        workplace.run(
            name,
            "-u",
            addon,
            "--stop-after-init",
            failure=f"{addon} could not be updated: see the messages above.",
        )
    require_installed(workplace, name, addon)


def require_installed(workplace, name, addon):
    """Odoo ends well also when it does not know the module: look."""
    rows = workplace.server.query(f"SELECT state FROM ir_module_module WHERE name = '{addon}'", name)
    if rows != [["installed"]]:
        raise Trouble(f"{addon} is not installed in {name}: Odoo did not find it or could not load it.")


def remove_own(server, prefix):
    """Remove every database whose name starts with ``prefix``, except the templates."""
    for (name,) in server.query("SELECT datname FROM pg_database WHERE NOT datistemplate"):
        if name.startswith(prefix) and name not in DEMO_DATA:
            say(f"removing database {name}")
            drop(server, name)
