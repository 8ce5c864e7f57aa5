# shellcheck shell=bash
# Functions of the stories of `make demo` and `make demo-cloudhsm`, which run the AWS CLI, each in its own folder.
set -euo pipefail

# The AWS CLI needs credentials, and the local KMS accepts any.
export AWS_ACCESS_KEY_ID=DEMO AWS_SECRET_ACCESS_KEY=DEMO AWS_DEFAULT_REGION=us-east-1
export AWS_CONFIG_FILE=aws.config AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true AWS_PAGER=
# Version 1 of the AWS CLI would fetch the page at a value that begins with https://.
printf '[default]\ncli_follow_urlparam = false\n' > aws.config

aws() {
  command aws --endpoint-url "$KMS_ENDPOINT" "$@"
}

xks-proxy() {
  node "$XKS_PROXY_MAIN" "$@"
}

chapter() {
  printf '\n\n== %s ==\n' "$1"
}

say() {
  printf '\n%s\n' "$1" | fold -s -w 110 | sed 's/ *$//'
}

# Shows a line, and runs it.
run() {
  printf '\n$ %s\n' "$1"
  eval "$1"
}

# Shows a line that has to fail, and runs it.
refused() {
  printf '\n$ %s\n' "$1"
  if eval "$1" 2>&1; then
    echo 'This should have been refused.'
    exit 1
  fi
}

# Waits until a command prints a word, for a minute at most: $1 is the word, the others are the command.
until_it_says() {
  local word=$1 said
  shift
  for _ in $(seq 300); do
    said=$("$@")
    [ "$said" = "$word" ] && return
    sleep 0.2
  done
  echo "It says $said, not $word." >&2
  exit 1
}

# Counts the lines of a log that have a text: $1 is the text, $2 the log.
times_logged() {
  grep -c "$1" "$2" || true
}

# Prints the last state of the key store, from the local KMS's log, because the AWS CLI takes a second to start.
connection_state() {
  grep '"msg":"connection state"' kms.log | tail -n 1 | grep -o '"to":"[A-Z]*"' | cut -d '"' -f 4
}

# Shows the state of the key store, and what else $1 names.
show_state() {
  run 'aws kms describe-custom-key-stores --custom-key-store-name ExampleKeyStore \
    --query "CustomKeyStores[].[CustomKeyStoreId, ConnectionState'"${1:+, $1}"']" --output text'
}

wait_for_state() {
  until_it_says "$1" connection_state
  show_state
}
