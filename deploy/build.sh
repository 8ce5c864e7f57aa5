#!/bin/sh
# Fills the folder $1 with what a server needs: dist/, node_modules/ with the production packages alone, package.json and
# config/. The image and the installation under systemd are made with it. A second word asks for one half, so that an
# image can keep the first as a layer of its own:
#   packages  needs package.json and package-lock.json, and compiles pkcs11js: g++, make, python3, headers of Node.js
#   program   needs src/, config/, and the checkout's node_modules/
set -eu

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
  echo "usage: $0 FOLDER [packages|program]" >&2
  exit 2
fi
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

packages() {
  cp package.json package-lock.json "$folder/"
  # node-gyp takes the headers beside the node that runs, and downloads none.
  npm_package_config_node_gyp_nodedir=$(node -p 'path.resolve(process.execPath, "../..")')
  export npm_package_config_node_gyp_nodedir
  (cd "$folder" && npm ci --omit=dev --no-audit --no-fund)
}

program() {
  rm -rf "$folder/config"
  node node_modules/rolldown/bin/cli.mjs --config rolldown.config.ts --dir "$folder/dist" --no-sourcemap >/dev/null
  chmod +x "$folder/dist/main.js"
  cp -R config "$folder/"
  # The first run of what was built.
  node "$folder/dist/main.js" config schema >"$folder/config/xks-proxy.schema.json"
}

case ${2-} in
'')
  packages
  program
  ;;
packages | program) "$2" ;;
*)
  echo "$0: $2 is neither packages nor program" >&2
  exit 2
  ;;
esac
