#!/usr/bin/env bash
# The life of an AWS CloudHSM key store, told through the AWS CLI and CloudHSM CLI. `make demo-cloudhsm` starts what it needs, and
# runs it.
. "$(dirname "$0")/story.sh"

# Waits until a command prints the expected text, and tells the reader so: $1 is the condition.
wait_until() {
  until_it_says "${@:2}"
  printf '\n# ... until %s\n' "$1"
}

# The same for the state $1 of the key store.
wait_until_store_is() {
  wait_until "the key store is $1" "$1" connection_state
}

disconnect() {
  run 'aws kms disconnect-custom-key-store --custom-key-store-id $KEY_STORE'
  wait_until_store_is DISCONNECTED
}

connect() {
  run 'aws kms connect-custom-key-store --custom-key-store-id $KEY_STORE'
}

decrypt='aws kms decrypt --ciphertext-blob fileb://hello.encrypted --query Plaintext --output text | base64 --decode; echo'

# A password of kmsuser that the administrator sets: $1.
set_password() {
  run "printf '%s\n' $1 $1 | as_admin user change-password --username kmsuser --role crypto-user"
}

tell_password() {
  run "aws kms update-custom-key-store --custom-key-store-id \$KEY_STORE --key-store-password $1"
}

# How many HSMs are active, of all clusters.
active_hsms() {
  times_logged '"to":"ACTIVE","msg":"HSM state"' kms.log
}

