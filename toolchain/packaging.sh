#!/bin/sh
# Makes sure that there are Debian's tools to make packages, and those that are named ($@: debootstrap, lintian) to test them.
# Does nothing when they are there.
set -eu
. "$(dirname "$0")/apt-get.sh"

missing=
command -v dpkg-shlibdeps >/dev/null || missing=dpkg-dev
for program; do command -v "$program" >/dev/null || missing="$missing $program"; done
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null || {
  say 'Packages are made on Debian or Ubuntu.'
  exit 1
}
say "Installing $missing with apt-get"
apt_get update || say 'apt-get update failed: trying with the package lists as they are'
# shellcheck disable=SC2086 # a list of words
apt_get install --yes --no-install-recommends $missing
