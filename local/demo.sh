#!/usr/bin/env bash
# The life of an external key store, told through the AWS CLI. `make demo` starts what it needs, and runs it.
. "$(dirname "$0")/story.sh"

# Waits until the proxy has reloaded its changed configuration, which takes seconds.
reloaded=0
wait_for_reload() {
  reloaded=$((reloaded + 1))
  until_it_says $reloaded times_logged 'the configuration was reloaded' proxy.log
  run "grep 'the configuration was reloaded' proxy.log | tail -n 1"
}

# Waits until the proxy has read its changed block list, which takes less than a second.
changed=0
wait_for_block_list() {
  changed=$((changed + 1))
  until_it_says $changed times_logged 'the block list was changed' proxy.log
  run "grep 'the block list was changed' proxy.log | tail -n 1"
}

echo "The life of an external key store. On this machine, an XKS proxy serves one key, foo, from a SoftHSM token, and a
local KMS listens at $KMS_ENDPOINT. The AWS CLI and the proxy's own commands do everything below:

  aws() { command aws --endpoint-url $KMS_ENDPOINT \"\$@\"; }"

chapter 'Create'
say "xks-proxy has written a credential file for the KMS console, which the AWS CLI accepts too. Before KMS creates the key store, it asks the proxy for its health. If KMS cannot reach the proxy, or the proxy does not accept the credential, CreateCustomKeyStore fails."
run "sed 's/\"RawSecretAccessKey\": .*/\"RawSecretAccessKey\": ...not to be shown.../' credential.json"
run 'KEY_STORE=$(aws kms create-custom-key-store --cli-input-json file://credential.json \
    --custom-key-store-name ExampleKeyStore --custom-key-store-type EXTERNAL_KEY_STORE \
    --xks-proxy-connectivity PUBLIC_ENDPOINT --xks-proxy-uri-endpoint https://localhost \
    --query CustomKeyStoreId --output text); echo $KEY_STORE'
run 'aws kms describe-custom-key-stores --custom-key-store-id $KEY_STORE'

chapter 'Connect'
say 'A new key store is disconnected, so KMS cannot create a key in it:'
refused 'aws kms create-key --origin EXTERNAL_KEY_STORE --custom-key-store-id $KEY_STORE --xks-key-id foo'
say 'The command returns at once, while KMS connects in the background. This takes minutes in AWS, and seconds here.'
run 'aws kms connect-custom-key-store --custom-key-store-id $KEY_STORE'
show_state
say 'And after a while:'
wait_for_state CONNECTED

chapter 'A KMS key, whose key material is the external key foo'
run 'KEY_ID=$(aws kms create-key --origin EXTERNAL_KEY_STORE --custom-key-store-id $KEY_STORE --xks-key-id foo \
    --description "A key that never leaves the token" --query KeyMetadata.KeyId --output text); echo $KEY_ID'
run 'aws kms describe-key --key-id $KEY_ID'
run 'aws kms create-alias --alias-name alias/example --target-key-id $KEY_ID'
say 'KMS refuses an external key that the proxy does not have, and one that already has a KMS key:'
refused 'aws kms create-key --origin EXTERNAL_KEY_STORE --custom-key-store-id $KEY_STORE --xks-key-id nowhere'
refused 'aws kms create-key --origin EXTERNAL_KEY_STORE --custom-key-store-id $KEY_STORE --xks-key-id foo'

chapter 'Encrypt and decrypt'
say 'KMS encrypts with key material of its own, and the proxy encrypts the result in the token. So neither can decrypt alone.'
run "printf 'Hello, external key store!' > hello.txt"
run 'aws kms encrypt --key-id alias/example --plaintext fileb://hello.txt --encryption-context purpose=demo \
    --query CiphertextBlob --output text | base64 --decode > hello.encrypted; wc -c < hello.encrypted'
run 'aws kms decrypt --ciphertext-blob fileb://hello.encrypted --encryption-context purpose=demo \
    --query Plaintext --output text | base64 --decode; echo'
say 'With another encryption context, decryption fails:'
refused 'aws kms decrypt --ciphertext-blob fileb://hello.encrypted --encryption-context purpose=theft'
say 'A data key, such as S3, EBS and databases use:'
run 'aws kms generate-data-key --key-id alias/example --key-spec AES_256 --query CiphertextBlob --output text | cut -c 1-60'
say 'The proxy logs who used which key for which operation, but no plaintext and no ciphertext:'
run 'grep GenerateDataKey proxy.log | tail -n 1'

chapter 'Disconnect'
run 'aws kms disconnect-custom-key-store --custom-key-store-id $KEY_STORE'
wait_for_state DISCONNECTED
say 'Now the key is Unavailable, and cannot be used:'
run 'aws kms describe-key --key-id $KEY_ID --query KeyMetadata.KeyState'
refused 'aws kms decrypt --ciphertext-blob fileb://hello.encrypted --encryption-context purpose=demo'
say 'After the key store is connected again, the key works as before:'
run 'aws kms connect-custom-key-store --custom-key-store-id $KEY_STORE'
wait_for_state CONNECTED
run 'aws kms describe-key --key-id $KEY_ID --query KeyMetadata.KeyState'
run 'aws kms decrypt --ciphertext-blob fileb://hello.encrypted --encryption-context purpose=demo \
    --query Plaintext --output text | base64 --decode; echo'

chapter 'Rotate the credential, with no downtime'
say 'First the proxy gets a second credential, and accepts both. Then KMS gets the second one. Finally the first one is removed from the proxy.'
run 'OLD=$(xks-proxy credential list example --config config.yaml)'
run 'xks-proxy credential add example --config config.yaml > new-credential.json'
wait_for_reload
run 'aws kms update-custom-key-store --custom-key-store-id $KEY_STORE --cli-input-json file://new-credential.json'
run 'xks-proxy credential remove example $OLD --config config.yaml'
wait_for_reload
run 'aws kms describe-custom-key-stores --query "CustomKeyStores[0].XksProxyConfiguration.AccessKeyId"'
run 'aws kms decrypt --ciphertext-blob fileb://hello.encrypted --encryption-context purpose=demo \
    --query Plaintext --output text | base64 --decode; echo'

chapter 'Block the key at the proxy'
say "The operator of the proxy has the last word, even if AWS's policies allow a request:"
run 'xks-proxy key block foo --key-store example --config config.yaml'
wait_for_block_list
say 'What the caller sees:'
refused 'aws kms decrypt --ciphertext-blob fileb://hello.encrypted --encryption-context purpose=demo'
say 'What the proxy logged, and what KMS counted:'
run 'grep InvalidStateException proxy.log | tail -n 1'
run 'curl -s $KMS_ENDPOINT/metrics | grep "^XksProxyErrors.*InvalidStateException"'
run 'xks-proxy key unblock foo --key-store example --config config.yaml'
wait_for_block_list
run 'aws kms decrypt --ciphertext-blob fileb://hello.encrypted --encryption-context purpose=demo \
    --query Plaintext --output text | base64 --decode; echo'

chapter 'Audit'
say 'The proxy recorded each request before it answered. The commands above recorded what they changed. The logs are signed every second.'
run 'xks-proxy audit query audit --key foo --operation Decrypt | tail -n 2'
run 'xks-proxy audit query audit --type admin | tail -n 4'
run 'xks-proxy audit verify audit | tail -n 1'
say 'In a copy of the log, we hide that the old credential was removed. Verification finds this:'
run "cp -R audit changed && sed 's/credential remove/credential list/' audit/cli/00000000000000000000.ndjson > changed/cli/00000000000000000000.ndjson"
refused 'xks-proxy audit verify changed/cli'

chapter 'The end'
say 'A key is deleted only after a waiting period, which protects data from accidents. A key store cannot be deleted while it has keys:'
run 'aws kms schedule-key-deletion --key-id $KEY_ID --pending-window-in-days 7'
refused 'aws kms decrypt --ciphertext-blob fileb://hello.encrypted --encryption-context purpose=demo'
run 'aws kms disconnect-custom-key-store --custom-key-store-id $KEY_STORE'
wait_for_state DISCONNECTED
refused 'aws kms delete-custom-key-store --custom-key-store-id $KEY_STORE'
run 'aws kms cancel-key-deletion --key-id $KEY_ID'
say 'docs/local-kms.md shows how to use the local KMS in your own tests. The logs of this demo are in local/made/demo.'
