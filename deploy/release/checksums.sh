#!/bin/sh
# Writes SHA256SUMS into the folder $1, for all other files there. `sha256sum --check SHA256SUMS` verifies them.
set -eu

if [ $# != 1 ] || [ ! -d "$1" ]; then
  echo "usage: $0 FOLDER" >&2
  exit 2
fi
cd "$1"

rm -f SHA256SUMS
[ -n "$(ls)" ] || {
  echo "$0: there is no file in $PWD." >&2
  exit 1
}
# Outside the folder until it is complete.
sums=$(LC_ALL=C sha256sum -- *)
printf '%s\n' "$sums" >SHA256SUMS
