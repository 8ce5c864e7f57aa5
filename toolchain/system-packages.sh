#!/bin/sh
# Installs what npm cannot: SoftHSM, the tools with which node-gyp compiles pkcs11js, curl, openssl. With the argument `tests` also what
# only tests need: NSS softoken, jq, xxd, systemd-analyze. Does nothing if all are installed.
set -eu
. "$(dirname "$0")/apt-get.sh"

if command -v apt-get >/dev/null; then
  manager=apt-get softhsm=softhsm2 nss=libnss3
else
  manager=brew softhsm=softhsm nss=nss
fi

missing=
need() {
  command -v "$1" >/dev/null || missing="$missing $2"
}
need softhsm2-util "$softhsm"
need g++ g++
need make make
need python3 python3
need curl curl
need openssl openssl
if [ "$manager" = apt-get ]; then
  [ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"
fi
if [ "${1-}" = tests ]; then
  # The tests run the commands of docs/audit.md.
  need jq jq
  need xxd xxd
  # The second PKCS#11 module of the tests.
  ls /usr/lib/*/libsoftokn3.so /usr/lib/*/nss/libsoftokn3.so /opt/homebrew/opt/nss/lib/libsoftokn3.dylib \
    /usr/local/opt/nss/lib/libsoftokn3.dylib 2>/dev/null | grep -q . || missing="$missing $nss"
  # The tests check deploy/systemd with it. systemd itself need not run.
  [ "$manager" = brew ] || need systemd-analyze systemd
fi
[ -n "$missing" ] || exit 0

if ! command -v "$manager" >/dev/null; then
  say "These programs are missing:$missing. There is neither apt-get nor Homebrew here: please install the programs, then run make again."
  exit 1
fi
say "Installing$missing with $manager"
case $manager in
  apt-get)
    # A source that cannot be reached does not matter if the packages are found elsewhere.
    apt_get update || say 'apt-get update failed: trying with the package lists as they are'
    # shellcheck disable=SC2086 # a list of words
    apt_get install --yes --no-install-recommends $missing || {
      say "As root, please run: apt-get install$missing"
      exit 1
    }
    ;;
  brew)
    # shellcheck disable=SC2086
    brew install --quiet $missing >&2
    ;;
esac
