#!/bin/sh
# Connects or disconnects an external key store, and waits for the result: connection.sh connect|disconnect ID REGION
set -eu
action=$1 id=$2 region=$3
export AWS_DEFAULT_REGION="$region" AWS_PAGER=
wanted=$(echo "${action}ed" | tr '[:lower:]' '[:upper:]')

# Sets state and cause.
look() {
  answer=$(aws kms describe-custom-key-stores --custom-key-store-id "$id" \
    --query 'CustomKeyStores[0].[ConnectionState,ConnectionErrorCode]' --output text)
  read -r state cause <<END
$answer
END
}

look
[ "$state" = "$wanted" ] && exit
# KMS connects only a disconnected key store.
[ "$action $state" != 'connect FAILED' ] || sh "$0" disconnect "$id" "$region"
aws kms "$action-custom-key-store" --custom-key-store-id "$id"

# AWS takes about 5 minutes. This waits up to 15.
tries=180
while [ "$tries" -gt 0 ]; do
  look
  case $state in
    "$wanted") exit ;;
    FAILED)
      echo "The key store $id is not $wanted: $cause. docs/local-kms-causes.md of xks-proxy says what causes it. Mend it, and apply again." >&2
      exit 1
      ;;
  esac
  tries=$((tries - 1))
  sleep 5
done
echo "The key store $id is still $state and not $wanted. Wait, and apply again." >&2
exit 1
