#!/bin/sh
# Makes sure that actionlint is installed, with which the tests check .github/workflows: the machine's own, Homebrew's, or one that Go
# builds in .actionlint/, in some 15 seconds of CPU time. Does nothing when there is one. Without one the test is skipped.
set -eu
cd "$(dirname "$0")/.."
. toolchain/apt-get.sh

VERSION=v1.7.12

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
  # With the Go of this machine, whose proxy has the modules; no C compiler is needed.
  GOBIN=$PWD/.actionlint/bin CGO_ENABLED=0 GOFLAGS='' GOTOOLCHAIN=local GOWORK=off \
    go install "github.com/rhysd/actionlint/cmd/actionlint@$VERSION" 2>/dev/null || true
fi
usable actionlint || usable .actionlint/bin/actionlint || say 'actionlint is not installed, so its test is skipped.'
