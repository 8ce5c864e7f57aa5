#!/bin/sh
# Prints the section of CHANGELOG.md for the version $1, without its heading: the text of that release.
set -eu

if [ $# != 1 ]; then
  echo "usage: $0 VERSION" >&2
  exit 2
fi
cd "$(dirname "$0")/../.."

notes=$(awk -v heading="## [$1]" '
  /^## / { inside = index($0, heading) == 1; next }
  inside' CHANGELOG.md)
if [ -z "$notes" ]; then
  echo "$0: CHANGELOG.md has no section [$1], or an empty one. deploy/release/prepare.sh makes it." >&2
  exit 1
fi
# Without the blank line below the heading. The shell has cut the one above the next.
printf '%s\n' "$notes" | sed '1{/^$/d;}'
