#!/usr/bin/env bash
# containers.sh [BACKEND...] : runs the suites of backends on containers of
# their own, and says how long each took. Needs a container engine (DOCKER_HOST
# where it is not the usual one).
#
#     conformance-tests/containers.sh                 # pgvector redis
#     MEM0_TEST_REDIS_IMAGE=redis:8.4 conformance-tests/containers.sh redis
#
# Each test binary starts its server and ends it. The images are those of
# src/servers/images.rs; MEM0_TEST_<BACKEND>_IMAGE names another one.
# MEM0_TEST_<BACKEND>_URL is not looked at: that would be another server.
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -gt 0 ] || set -- pgvector redis
declare -A targets=(
    [pgvector]="vector_pgvector vector_pgvector_index"
    [redis]="vector_redis vector_redis_mem0ai vector_redis_sets"
    [valkey]="vector_valkey"
)
# Two backends of one crate share a feature.
declare -A features=([valkey]=redis)

for backend; do
    feature=${features[$backend]:-$backend}
    tests=()
    for target in ${targets[$backend]:-vector_$backend}; do tests+=(--test "$target"); done
    build=(cargo test -p conformance-tests --no-default-features --features "containers,$feature" "${tests[@]}")
    "${build[@]}" --no-run
    start=$SECONDS
    env -u "MEM0_TEST_${backend^^}_URL" MEM0_REQUIRE="$backend" "${build[@]}"
    echo "$backend: $((SECONDS - start)) s"
done
