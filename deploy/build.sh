#!/bin/sh
# Fills the folder $1 with everything that a server needs: dist/, node_modules/ with only the production packages, package.json and
# config/. The image, the .deb and the .tar.gz are made with it, and it makes the same bytes in every folder. A second argument
# selects one half, so that an image can keep the first half as a separate layer:
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
  # node-gyp uses the headers of the running Node.js, and downloads none.
  npm_package_config_node_gyp_nodedir=$(node -p 'path.resolve(process.execPath, "../..")')
  export npm_package_config_node_gyp_nodedir
  # The addon must not contain names of this machine's folders.
  CXXFLAGS="${CXXFLAGS-} -ffile-prefix-map=$folder=." LDFLAGS="${LDFLAGS-} -s"
  export CXXFLAGS LDFLAGS
  (
    cd "$folder"
    npm ci --omit=dev --no-audit --no-fund
    # npm leaves out an optional package that it cannot compile, and says nothing.
    node -e 'require("pkcs11js")' || {
      echo 'pkcs11js was not compiled. Install g++, make and python3, then run this script again.' >&2
      exit 1
    }
    # Removes files that only the compiler needs, and variants of Cedar for other platforms.
    cd node_modules
    rm -rf pkcs11js/binding.gyp pkcs11js/src pkcs11js/includes @cedar-policy/cedar-wasm/esm @cedar-policy/cedar-wasm/web
    find pkcs11js/build -type f ! -path '*/Release/pkcs11.node' -delete
    find pkcs11js/build -type d -empty -delete
  )
}

program() {
  rm -rf "$folder/config"
  node node_modules/rolldown/bin/cli.mjs --config rolldown.config.ts --dir "$folder/dist" --no-sourcemap >/dev/null
  chmod +x "$folder/dist/main.js"
  cp -R config "$folder/"
  # Runs the program for the first time.
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
