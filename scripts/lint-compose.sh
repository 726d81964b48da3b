#!/bin/sh
# Holds docker-compose.yml against its schema, where there is a program for it.
set -eu
cd "$(dirname "$0")/.."

export FOLKMOOT_SECRET=lint FOLKMOOT_PUBLIC_URL=http://lint.test POSTGRES_PASSWORD=lint
if docker compose version >/dev/null 2>&1; then
    docker compose config >/dev/null
elif command -v docker-compose >/dev/null; then
    docker-compose config >/dev/null
else
    echo "docker compose is not here: docker-compose.yml was not looked at" >&2
fi
