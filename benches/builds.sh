#!/usr/bin/env bash
# builds.sh          : how many crates each feature of `mem0` compiles
# builds.sh --time   : also how long the default set takes from nothing
# The table for benches/README.md.
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
        print("\n".join(sorted(name for name in package["features"] if name not in ("default", "failpoints"))))'
}

echo "| features | crates |"
echo "|---|---|"
echo "| none | $(crates "") |"
echo "| default | $(crates default) |"
for feature in $(features); do
    echo "| $feature | $(crates "$feature") |"
done

if [ "${1:-}" = --time ]; then
    target=$(mktemp -d)
    trap 'rm -rf "$target"' EXIT
    for profile in dev release; do
        echo "default, $profile:"
        time CARGO_TARGET_DIR=$target cargo build -q -p mem0 --profile "$profile"
    done
fi
