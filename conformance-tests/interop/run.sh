#!/usr/bin/env bash
# Runs the test `interop` against the Python library: makes its environment once, in a cache folder, and says
# where it is. Servers are found at MEM0_TEST_<NAME>_URL of the vector stores in MEM0_INTEROP_STORES (`pgvector redis
# chroma`); what is missing is shown as ignored, unless MEM0_REQUIRE has `interop`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
wanted=$here/requirements.txt
MEM0_INTEROP_STORES=${MEM0_INTEROP_STORES:-pgvector redis chroma}
venv=${MEM0_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mem0-interop}
mark=$venv/installed
sum=$(sha256sum <"$wanted")
if [ "$(cat "$mark" 2>/dev/null)" != "$sum" ]; then
  rm -rf "$venv"
  if python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"; then
    echo "$sum" >"$mark"
  else
    echo "interop: the Python library cannot be installed here" >&2
  fi
fi
[ ! -f "$mark" ] || export MEM0_TEST_REFERENCE_PYTHON=$venv/bin/python MEM0_TEST_REFERENCE_STORES=$MEM0_INTEROP_STORES
exec cargo test -p conformance-tests --no-default-features --features interop --test interop "$@"
