#!/bin/sh
# Checks that the tag $1, such as v1.2.3, names the version of this checkout, and that CHANGELOG.md has its section.
set -eu

if [ $# != 1 ]; then
  echo "usage: $0 TAG" >&2
  exit 2
fi
cd "$(dirname "$0")/../.."

version=$(node -p 'require("./package.json").version')
if [ "$1" != "v$version" ]; then
  echo "$0: package.json has version $version, so the tag must be v$version, not $1. deploy/release/prepare.sh changes the version." >&2
  exit 1
fi
deploy/release/notes.sh "$version" >/dev/null
