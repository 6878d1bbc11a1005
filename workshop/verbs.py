"""The verbs that serve or use a database: demo, shell, replay, bench, screenshots, translate, reset."""

import json
import os
import re
import shutil
import subprocess

from . import databases, postgres
from .console import Trouble, say, stopwatch, warn
from .odoo import chosen_port, ensure_workplace, free_port, serving
from .paths import ADDON, REPO, cache_dir, log_dir
from .system_packages import ensure_chinese_font, ensure_chromium, ensure_wkhtmltopdf
from .testing import require_addon

USUAL_PORT = 8069


def demo_database(workplace, name, anew):
    """The database with demo data: kept from the last time and updated, or made anew."""
    if not anew and databases.exists(workplace.server, name):
        databases.update_addon(workplace, name, ADDON)
        return
    try:
        databases.fresh(workplace, name)
        databases.install_addon(workplace, name, ADDON)
        tell_demo_story(workplace, name)
    except BaseException:
        databases.drop(workplace.server, name)  # half a demo would be taken for a whole one next time
        raise


def tell_demo_story(workplace, name):
    """Switch the controls on in a new demo database, and leave orders in it that are worth a look."""
    script = [workplace.python, "-m", "workshop.demo_story", workplace.config(name), name]
    with stopwatch("putting the demo company under control"):
        if subprocess.run(script, env=script_environment(workplace), cwd=REPO, stdin=subprocess.DEVNULL).returncode:
            raise Trouble("The demo company could not be put under control: see the messages above.")


def demo(options, _rest):
    """``./dev demo``: everything from nothing to a served database, and who may log in."""
    require_addon()
    ensure_wkhtmltopdf()
    workplace = ensure_workplace()
    port = chosen_port(options.port) if options.port else usual_port()
    name = databases.checked(options.db) if options.db else databases.default_name("demo")
    demo_database(workplace, name, options.fresh)
    with serving(workplace, name, port, max_cron_threads=1) as (address, process):
        print(f"\n  Odoo with {ADDON} is at {address}\n")
        for row in demo_users(workplace, name):
            print("    {login:<28} password {password:<20} {roles}".format(**row))
        print("\n  Press Ctrl-C to stop; ./dev demo starts it again with the same data.\n", flush=True)
        try:
            process.wait()
        except KeyboardInterrupt:
            print()
            return 0
    raise Trouble(f"Odoo stopped by itself: see {log_dir()}/server-{name}.log.")


def usual_port():
    """Odoo's usual port, or a free one when something else has it."""
    try:
        return chosen_port(USUAL_PORT)
    except Trouble:
        warn(f"port {USUAL_PORT} is taken by another program; taking a free one.")
        return free_port()


def demo_users(workplace, name):
    """Users that log in with their login as password, as Odoo's own demo users do, and what they may do."""
    done = subprocess.run(
        [workplace.python, REPO / "workshop" / "demo_users.py", name, ADDON],
        capture_output=True,
        text=True,
        env=workplace.environment(),
        check=True,
    )
    return json.loads(done.stdout)


def shell(options, _rest):
    """``./dev shell``: Odoo's Python prompt on the demo database, or another."""
    require_addon()
    workplace = ensure_workplace()
    name = databases.checked(options.db) if options.db else databases.default_name("demo")
    if not databases.exists(workplace.server, name):
        if options.db:
            raise Trouble(f"There is no database {name}.")
        demo_database(workplace, name, anew=True)
    config = workplace.config(name)
    command = workplace.command("shell", "-c", config, "-d", name, "--no-http", "--log-level=warn")
    return subprocess.run(command, env=workplace.environment()).returncode


def replay(options, rest):
    """``./dev replay``: a fresh database without demo data, then the add-on's own command in it."""
    require_addon()
    command_file = REPO / ADDON / "cli" / "sale_order_replay.py"
    if not command_file.exists():
        raise Trouble(f"The add-on has no command sale_order_replay ({command_file} is missing).")
    workplace = ensure_workplace()
    name = databases.checked(options.db) if options.db else databases.default_name("replay")
    databases.fresh(workplace, name, databases.BARE)
    databases.install_addon(workplace, name, ADDON)
    command = workplace.command(f"--addons-path={REPO}", "sale_order_replay", "-d", name, *rest)
    environment = {**workplace.environment(), "ODOO_RC": str(workplace.config(name))}
    status = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL).returncode
    say(f"the database {name} is kept for a look: ./dev shell --db {name}")
    return status


