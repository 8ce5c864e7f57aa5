#!/bin/sh
# Makes sure that promtool is installed, with which the tests check the metrics and the alerts: the machine's own, Homebrew's, or that
# of Debian's package in .promtool/, without the server that the package would start. Does nothing when there is one.
# Without one these tests are skipped.
set -eu
cd "$(dirname "$0")/.."
. toolchain/apt-get.sh

usable() {
  "$1" --version >/dev/null 2>&1
}

unpack_package() {
  rm -rf .promtool
  mkdir .promtool
  (
    cd .promtool
    apt-get -qq -o APT::Sandbox::User=root download prometheus >/dev/null 2>&1 &&
      dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x --strip-components=2 ./usr/bin/promtool &&
      rm prometheus_*.deb
  )
}

usable promtool && exit
usable .promtool/bin/promtool && exit

say 'Installing promtool'
if command -v apt-get >/dev/null; then
  unpack_package || { apt_get update && unpack_package; } || true
elif command -v brew >/dev/null; then
  brew install --quiet prometheus >&2 || true
fi
usable promtool || usable .promtool/bin/promtool || say 'promtool is not installed, so the tests that need it are skipped.'
