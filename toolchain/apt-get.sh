#!/bin/sh
# Functions for the other scripts of this folder, which read this file with the dot.

say() {
  echo "$*" >&2
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    say 'Installing packages needs root, and sudo is not installed.'
    return 1
  fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >/dev/null
}
