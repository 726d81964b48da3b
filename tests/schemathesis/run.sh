#!/bin/sh
# Lets Schemathesis try the whole API, as each role in turn, each time beside a fresh service with some content; once more, briefly,
# with the limits of use on. Fails where one run does.
#
#   tests/schemathesis/run.sh [ARGUMENTS OF "schemathesis run" ...]
set -eu
cd "$(dirname "$0")/../.."

here=tests/schemathesis
program=target/schemathesis/bin/schemathesis
export PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1
[ $# -gt 0 ] || set -- --max-time 300 -n 100

failed=
try() {
    as=$1 limits=$2
    shift 2
    printf '\n--- as %s, limits of use %s\n' "$as" "$limits"
    FUZZ_AS=$as FOLKMOOT_RATE_LIMITS=$limits scripts/with-service.sh sh -c '
        program=$1 here=$2
        shift 2
        exec "$program" --config-file "$here/schemathesis.toml" run openapi/openapi.json --url "$FOLKMOOT_URL" "$@"
    ' sh "$program" "$here" "$@" || failed="$failed $as"
}

for as in guest member moderator admin; do
    try "$as" off "$@"
done
# A guest: the visitors that stand in for a member would use up what may register.
try guest on "$@" --phases examples,coverage
if [ -n "$failed" ]; then
    echo "Failed as:$failed" >&2
    exit 1
fi
