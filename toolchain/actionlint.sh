#!/bin/sh
# Makes sure that actionlint is installed, with which the tests check .github/workflows: the machine's own, Homebrew's, or one that Go
# builds in .actionlint/, in some 15 seconds of CPU time. Does nothing when there is one. Without one the test is skipped.
set -eu
cd "$(dirname "$0")/.."
. toolchain/apt-get.sh
. toolchain/go-build.sh

MODULE=github.com/rhysd/actionlint@v1.7.12
HASH=h1:vQ4GeJN86C0QH+gTUQcs8McmK62OLT3kmakPMtEWYnY=

usable() {
  "$1" -version >/dev/null 2>&1
}

usable actionlint && exit
usable .actionlint/bin/actionlint && exit

if command -v brew >/dev/null; then
  say 'Installing actionlint'
  brew install --quiet actionlint >&2 || true
elif command -v go >/dev/null; then
  say 'Installing actionlint'
  go_build .actionlint/bin/actionlint "$MODULE" "$HASH" ./cmd/actionlint || true
fi
usable actionlint || usable .actionlint/bin/actionlint || say 'actionlint is not installed, so its test is skipped.'
