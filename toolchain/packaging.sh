#!/bin/sh
# Makes sure that Debian's tools for making packages are installed, and those in $@ (debootstrap, lintian) for testing them.
# Does nothing if all are installed.
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
