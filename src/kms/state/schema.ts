/** The tables of the state file, version 1. Times are milliseconds since the epoch; what is unique in AWS is unique here. */
export const SCHEMA_VERSION = 1;

export const SCHEMA = `
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
`;
