#!/bin/sh
# Makes sure that Chromium is installed, in which the tests open pages: the machine's own, Debian's package, or the one that Playwright
# installs. Does nothing when there is one. Without one these tests are skipped.
set -eu
cd "$(dirname "$0")/.."
. toolchain/apt-get.sh

# The tests search for it in the same way.
usable() {
  node -e 'import("./test/support/findBrowser.ts").then(({ findBrowser }) => process.exit(findBrowser() ? 0 : 1))'
}

usable && exit

say 'Installing Chromium'
# Ubuntu's package is a snap, which does not work everywhere.
if grep -qs '^ID=debian' /etc/os-release; then
  apt_get update || say 'apt-get update failed: trying with the package lists as they are'
  apt_get install --yes --no-install-recommends chromium || true
fi
usable || node_modules/.bin/playwright-core install --with-deps chromium >/dev/null 2>&1 || true
usable || say 'Chromium is not installed, so the tests that need it are skipped.'
