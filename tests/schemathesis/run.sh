#!/bin/sh
# Lets Schemathesis try the whole API, as each role in turn, each time beside a fresh service with some content; once more, briefly,
# with the limits of use on. Fails where one run does, or where one did not try all that it should.
#
#   tests/schemathesis/run.sh [ARGUMENTS OF "schemathesis run" ...]
set -eu
cd "$(dirname "$0")/../.."

here=tests/schemathesis
made=target/schemathesis-runs
bin=target/schemathesis/bin
export PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1 HYPOTHESIS_STORAGE_DIRECTORY=target/hypothesis
[ $# -gt 0 ] || set -- --max-time 300 -n 100
mkdir -p "$made"

# Puts a value, or nothing, in the place of a word.
say() {
    if [ -n "$2" ]; then
        sed "s/\"\\\$$1\"/$2/g"
    else
        sed "s/\"\\\$$1\", *//g"
    fi
}

# The configuration of one run. Arguments: ROLE, whether use is limited (on or off).
configuration() {
    sign_in='' moderate='' administer='' limited='' unlimited=true gone_for_them=true
    case $1 in
        guest) sign_in=401 moderate=401 administer=401 ;;
        member) moderate=403 administer=403 ;;
        moderator) administer=403 gone_for_them=false ;;
        admin) gone_for_them=false ;;
    esac
    if [ "$2" = on ]; then limited=429 unlimited=false; fi
    say sign_in "$sign_in" <"$here/schemathesis.toml" | say moderate "$moderate" | say administer "$administer" |
        say limited "$limited" | say unlimited "$unlimited" | say gone_for_them "$gone_for_them"
}

failed=
try() {
    as=$1 limits=$2 phases=$3 run=$made/$1-$2
    shift 3
    printf '\n--- as %s, limits of use %s\n' "$as" "$limits"
    configuration "$as" "$limits" >"$run.toml"
    rm -f "$run.json"
    # shellcheck disable=SC2016  # the shell inside expands it
    FUZZ_AS=$as FOLKMOOT_RATE_LIMITS=$limits scripts/with-service.sh sh -c '
        program=$1 run=$2
        shift 2
        exec "$program" --config-file "$run.toml" run openapi/openapi.json --url "$FOLKMOOT_URL" \
            --report json --report-json-path "$run.json" "$@"
    ' sh "$bin/schemathesis" "$run" "$@" --phases "$phases" || failed="$failed $as"
    "$bin/python" "$here/whole.py" "$run.json" "$phases" || failed="$failed $as"
}

for as in guest member moderator admin; do
    try "$as" off examples,coverage,fuzzing,stateful "$@"
done
# A guest: the visitors that stand in for a member would use up what may register.
try guest on examples,coverage "$@" --max-time 25
if [ -n "$failed" ]; then
    echo "Failed as:$failed" >&2
    exit 1
fi
