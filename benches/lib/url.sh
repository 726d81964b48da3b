# shellcheck shell=sh disable=SC2034,SC2154

# Waits until the service that was started as $server has said where it is, and leaves that in $url. What it says, its log.
wait_for_url() {
    url=
    while [ -z "$url" ]; do
        kill -0 "$server" || { cat "$2" >&2; exit 1; }
        url=$(sed -n 's/^ *API *\(http:.*\)\/api\/v1$/\1/p' "$1")
        sleep 0.1
    done
}
