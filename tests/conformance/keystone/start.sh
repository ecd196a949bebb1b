#!/bin/sh
# A real Keystone on loopback: ./start.sh [--listen 127.0.0.1:0] [--folder DIR] [--stock-scope]
# Installs it into a virtual environment first, once; KEYSTONE_VENV says where.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=${KEYSTONE_VENV:-$here/../.venv-keystone}
if [ ! -x "$venv/bin/keystone-manage" ]; then
    python3 -m venv "$venv" >&2
    "$venv/bin/pip" install --quiet --requirement "$here/requirements.txt" >&2
fi
exec "$venv/bin/python" "$here/keystone_server.py" "$@"
