#!/bin/sh
# Connects or disconnects an external key store, and waits until it is: connection.sh connect|disconnect ID REGION
set -eu
export AWS_DEFAULT_REGION="$3" AWS_PAGER=
id=$2
wanted=$(echo "$1"ed | tr '[:lower:]' '[:upper:]')

state() {
  aws kms describe-custom-key-stores --custom-key-store-id "$id" \
    --query 'CustomKeyStores[0].[ConnectionState,ConnectionErrorCode]' --output text
}

set -- "$1" $(state)
[ "$2" = "$wanted" ] && exit
# Only a key store that is disconnected can be connected.
if [ "$2" = FAILED ] && [ "$1" = connect ]; then
  sh "$0" disconnect "$id" "$AWS_DEFAULT_REGION"
fi
aws kms "$1-custom-key-store" --custom-key-store-id "$id"

# AWS needs about 5 minutes.
tries=${CONNECTION_TRIES:-180}
while [ "$tries" -gt 0 ]; do
  set -- "$1" $(state)
  case $2 in
    "$wanted") exit ;;
    FAILED)
      echo "The key store $id is not $wanted: $3. docs/local-kms-causes.md of xks-proxy says what causes it." >&2
      exit 1
      ;;
  esac
  tries=$((tries - 1))
  sleep 5
done
echo "The key store $id is $2 still, not $wanted. Wait, and apply again." >&2
exit 1
