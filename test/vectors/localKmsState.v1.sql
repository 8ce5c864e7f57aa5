-- A state file of `kms serve` as xks-proxy wrote it before it had clusters: version 1. Never to be changed.
CREATE TABLE custom_key_stores (
  customKeyStoreId TEXT PRIMARY KEY,
  customKeyStoreName TEXT NOT NULL UNIQUE,
  creationDate INTEGER NOT NULL,
  connectionState TEXT NOT NULL,
  connectionErrorCode TEXT,
  connectivity TEXT NOT NULL,
  uriEndpoint TEXT NOT NULL,
  uriPath TEXT NOT NULL,
  vpcEndpointServiceName TEXT UNIQUE,
  vpcEndpointServiceOwner TEXT,
  accessKeyId TEXT NOT NULL,
  rawSecretAccessKey TEXT NOT NULL,
  credentialDate INTEGER NOT NULL,
  UNIQUE (uriEndpoint, uriPath)
) STRICT;
CREATE TABLE keys (
  keyId TEXT PRIMARY KEY,
  customKeyStoreId TEXT NOT NULL REFERENCES custom_key_stores,
  xksKeyId TEXT NOT NULL,
  creationDate INTEGER NOT NULL,
  description TEXT NOT NULL,
  state TEXT NOT NULL,
  deletionDate INTEGER,
  tags TEXT NOT NULL,
  policy TEXT NOT NULL,
  keyMaterial BLOB NOT NULL,
  UNIQUE (customKeyStoreId, xksKeyId)
) STRICT;
CREATE INDEX keys_due ON keys (deletionDate) WHERE deletionDate IS NOT NULL;
CREATE TABLE aliases (
  aliasName TEXT PRIMARY KEY,
  targetKeyId TEXT NOT NULL REFERENCES keys ON DELETE CASCADE,
  creationDate INTEGER NOT NULL,
  lastUpdatedDate INTEGER NOT NULL
) STRICT;
CREATE INDEX aliases_of_key ON aliases (targetKeyId);

INSERT INTO custom_key_stores VALUES ('cks-0123456789abcdef0', 'old', 1767225600000, 'DISCONNECTED', NULL, 'PUBLIC_ENDPOINT',
  'https://xks.example.com', '/old/kms/xks/v1', NULL, NULL, 'ABCDEFGHIJKLMNOPQRST', 'a secret access key of an example, no more', 1767225600000);
INSERT INTO keys VALUES ('1234abcd-12ab-34cd-56ef-1234567890ab', 'cks-0123456789abcdef0', 'foo', 1767225600000, 'an old key', 'Enabled',
  NULL, '[{"key":"a","value":"b"}]', '{}', randomblob(32));
INSERT INTO aliases VALUES ('alias/old', '1234abcd-12ab-34cd-56ef-1234567890ab', 1767225600000, 1767225600000);
PRAGMA user_version = 1;
