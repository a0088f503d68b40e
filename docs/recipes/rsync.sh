#!/bin/sh
# The published copy on another machine, nightly: rsync.sh PUBLISHED.db HOST:FOLDER/
# The link leads to a generation that never changes: it is sent whole, then it gets its name.
set -eu
generation=$(readlink -f "$1")
rsync --archive --partial --delay-updates "$generation" "$2"
# The link last: who reads it there finds the file behind it.
rsync --links "$1" "$2"
