# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# The import of an archive against COPY of the same rows into tables with the same indexes and constraints; its memory at two sizes.
uniform
[ -f "$work/uniform.ndjson" ] || uniform_archive "$threads" >"$work/uniform.ndjson"
uniform_archive "$((threads / 4))" >"$work/quarter.ndjson"

fresh() { # a new database, its schema up to date
    sql 'DROP DATABASE IF EXISTS taking' postgres 2>/dev/null
    sql 'CREATE DATABASE taking' postgres
    "$program" migrate --database-url "$(database_url taking)" >"$work/migrated" 2>&1 || { cat "$work/migrated" >&2; return 1; }
}
take_in() { # archive: prints milliseconds and kilobytes
    fresh
    sql CHECKPOINT
    "$yardstick" time "$program" import --database-url "$(database_url taking)" "$1" 2>"$work/import.log" || {
        cat "$work/import.log" >&2
        return 1
    }
}
copy() {
    fresh
    sql "DO \$\$ DECLARE list text; BEGIN SELECT string_agg(format('%I', tablename), ', ') INTO list FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> '__diesel_schema_migrations'; EXECUTE 'TRUNCATE ' || list; END \$\$" taking
    sql CHECKPOINT
    "$yardstick" time psql -Xq -v ON_ERROR_STOP=1 -1 -h "$data/postgres" -U folkmoot -f "$work/rows.sql" taking
}
take_in "$work/uniform.ndjson" >/dev/null
pg_dump --data-only --exclude-table=__diesel_schema_migrations -h "$data/postgres" -U folkmoot taking >"$work/rows.sql" \
    2>"$work/dump.log" || { cat "$work/dump.log" >&2; exit 1; }
: >"$work/memory"
: >"$work/rounds"
for round in $(seq 1 "$rounds"); do
    copied=$(copy)
    small=$(take_in "$work/quarter.ndjson")
    large=$(take_in "$work/uniform.ndjson")
    echo "${large% *} ${copied% *}" >>"$work/rounds"
    echo "${large#* } ${small#* }" | awk '{ print $1 / 1024, $2 / 1024 }' >>"$work/memory"
    echo "  round $round: ${large% *} ms, COPY ${copied% *} ms; $(tail -n 1 "$work/memory") MiB"
done
result "import of $(((threads + forums) * posts)) posts" less ms 0.3 '≥ 0.3 of COPY'
mv "$work/memory" "$work/rounds"
result 'memory of an import, beside one of a quarter' less MiB 0.83 'within 20 %'
sql 'DROP DATABASE taking' postgres
rm "$work/rows.sql"
