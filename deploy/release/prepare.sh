#!/bin/sh
# Gives everything that states a version the version $1, and makes its section of CHANGELOG.md from [Unreleased].
# docs/releases.md has the steps of a release.
set -eu

fail() {
  echo "$0: $*" >&2
  exit 1
}

new=${1-}
if [ $# != 1 ] || ! printf %s "$new" | tr '\n' ' ' | grep -Eqx '(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}'; then
  echo "usage: $0 VERSION, such as 1.2.3" >&2
  exit 2
fi
cd "$(dirname "$0")/../.."

[ -z "$(git status --porcelain)" ] || fail 'there are changes that are not committed. Commit them first.'
old=$(node -p 'require("./package.json").version')
[ "$(printf '%s\n' "$old" "$new" | sort -V | tail -n 1)" = "$new" ] || fail "the version is $old, which is newer than $new."
! grep -Fq "## [$new]" CHANGELOG.md || fail "CHANGELOG.md has a section [$new] already."
deploy/release/notes.sh Unreleased >/dev/null

npm version "$new" --no-git-tag-version --allow-same-version --loglevel=error >/dev/null
edit() {
  sed -E "$1" "$2" >"$2.new" && cat "$2.new" >"$2" && rm "$2.new"
}
edit "s/^## \[Unreleased\]\$/&\\
\\
## [$new] - $(date -u +%Y-%m-%d)/" CHANGELOG.md
edit "s/^(version|appVersion): .*/\1: $new/" deploy/helm/xks-proxy/Chart.yaml
# Names of images, packages and archives in guides and recipes.
pattern=$(printf '%s\n' "$old" | sed 's/\./\\./g')
for file in $(git grep -lE "xks-proxy[:_-]$pattern" -- '*.md' deploy ':!CHANGELOG.md'); do
  edit "s/(xks-proxy[:_-])$pattern/\1$new/g" "$file"
done

cat <<END
Version $new is prepared. Next:
  make test
  git commit --all --message 'release: $new'
  git tag --sign v$new --message 'xks-proxy $new' && git push origin main v$new
.github/workflows/release.yml does the rest.
END
