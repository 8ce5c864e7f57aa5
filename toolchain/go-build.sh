#!/bin/sh
# Function for the other scripts of this folder that compile a program with Go. They read this file with the dot, after apt-get.sh.

# go_build FILE MODULE@VERSION HASH PACKAGE: compiles a package of a module, if the module has this hash. `go mod download -json` prints
# the hash as Sum. It covers the module's go.sum, which has the hashes of all other modules, so nothing depends on Go's checksum database.
go_build() (
  file=$PWD/$1 module=$2 hash=$3 package=$4
  # No C compiler is needed, and Go downloads no other Go.
  export CGO_ENABLED=0 GOFLAGS='' GOTOOLCHAIN=local GOWORK=off
  download=$(go mod download -json "$module") || exit 1
  field() {
    printf '%s\n' "$download" | sed -n "s/.*\"$1\": \"\(.*\)\".*/\1/p"
  }
  [ "$(field Sum)" = "$hash" ] || {
    say "$module has the hash $(field Sum) and not $hash, so it is not compiled."
    exit 1
  }
  cd "$(field Dir)" && go build -mod=readonly -buildvcs=false -o "$file" "$package"
)
