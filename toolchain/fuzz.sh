#!/bin/sh
# Makes sure that Jazzer.js can be loaded. Its fuzzer needs glibc 2.38, which Debian 13 and Ubuntu 24.04 have. On Debian 12 this script puts
# the libraries of Debian 13 in .fuzz/, beside a `node` that uses them. Does nothing if all of them are installed.
set -eu
cd "$(dirname "$0")/.."
. toolchain/apt-get.sh

usable() {
  "$1" -e 'require("@jazzer.js/fuzzer")' >/dev/null 2>&1
}

folder=$PWD/.fuzz
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# apt-get with the packages of Debian 13 alone, from this machine's mirror, and all that it keeps in .fuzz/.
apt_get_13() {
  apt-get -qq -o APT::Sandbox::User=root -o Dir::Etc::SourceList="$folder/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$folder/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= "$@"
}

bring_libraries() {
  rm -rf .fuzz
  mkdir -p .fuzz/lists/partial
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -n 1)
  echo "deb [signed-by=$keyring] $mirror trixie main" >.fuzz/sources.list
  apt_get_13 update
  (cd .fuzz && apt_get_13 download libc6 libgcc-s1 libstdc++6)
  for package in .fuzz/*.deb; do dpkg-deb -x "$package" .fuzz/root; done
  rm -r .fuzz/*.deb .fuzz/lists
  loader=$(ls "$folder"/root/usr/lib/*/ld-linux-*.so.*)
  printf '#!/bin/sh\nexec %s --library-path %s %s "$@"\n' "$loader" "$(dirname "$loader")" "$PWD/.node/bin/node" >.fuzz/node
  chmod +x .fuzz/node
}

usable node && exit
usable .fuzz/node && exit

if [ -e "$keyring" ] && command -v apt-get >/dev/null; then
  say 'Installing the libraries that the fuzzer needs'
  bring_libraries || true
fi
usable .fuzz/node || {
  say 'The fuzzer cannot be loaded: please run it on Debian 13, Ubuntu 24.04 or newer, or macOS.'
  exit 1
}
