#!/bin/sh
# Makes sure that Helm is installed, with which the tests render and check the chart: the machine's own, or one compiled by Go in .helm/.
# The compilation takes minutes and 1 GB of Go's caches, so `make helm` asks for it and `make test` does not.
set -eu
cd "$(dirname "$0")/.."
. toolchain/apt-get.sh
. toolchain/go-build.sh

MODULE=helm.sh/helm/v4@v4.3.1
HASH=h1:UndCoLe9UPmNoL7IvWzaUXveL7T5t/ijoorEmgJdI9g=

usable() {
  "$1" version >/dev/null 2>&1
}

usable helm && exit
usable .helm/bin/helm && exit

# Debian has no Helm.
if ! command -v go >/dev/null; then
  say 'Neither Helm nor Go is installed. Please install one of them: https://helm.sh/docs/intro/install'
  exit 1
fi
say "Compiling $MODULE, in some minutes"
go_build .helm/bin/helm "$MODULE" "$HASH" ./cmd/helm
