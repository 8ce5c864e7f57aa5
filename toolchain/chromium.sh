#!/bin/sh
# Makes sure that Chromium is installed, in which the tests open pages: the machine's own, or Debian's package. Does nothing when there is
# one. Without one these tests are skipped. Playwright could download one, but does not verify it.
set -eu
cd "$(dirname "$0")/.."
. toolchain/apt-get.sh

# The tests search for it in the same way.
usable() {
  node -e 'import("./test/support/findBrowser.ts").then(({ findBrowser }) => process.exit(findBrowser() ? 0 : 1))'
}

usable && exit

# Ubuntu's package is a snap, which does not work everywhere.
if grep -qs '^ID=debian' /etc/os-release; then
  say 'Installing Chromium'
  apt_get update || say 'apt-get update failed: trying with the package lists as they are'
  apt_get install --yes --no-install-recommends chromium || true
fi
usable || say 'Chromium is not installed, so the tests that need it are skipped. To run them, please install Chromium or Google Chrome.'
