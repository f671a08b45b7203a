#!/usr/bin/env bash
# Runs the test `interop` against the Python library: makes its environment once, in a cache folder, and says
# where it is. Servers are found at MEM0_TEST_PGVECTOR_URL, MEM0_TEST_REDIS_URL and MEM0_TEST_CHROMA_URL; what is
# missing is shown as ignored, unless MEM0_REQUIRE has `interop`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
wanted=$here/requirements.txt
[ -z "${MEM0_TEST_CHROMA_URL:-}" ] || wanted=$here/requirements-chroma.txt
venv=${MEM0_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mem0-interop}
mark=$venv/installed
sum=$(cat "$here"/requirements*.txt - <<<"$wanted" | sha256sum)
if [ "$(cat "$mark" 2>/dev/null)" != "$sum" ]; then
  rm -rf "$venv"
  if python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"; then
    echo "$sum" >"$mark"
  else
    echo "interop: the Python library cannot be installed here" >&2
  fi
fi
[ ! -f "$mark" ] || export MEM0_TEST_REFERENCE_PYTHON=$venv/bin/python
exec cargo test -p conformance-tests --no-default-features --features interop --test interop "$@"
