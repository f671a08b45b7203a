#!/usr/bin/env bash
# builds.sh                       : how many crates each feature of `mem0` compiles
# builds.sh --time [FEATURES...]  : also how long they take to compile from nothing, each by itself; `default` by default,
#                                   in the profiles of PROFILES (`dev release`)
# The tables for benches/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

# Normal and build dependencies of one build, each version once; ours left out.
crates() {
    cargo tree -p mem0 --edges normal,build --prefix none --format '{p}' --no-default-features --features "$1" |
        sed 's/ (\*)$//' | grep -v ' (/' | sort -u | wc -l
}

features() {
    cargo metadata --no-deps --format-version 1 |
        python3 -c 'import json, sys
for package in json.load(sys.stdin)["packages"]:
    if package["name"] == "mem0":
        print("\n".join(sorted(name for name in package["features"] if name not in ("default", "failpoints") and name[0] != "_")))'
}

echo "| features | crates |"
echo "|---|---|"
echo "| none | $(crates "") |"
echo "| default | $(crates default) |"
for feature in $(features); do
    echo "| $feature | $(crates "$feature") |"
done

if [ "${1:-}" = --time ]; then
    shift
    [ $# -gt 0 ] || set -- default
    cargo fetch -q
    target=$(mktemp -d)
    trap 'rm -rf "$target"' EXIT
    # Without what runs beside: seconds of all processors, in the program and the
    # kernel.
    TIMEFORMAT='%U %S'
    echo
    read -ra profiles <<<"${PROFILES:-dev release}"
    echo "| features |$(printf ' %s |' "${profiles[@]}")"
    echo "|---|$(printf -- '---|%.0s' "${profiles[@]}")"
    for features; do
        row="| $features |"
        for profile in "${profiles[@]}"; do
            rm -rf "${target:?}"/*
            build=(cargo build -q -p mem0 --profile "$profile" --no-default-features --features "$features" --lib)
            spent=$({ time CARGO_TARGET_DIR=$target "${build[@]}" >&2; } 2>&1 | tail -n 1)
            row+=" $(awk '{printf "%.0f s", $1 + $2}' <<<"$spent") |"
        done
        echo "$row"
    done
fi
