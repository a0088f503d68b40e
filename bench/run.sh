#!/bin/bash
# A first full harvest of 20,000 synthetic datasets, donl-mirror and baseline.py in turn.
# usage: bench/run.sh [DATASETS [ROUNDS]]
# Builds in release mode; needs python3 with venv, and PyPI for requests and orjson.
set -euo pipefail

datasets=${1:-20000}
rounds=${2:-3}
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
portal=
finish() {
  [ -z "$portal" ] || kill "$portal" 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT

cd "$root"
swift build -c release --product donl-mirror
swift build -c release --product sample-portal
binaries=$(swift build -c release --show-bin-path)

python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r bench/requirements.txt
python="$folder/venv/bin/python3"

"$python" bench/generate.py --count "$datasets" "$folder/catalogue.jsonl"
bytes=$(stat -c %s "$folder/catalogue.jsonl")
echo "$datasets datasets, $((bytes / datasets)) bytes each; $(nproc) processors"

port=$("$python" -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$binaries/sample-portal" --data "$folder/catalogue.jsonl" --port "$port" \
  >"$folder/portal.log" 2>&1 &
portal=$!

"$python" bench/measure.py --mirror "$binaries/donl-mirror" --portal "http://127.0.0.1:$port" \
  --folder "$folder" --rounds "$rounds"
