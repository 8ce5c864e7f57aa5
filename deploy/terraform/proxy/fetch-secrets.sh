#!/bin/sh
# Writes secrets of AWS Secrets Manager as files: fetch-secrets.sh FOLDER SECRET_ARN TLS_SECRET_ARN CERTIFICATE_FILE KEY_FILE NAME...
# Each NAME is a key of the JSON map in the first secret, and the name of its file. Changes all files or none. Does not touch a file whose
# secret is unchanged, so that the proxy reloads only for new secrets.
set -eu
umask 027
folder=$1 secret_arn=$2 tls_secret_arn=$3 certificate_file=$4 key_file=$5
shift 5

new=$(mktemp -d "$folder/.new.XXXXXX")
trap 'rm -rf "$new"' EXIT

fetch() {
  aws secretsmanager get-secret-value --secret-id "$1" --query SecretString --output text
}

# stage FILE ARN MAP KEY
stage() {
  printf %s "$3" | jq --exit-status --join-output --arg key "$4" '.[$key] | strings' >"$new/$1" || {
    echo "$0: $2 must be a JSON map with a string under the key $4; put it there with aws secretsmanager put-secret-value" >&2
    exit 1
  }
}

map=$(fetch "$secret_arn")
for name; do stage "$name" "$secret_arn" "$map" "$name"; done
map=$(fetch "$tls_secret_arn")
stage "$certificate_file" "$tls_secret_arn" "$map" certificate
stage "$key_file" "$tls_secret_arn" "$map" privateKey

for name in "$@" "$certificate_file" "$key_file"; do
  cmp -s "$new/$name" "$folder/$name" || mv -f "$new/$name" "$folder/$name"
done
