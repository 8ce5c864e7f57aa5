#!/bin/sh
# Makes sure that an AWS CLI with support for external key stores is installed: the machine's own, its package manager's, or one from PyPI
# in .aws-cli/. The tests and the demo of the local KMS need it. Does nothing when there is one.
set -eu
cd "$(dirname "$0")/.."
. toolchain/apt-get.sh

# 2.9.1 and 1.27.18 are the first versions that support external key stores.
usable() {
  set -- $("$1" --version 2>/dev/null | sed -n 's|^aws-cli/\([0-9]*\)\.\([0-9]*\)\.\([0-9]*\).*|\1 \2 \3|p')
  [ $# = 3 ] || return 1
  case $1 in
    1) [ "$2" -gt 27 ] || { [ "$2" = 27 ] && [ "$3" -ge 18 ]; } ;;
    2) [ "$2" -gt 9 ] || { [ "$2" = 9 ] && [ "$3" -ge 1 ]; } ;;
    *) return 0 ;;
  esac
}

from_pypi() {
  if command -v apt-get >/dev/null; then apt_get install --yes --no-install-recommends python3-venv; fi
  # No package is built, because pip would download the tools for that without checksums.
  python3 -m venv .aws-cli && .aws-cli/bin/pip install --quiet --disable-pip-version-check --only-binary :all: \
    --require-hashes -r toolchain/aws-cli.txt
}

usable aws && exit
usable .aws-cli/bin/aws && exit

say 'Installing the AWS CLI'
if command -v apt-get >/dev/null; then
  apt_get update || say 'apt-get update failed: trying with the package lists as they are'
  # Not every release of Ubuntu has this package.
  apt_get install --yes --no-install-recommends awscli 2>/dev/null || true
elif command -v brew >/dev/null; then
  brew install --quiet awscli >&2 || true
fi
usable aws && exit
from_pypi || true
usable .aws-cli/bin/aws || {
  say 'No AWS CLI with support for external key stores (2.9.1, 1.27.18 or newer) can be installed here: please install one, then run make again.'
  exit 1
}
