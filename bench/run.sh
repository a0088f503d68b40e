#!/bin/bash
# What writing and reading a mirror of synthetic datasets costs, beside hand-written scripts.
# usage: bench/run.sh [DATASETS [ROUNDS]]      (default: 20000 5; docs/performance.md says what is measured)
#        bench/run.sh growth [DATASETS…]        (default: 20000 200000)
# Builds in release mode; needs python3 with venv, and PyPI for what the scripts beside it use. Growth has the
# portal of the yardstick where its folder and gcc are there, otherwise the sample portal. A million datasets
# take 60 GB of the temporary folder and an hour.
set -euo pipefail

growth=
if [ "${1:-}" = growth ]; then
  shift
  growth=${*:-20000 200000}
fi
datasets=${1:-20000}
rounds=${2:-5}
root=$(cd "$(dirname "$0")/.." && pwd)
yardstick=$root/../shared/tools/bench
folder=$(mktemp -d)
portal=
finish() {
  [ -z "$portal" ] || kill "$portal" 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT

cd "$root"
# As the package has it: a static runtime starts in half the time.
release=(--scratch-path .build/static -c release --static-swift-stdlib --disable-local-rpath)
swift build "${release[@]}" --product donl-mirror
swift build "${release[@]}" --product sample-portal
binaries=$(swift build "${release[@]}" --show-bin-path)

python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r bench/requirements.txt
python="$folder/venv/bin/python3"

free_port() { "$python" -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])'; }

echo "$(date +%F), commit $(git describe --always --dirty 2>/dev/null || echo unknown), $(uname -m)," \
  "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) processors"

if [ -n "$growth" ]; then
  status=0
  heading=
  for size in $growth; do
    port=$(free_port)
    if [ -e "$yardstick/fakeckan.c" ] && command -v gcc >/dev/null; then
      gcc -O2 -w -o "$folder/fakeckan" "$yardstick/fakeckan.c"
      "$python" "$yardstick/gen.py" "$size" "$folder/catalogue" >"$folder/generate.log"
      "$folder/fakeckan" "$folder/catalogue" "$port" --no-gzip >"$folder/portal.log" 2>&1 &
    else
      "$python" bench/generate.py --count "$size" "$folder/catalogue"
      "$binaries/sample-portal" --data "$folder/catalogue" --port "$port" >"$folder/portal.log" 2>&1 &
    fi
    portal=$!
    "$python" bench/growth.py --mirror "$binaries/donl-mirror" --folder "$folder" $heading \
      "http://127.0.0.1:$port/data" || status=1
    kill "$portal"
    wait "$portal" || true
    portal=
    rm -r "$folder/catalogue"
    heading=--no-heading
  done
  exit "$status"
fi

"$python" bench/generate.py --count "$datasets" "$folder/catalogue.jsonl"
bytes=$(stat -c %s "$folder/catalogue.jsonl")
echo "$datasets datasets, $((bytes / datasets)) bytes each"

port=$(free_port)
"$binaries/sample-portal" --data "$folder/catalogue.jsonl" --port "$port" \
  >"$folder/portal.log" 2>&1 &
portal=$!

PATH="$folder/venv/bin:$PATH" "$python" bench/measure.py --mirror "$binaries/donl-mirror" \
  --portal "http://127.0.0.1:$port" --folder "$folder" --rounds "$rounds" --keep "$folder/kept.db" \
  --yardstick "$yardstick" --medians "$folder/medians.json"
echo
"$python" bench/changing.py --mirror "$binaries/donl-mirror" --sample-portal "$binaries/sample-portal" \
  --folder "$folder" --count "$datasets" --rounds "$rounds" --beside "$folder/medians.json"
echo
"$python" bench/reading.py "$folder/kept.db" --rounds "$rounds"
