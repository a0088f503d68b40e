#!/bin/sh
# The feed on a topic: kafka.sh MIRROR.db CURSOR-FILE [COMMAND…]
# A line is KEY<tab>VALUE: the id of the dataset and Debezium's envelope; a deletion is followed by a tombstone, so
# that a compacted topic forgets it. COMMAND reads the lines (default: kcat -P -t datasets -K '	' -Z). The cursor
# moves when COMMAND has taken them all: what is sent twice has the same seq.
set -eu
mirror=$1 file=$2; shift 2
[ $# -gt 0 ] || set -- kcat -P -b localhost:9092 -t datasets -K '	' -Z
work=$(mktemp); trap 'rm -f "$work"' EXIT

seq=0 epoch=
[ ! -s "$file" ] || read -r seq epoch <"$file"
donl-mirror changes --db "$mirror" --format debezium --since "$seq" ${epoch:+--epoch "$epoch"} >"$work"
jq -rc '[.source.dataset_id, tojson], (select(.op == "d") | [.source.dataset_id, ""]) | join("\t")' "$work" | "$@"
tail -n 1 "$work" | jq -r '"\(.source.seq) \(.source.epoch)"' >"$file.new"
if [ -s "$file.new" ]; then mv "$file.new" "$file"; else rm "$file.new"; fi
