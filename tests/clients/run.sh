#!/bin/sh
# Generates the clients and runs the story with each, against the service at $FOLKMOOT_URL; then the client that pipelines.
set -eu
cd "$(dirname "$0")/../.."

document=$PWD/openapi/openapi.json
tools=$PWD/target/client-tools/bin
made=$PWD/target/clients
mkdir -p "$made"

cd tests/clients/typescript
node_modules/.bin/openapi-typescript "$document" --output generated/folkmoot.d.ts >/dev/null
node_modules/.bin/tsc
node generated/built/story.js

cd ../python
# The generator has the formatter beside it clean up.
PATH="$tools:$PATH" openapi-python-client generate --path "$document" --meta none --output-path "$made/python/folkmoot_client" \
    --overwrite --fail-on-warning >/dev/null
# The story is held against the generated types; what is generated is not ours to mend.
MYPYPATH="$made/python" "$tools/mypy" --strict --follow-imports silent --cache-dir "$made/mypy" story.py
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$made/python" "$tools/python" story.py

cd ../rust
"$tools/openapi-generator-cli" generate --generator-name rust --input-spec "$document" --output "$made/rust-client" \
    --additional-properties packageName=folkmoot-client >"$made/rust.log" 2>&1 || { cat "$made/rust.log"; exit 1; }
CARGO_TARGET_DIR="$made/rust" cargo run --quiet --locked

cd ../pipelining
node pipelining.mjs