def script_environment(workplace):
    """For benchmarks and screenshots: Odoo, the workshop and PostgreSQL are importable and reachable."""
    environment = workplace.environment()
    environment["PYTHONPATH"] = os.pathsep.join([str(REPO), environment["PYTHONPATH"]])
    return environment


def bench(options, rest):
    """``./dev bench``: list the scripts in benchmarks/, or run one or all of them."""
    scripts = {path.stem: path for path in sorted((REPO / "benchmarks").glob("[a-z]*.py"))}
    if options.list or not scripts:
        print("\n".join(scripts) or "There are no scripts in benchmarks/ yet.")
        return 0
    unknown = [name for name in options.names if name not in scripts]
    if unknown:
        raise Trouble(f"There is no benchmark {', '.join(unknown)}; there are: {', '.join(scripts)}.")
    require_addon()
    workplace = ensure_workplace()
    status = 0
    for name in options.names or scripts:
        say(f"benchmark {name}")
        done = subprocess.run([workplace.python, scripts[name], *rest], env=script_environment(workplace))
        status = status or done.returncode
    return status


def screenshots(options, rest):
    """``./dev screenshots``: serve a demo database and let docs/screenshots.py take its pictures."""
    require_addon()
    scenes = REPO / "docs" / "screenshots.py"
    if not scenes.exists():
        raise Trouble("There is no docs/screenshots.py with the scenes to take.")
    chromium = ensure_chromium()
    ensure_chinese_font()
    workplace = ensure_workplace()
    name = databases.checked(options.db) if options.db else databases.default_name("screens")
    demo_database(workplace, name, anew=not options.reuse)
    with serving(workplace, name) as (address, _process):
        environment = {
            **script_environment(workplace),
            "SOC_ADDRESS": address,
            "SOC_DATABASE": name,
            "SOC_CHROMIUM": chromium,
        }
        command = [workplace.python, "-m", "workshop.studio", scenes, *rest]
        status = subprocess.run(command, env=environment, cwd=REPO, stdin=subprocess.DEVNULL).returncode
    if not options.reuse:
        databases.drop(workplace.server, name)
    return status


def translate(options, _rest):
    """``./dev translate``: the template from a new database without demo data, and every language brought up to it."""
    require_addon()
    workplace = ensure_workplace()
    name = databases.checked(options.db) if options.db else databases.default_name("terms")
    databases.fresh(workplace, name, databases.BARE)
    try:
        databases.install_addon(workplace, name, ADDON)
        export = workplace.command("i18n", "export", ADDON, "-c", workplace.config(name), "-d", name, "-l", "pot")
        subprocess.run(export, env=workplace.environment(), check=True, stdin=subprocess.DEVNULL)
    finally:
        databases.drop(workplace.server, name)
    follow = [workplace.python, "-m", "workshop.translations", REPO / ADDON / "i18n"]
    follow += [options.answers] if options.answers else []
    done = subprocess.run(follow, env=script_environment(workplace), cwd=REPO, stdout=subprocess.PIPE, check=True)
    for language, terms in json.loads(done.stdout).items():
        say(f"{language}: {len(terms)} terms without a translation")
        print("\n".join(repr(term) for term in terms))
    return 0


def reset(options, _rest):
    """``./dev reset``: stop servers, remove databases; with --all the whole cache."""
    if not cache_dir().exists():
        say("there is nothing to reset")
        return 0
    stop_servers()
    cluster = postgres.Cluster.of_cache()
    if options.all:
        cluster.remove()
        shutil.rmtree(cache_dir())
        say(f"removed {cache_dir()}")
        return 0
    workplace = ensure_workplace()
    databases.remove_own(workplace.server, os.environ.get("SOC_DB_PREFIX", "soc_"))
    cluster.stop()
    say("stopped PostgreSQL and removed the databases; the templates stay (--all removes them and the cache)")
    return 0


def stop_servers():
    """Stop Odoo servers that run from this cache, found by their configuration file."""
    for status in find_processes(str(cache_dir() / "conf")):
        say(f"stopping process {status}")
        os.kill(status, 15)


def find_processes(mark):
    """Process ids of our own user's Odoo servers whose command line holds ``mark`` (Linux)."""
    found = []
    for entry in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if not re.fullmatch(r"\d+", entry) or int(entry) == os.getpid():
            continue
        try:
            with open(f"/proc/{entry}/cmdline", encoding="utf-8", errors="replace") as handle:
                words = handle.read().split("\0")
            mine = os.stat(f"/proc/{entry}").st_uid == os.getuid()
        except OSError:
            continue
        if mine and "odoo" in words and any(word.startswith(mark) for word in words):
            found.append(int(entry))
    return found
