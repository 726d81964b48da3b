#!/bin/sh
# Lets Schemathesis try the whole API, as each role in turn, each time beside a fresh service with some content; once more, briefly,
# with the limits of use on. Fails where one run does.
#
#   tests/schemathesis/run.sh [ARGUMENTS OF "schemathesis run" ...]
set -eu
cd "$(dirname "$0")/../.."

here=tests/schemathesis
program=target/schemathesis/bin/schemathesis
export PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1 HYPOTHESIS_STORAGE_DIRECTORY=target/hypothesis
[ $# -gt 0 ] || set -- --max-time 300 -n 100

failed=
try() {
    as=$1 limits=$2 config=$here/$3
    shift 3
    printf '\n--- as %s, limits of use %s\n' "$as" "$limits"
    # shellcheck disable=SC2016  # the shell inside expands it
    FUZZ_AS=$as FOLKMOOT_RATE_LIMITS=$limits scripts/with-service.sh sh -c '
        program=$1 config=$2
        shift 2
        exec "$program" --config-file "$config" run openapi/openapi.json --url "$FOLKMOOT_URL" "$@"
    ' sh "$program" "$config" "$@" || failed="$failed $as"
}

for as in guest member moderator admin; do
    try "$as" off schemathesis.toml "$@"
done
# A guest: the visitors that stand in for a member would use up what may register.
try guest on limits.toml "$@" --phases examples,coverage --max-time 25
if [ -n "$failed" ]; then
    echo "Failed as:$failed" >&2
    exit 1
fi