echo "The life of an AWS CloudHSM key store. A local KMS listens at $KMS_ENDPOINT. Its CloudHSM clusters are SoftHSM
tokens, each with a process of its own. Steps that take minutes in AWS take a second here, and a day takes 3 seconds. The
AWS CLI and xks-proxy's version of CloudHSM CLI do everything below (make demo shows an external key store):

  KMS_ENDPOINT=$KMS_ENDPOINT
  aws() { command aws --endpoint-url \$KMS_ENDPOINT \"\$@\"; }
  xks-proxy() { npx xks-proxy \"\$@\"; }"

chapter 'A cluster'
say 'One command does what the guide of AWS does by hand: CreateCluster, CreateHsm twice, InitializeCluster with a signed certificate, cluster activate, user create.'
run 'xks-proxy kms cluster create --endpoint $KMS_ENDPOINT --folder cluster'
run 'CLUSTER=$(aws cloudhsmv2 describe-clusters --query "Clusters[].ClusterId" --output text); echo $CLUSTER'
say 'CloudHSM CLI reads its login from the environment. There are three users: admin, kmsuser for KMS, and app_user, with which the HSMs synchronize:'
run 'as_admin() { CLOUDHSM_ROLE=admin CLOUDHSM_PIN=admin:$(cat cluster/admin.password) xks-proxy cloudhsm-cli "$@"; }'
run 'as_kmsuser() { CLOUDHSM_ROLE=crypto-user CLOUDHSM_PIN=kmsuser:$PASSWORD xks-proxy cloudhsm-cli "$@"; }'
run 'as_admin user list | grep username'

chapter 'Create and connect'
say 'KMS gets the password of kmsuser, and the certificate with which the cluster was initialized:'
run 'KEY_STORE=$(aws kms create-custom-key-store --custom-key-store-name ExampleKeyStore --cloud-hsm-cluster-id $CLUSTER \
    --trust-anchor-certificate file://cluster/customerCA.crt --key-store-password file://cluster/kmsuser.password \
    --query CustomKeyStoreId --output text); echo $KEY_STORE'
connect
wait_until_store_is CONNECTED
show_state
say 'KMS has logged in as kmsuser, and has changed the password to one that only KMS knows. The old password no longer works:'
run 'PASSWORD=$(cat cluster/kmsuser.password)'
refused 'as_kmsuser key list'

chapter 'A KMS key, whose key material never leaves the cluster'
run 'KEY_ARN=$(aws kms create-key --origin AWS_CLOUDHSM --custom-key-store-id $KEY_STORE \
    --query KeyMetadata.Arn --output text); echo $KEY_ARN'
run 'aws kms describe-key --key-id $KEY_ARN --query "KeyMetadata.[KeyState, Origin, CloudHsmClusterId]" --output text'
run "printf 'Hello, CloudHSM key store!' > hello.txt"
run 'aws kms encrypt --key-id $KEY_ARN --plaintext fileb://hello.txt \
    --query CiphertextBlob --output text | base64 --decode > hello.encrypted; wc -c < hello.encrypted'
run "$decrypt"
say 'KMS creates keys only in a cluster of two active HSMs. With one HSM, existing keys can still be used:'
run "HSM=\$(aws cloudhsmv2 describe-clusters --query \"Clusters[].Hsms[?AvailabilityZone=='us-east-1b'].HsmId\" --output text)"
run 'aws cloudhsmv2 delete-hsm --cluster-id $CLUSTER --hsm-id $HSM'
wait_until 'the HSM is gone' 1 times_logged 'an HSM was deleted' kms.log
refused 'aws kms create-key --origin AWS_CLOUDHSM --custom-key-store-id $KEY_STORE'
run "$decrypt"
before=$(active_hsms)
run 'aws cloudhsmv2 create-hsm --cluster-id $CLUSTER --availability-zone us-east-1b --query "Hsm.[HsmId, State]" --output text'
wait_until 'the HSM is ACTIVE' $((before + 1)) active_hsms

chapter 'Disconnect, and log in as kmsuser'
say 'KMS logs out, and no key can be used:'
disconnect
refused 'aws kms decrypt --ciphertext-blob fileb://hello.encrypted'
say 'Only KMS knows the password of kmsuser, so the administrator sets another one. The label of the key material is the ARN of its KMS key, and its id is the backing key id:'
run 'PASSWORD=kmsPassword1'
set_password '$PASSWORD'
run 'as_kmsuser key list --verbose | grep -E "\"(label|id|key-type|extractable)\""'
say 'KMS does not know that password yet:'
connect
wait_until_store_is FAILED
show_state ConnectionErrorCode

chapter 'kmsuser is logged in elsewhere'
say 'A FAILED key store must be disconnected first. KMS then gets the password, but kmsuser is logged in in another terminal:'
disconnect
tell_password '$PASSWORD'
run 'exec 3> >(xks-proxy cloudhsm-cli interactive > other-terminal.txt 2>&1)'
run 'printf "login --username kmsuser --role crypto-user\n%s\n" $PASSWORD >&3'
wait_until 'other-terminal.txt has the answer' 1 times_logged '"error_code": 0' other-terminal.txt
connect
wait_until_store_is FAILED
show_state ConnectionErrorCode
say 'Closing that terminal logs kmsuser out:'
run 'exec 3>&-'
disconnect
connect
wait_until_store_is CONNECTED
run "$decrypt"

chapter 'Five wrong passwords'
say 'Five wrong passwords, from any client, lock kmsuser, so KMS is locked out too:'
run 'for PASSWORD in guess001 guess002 guess003 guess004 guess005; do as_kmsuser key list | grep data || true; done'
refused 'aws kms decrypt --ciphertext-blob fileb://hello.encrypted'
disconnect
connect
wait_until_store_is FAILED
show_state ConnectionErrorCode
say 'Another password unlocks the user:'
disconnect
run 'PASSWORD=kmsPassword2'
set_password '$PASSWORD'
tell_password '$PASSWORD'
connect
wait_until_store_is CONNECTED

chapter 'The cluster cannot be reached'
say 'Its process is killed:'
before=$(times_logged '"a cluster runs"' kms.log)
run "kill -KILL \$(sed -n 's/.*\"pid\":\([0-9]*\),\"socketPath.*/\1/p' kms.log | tail -n 1)"
refused 'aws kms decrypt --ciphertext-blob fileb://hello.encrypted'
say 'The key store stays CONNECTED. After ten seconds, the local KMS replaces the process, as AWS replaces an HSM, and logs in again:'
wait_until 'kms.log says that a cluster runs' $((before + 1)) times_logged '"a cluster runs"' kms.log
run "$decrypt"

chapter 'Orphaned key material'
say 'A second key is deleted while KMS is not connected, after a waiting period of seven days (21 seconds here):'
run 'SECOND_KEY=$(aws kms create-key --origin AWS_CLOUDHSM --custom-key-store-id $KEY_STORE \
    --query KeyMetadata.KeyId --output text); echo $SECOND_KEY'
disconnect
run 'aws kms schedule-key-deletion --key-id $SECOND_KEY --pending-window-in-days 7 --query KeyState'
wait_until 'events.jsonl has the event DeleteKey' 1 times_logged '"eventName":"DeleteKey"' events.jsonl
say 'The KMS key is gone. The event DeleteKey reports that its key material is still there, with its id:'
run 'grep DeleteKey events.jsonl | grep -o "\"backingKeysDeletionStatus\".*FAILURE[^]]*]"'
run "BACKING_KEY=\$(sed -n 's/.*backingKeyId[^0-9a-f]*\([0-9a-f]*\)[^0-9a-f]*deletionStatus.*FAILURE.*/\1/p' events.jsonl); echo \$BACKING_KEY"
run 'PASSWORD=kmsPassword3'
set_password '$PASSWORD'
run 'as_kmsuser key list'
run 'as_kmsuser key delete --filter attr.id="0x$BACKING_KEY"'

chapter 'Key material lost, and recovered'
say 'The local KMS makes a backup at each change of the HSMs, and each day. This is the newest:'
run 'BACKUP=$(aws cloudhsmv2 describe-backups --filters clusterIds=$CLUSTER,states=READY \
    --no-paginate --query "Backups[0].BackupId" --output text); echo $BACKUP'
say 'While kmsuser can log in, it can also delete key material that is still needed. KMS notices this when it connects:'
run 'as_kmsuser key delete --filter attr.label=$KEY_ARN'
tell_password '$PASSWORD'
connect
wait_until_store_is CONNECTED
run 'aws kms describe-key --key-id $KEY_ARN --query KeyMetadata.KeyState'
refused 'aws kms decrypt --ciphertext-blob fileb://hello.encrypted'
say 'The backup becomes another cluster, with two HSMs:'
run 'NEW_CLUSTER=$(aws cloudhsmv2 create-cluster --hsm-type hsm2m.medium --source-backup-id $BACKUP \
    --subnet-ids subnet-0123456789abcdef0 subnet-0123456789abcdef1 --query Cluster.ClusterId --output text); echo $NEW_CLUSTER'
wait_until 'the cluster is INITIALIZED' 1 times_logged '"from":"CREATE_IN_PROGRESS","to":"INITIALIZED"' kms.log
before=$(active_hsms)
run 'for ZONE in us-east-1a us-east-1b; do
    aws cloudhsmv2 create-hsm --cluster-id $NEW_CLUSTER --availability-zone $ZONE --query Hsm.State; done'
wait_until 'both HSMs are ACTIVE' $((before + 2)) active_hsms
say 'The kmsuser of that cluster has the password of the time of the backup, so the administrator sets a new one. KMS then gets the cluster and the password. It accepts the cluster because both share the backup:'
disconnect
run 'printf "%s\n" $PASSWORD $PASSWORD | as_admin user change-password --username kmsuser --role crypto-user --cluster-id $NEW_CLUSTER'
run 'aws kms update-custom-key-store --custom-key-store-id $KEY_STORE --cloud-hsm-cluster-id $NEW_CLUSTER --key-store-password $PASSWORD'
connect
wait_until_store_is CONNECTED
say 'The old ciphertext can be decrypted:'
run "$decrypt"
say 'docs/local-kms.md explains these steps, and docs/local-kms-causes.md lists each error with its cause and its cure. The log, the events and the clusters of this demo are in local/made/demo-cloudhsm.'
