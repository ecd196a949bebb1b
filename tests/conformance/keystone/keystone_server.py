#!/usr/bin/env python3
"""A real OpenStack Keystone on loopback, with everything it keeps in one folder.

    python keystone_server.py [--listen 127.0.0.1:0] [--folder DIR] [--stock-scope]

Sets up SQLite, keys and an administrator, prints one line of JSON

    {"url": "http://127.0.0.1:PORT", "user": "admin", "password": "...", "domain": "Default",
     "domain_id": "default", "project": "admin"}

on stdout and serves until SIGINT or SIGTERM. Without --folder a temporary one is used and removed.
`url` has no path, as with Huawei's hosts; Keystone's calls are below `/v3`.
"""

import argparse
import json
import logging
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import warnings

USER = "admin"
PASSWORD = "keystone-test-password"
PROJECT = "admin"
DOMAIN = "Default"
DOMAIN_ID = "default"

CONFIGURATION = """\
[DEFAULT]
log_file = {folder}/keystone.log
[database]
connection = sqlite:///{folder}/keystone.db
[fernet_tokens]
key_repository = {folder}/fernet-keys
[fernet_receipts]
key_repository = {folder}/fernet-keys
[credential]
key_repository = {folder}/credential-keys
[cache]
enabled = false
[token]
provider = fernet
expiration = 86400
"""


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--listen", default="127.0.0.1:0", help="loopback address, port 0 for any")
    arguments.add_argument("--folder", type=pathlib.Path, help="keep the state here")
    arguments.add_argument(
        "--stock-scope",
        action="store_true",
        help="leave Keystone's policy alone: federation calls then refuse account-wide (domain) "
        "tokens, which are the very kind that Huawei's documents demand",
    )
    options = arguments.parse_args()
    folder = (options.folder or pathlib.Path(tempfile.mkdtemp(prefix="keystone-"))).resolve()
    try:
        serve(folder, options.listen, options.stock_scope)
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


def serve(folder, listen, stock_scope):
    configuration = set_up(folder)
    # Keystone warns about its own dependencies; stdout and stderr stay ours.
    warnings.simplefilter("ignore")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    # `setup_backends` reads options from the command line unless there is none.
    sys.argv = sys.argv[:1]
    from keystone.server.flask import core
    from werkzeug.serving import WSGIRequestHandler, make_server

    if not stock_scope:
        let_domain_tokens_manage_federation()
    application = core.initialize_application("public", config_files=[str(configuration)])

    class Handler(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

    host, port = listen.rsplit(":", 1)
    server = make_server(host, int(port), application, threaded=True, request_handler=Handler)
    server.daemon_threads = True
    url = f"http://{host}:{server.server_port}"
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    let_the_administrator_manage_the_domain(url)
    description = {
        "url": url,
        "user": USER,
        "password": PASSWORD,
        "domain": DOMAIN,
        "domain_id": DOMAIN_ID,
        "project": PROJECT,
    }
    print(json.dumps(description), flush=True)
    stopping.wait()
    server.shutdown()


def let_domain_tokens_manage_federation():
    """Takes domain tokens where Keystone takes those of a project or of the system.

    Which scopes a rule takes is written in Keystone's code, so no policy file can change it. The
    rule itself, that one must be an administrator, stays.
    """
    from keystone.common import policies

    objects = ("identity_provider", "mapping", "protocol")
    for rule in policies.list_rules():
        if rule.name.removesuffix("s").endswith(objects):
            rule.scope_types = [*rule.scope_types, "domain"]


def set_up(folder):
    """Database, keys and administrator; quick when the folder has them already."""
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "keystone.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder))
    if (folder / "ready").exists():
        return configuration
    owner = ["--keystone-user", str(os.getuid()), "--keystone-group", str(os.getgid())]
    for name in ("fernet-keys", "credential-keys"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    bootstrap = ["--bootstrap-username", USER, "--bootstrap-password", PASSWORD]
    for command in (
        ["db_sync"],
        ["fernet_setup", *owner],
        ["credential_setup", *owner],
        ["bootstrap", *bootstrap, "--bootstrap-project-name", PROJECT],
    ):
        program = pathlib.Path(sys.executable).parent / "keystone-manage"
        done = subprocess.run(
            [program, "--config-file", configuration, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            sys.exit(f"keystone-manage {command[0]} failed:\n{done.stdout}")
    (folder / "ready").touch()
    return configuration


def let_the_administrator_manage_the_domain(url):
    """Gives the administrator its role on the domain too, so that it can have domain tokens.

    Keystone's bootstrap gives it on a project and on the system, neither of which Huawei has.
    """
    import requests

    user = {"name": USER, "password": PASSWORD, "domain": {"id": DOMAIN_ID}}
    identity = {"methods": ["password"], "password": {"user": user}}
    answer = requests.post(
        f"{url}/v3/auth/tokens", json={"auth": {"identity": identity, "scope": {"system": {"all": True}}}}
    )
    answer.raise_for_status()
    session = requests.Session()
    session.headers["X-Auth-Token"] = answer.headers["X-Subject-Token"]
    user_id = answer.json()["token"]["user"]["id"]
    roles = session.get(f"{url}/v3/roles", params={"name": "admin"}).json()["roles"]
    session.put(
        f"{url}/v3/domains/{DOMAIN_ID}/users/{user_id}/roles/{roles[0]['id']}"
    ).raise_for_status()


if __name__ == "__main__":
    main()
