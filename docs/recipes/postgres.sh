#!/bin/sh
# Keeps a PostgreSQL current: postgres.sh MIRROR.db SCHEMA [CONNINFO]
# Loads everything the first time, and whenever the feed does not go on where the database is (3); else what
# changed. One transaction, so run it from a timer and kill it as you like.
set -eu
mirror=$1 schema=$2 where=${3:-}
sql() { psql -X -q -v ON_ERROR_STOP=1 ${where:+-d "$where"} "$@"; }
script=$(mktemp); trap 'rm -f "$script"' EXIT

cursor=$(sql -At -F ' ' -c "SELECT seq, epoch FROM \"$schema\".feed_cursor" 2>/dev/null || true)
if [ -n "$cursor" ]; then
  code=0
  donl-mirror export postgres --db "$mirror" --schema "$schema" --output "$script" \
    --since "${cursor% *}" --epoch "${cursor#* }" || code=$?
  case $code in
    0) sql -f "$script" && exit 0 ;;
    3) ;;
    *) exit $code ;;
  esac
fi
donl-mirror export postgres --db "$mirror" --schema "$schema" --output "$script"
sql -f "$script"
