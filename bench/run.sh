#!/bin/bash
# What writing and reading a mirror of synthetic datasets costs, beside hand-written scripts.
# usage: bench/run.sh [DATASETS [ROUNDS]]      (default: 20000 5; docs/performance.md says what is measured)
# Builds in release mode; needs python3 with venv, and PyPI for requests and orjson.
set -euo pipefail

datasets=${1:-20000}
rounds=${2:-5}
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
echo "$(date +%F), commit $(git describe --always --dirty 2>/dev/null || echo unknown), $(uname -m)," \
  "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)"
echo "$datasets datasets, $((bytes / datasets)) bytes each; $(nproc) processors"

port=$("$python" -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$binaries/sample-portal" --data "$folder/catalogue.jsonl" --port "$port" \
  >"$folder/portal.log" 2>&1 &
portal=$!

PATH="$folder/venv/bin:$PATH" "$python" bench/measure.py --mirror "$binaries/donl-mirror" --portal "http://127.0.0.1:$port" \
  --folder "$folder" --rounds "$rounds" --keep "$folder/kept.db" --yardstick "$root/../shared/tools/bench"
echo
"$python" bench/reading.py "$folder/kept.db" --rounds "$rounds"
