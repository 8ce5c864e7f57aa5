/**
 * Steps that create and upgrade the tables of the state file. Step n upgrades version n - 1 to version n. Never change a released step,
 * because existing state files have already run it. Times are milliseconds since the epoch. Values that are unique in AWS are unique here.
 */
export const SCHEMA_STEPS: readonly string[] = [
  `CREATE TABLE custom_key_stores (
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
  CREATE INDEX aliases_of_key ON aliases (targetKeyId);`,

  `CREATE TABLE clusters (
    clusterId TEXT PRIMARY KEY,
    createTimestamp INTEGER NOT NULL,
    state TEXT NOT NULL,
    hsmType TEXT NOT NULL,
    mode TEXT NOT NULL,
    vpcId TEXT NOT NULL,
    securityGroup TEXT NOT NULL,
    subnetMapping TEXT NOT NULL,
    sourceBackupId TEXT,
    backupHistory TEXT NOT NULL,
    retentionDays INTEGER NOT NULL,
    csr TEXT,
    certificate TEXT,
    trustAnchor TEXT,
    tags TEXT NOT NULL
  ) STRICT;
  CREATE TABLE hsms (
    hsmId TEXT PRIMARY KEY,
    clusterId TEXT NOT NULL REFERENCES clusters,
    createTimestamp INTEGER NOT NULL,
    state TEXT NOT NULL,
    availabilityZone TEXT NOT NULL,
    subnetId TEXT NOT NULL,
    eniId TEXT NOT NULL UNIQUE,
    eniIp TEXT NOT NULL,
    UNIQUE (subnetId, eniIp)
  ) STRICT;
  CREATE INDEX hsms_of_cluster ON hsms (clusterId);
  CREATE TABLE backups (
    backupId TEXT PRIMARY KEY,
    clusterId TEXT NOT NULL REFERENCES clusters,
    createTimestamp INTEGER NOT NULL,
    state TEXT NOT NULL,
    neverExpires INTEGER NOT NULL,
    deleteTimestamp INTEGER,
    hsmType TEXT NOT NULL,
    mode TEXT NOT NULL,
    tags TEXT NOT NULL
  ) STRICT;
  CREATE INDEX backups_of_cluster ON backups (clusterId);`,

  // Both types of key stores and keys share a table. The columns of one type are NULL for the other.
  `CREATE TABLE new_custom_key_stores (
    customKeyStoreId TEXT PRIMARY KEY,
    customKeyStoreType TEXT NOT NULL,
    customKeyStoreName TEXT NOT NULL UNIQUE,
    creationDate INTEGER NOT NULL,
    connectionState TEXT NOT NULL,
    connectionErrorCode TEXT,
    connectivity TEXT,
    uriEndpoint TEXT,
    uriPath TEXT,
    vpcEndpointServiceName TEXT UNIQUE,
    vpcEndpointServiceOwner TEXT,
    accessKeyId TEXT,
    rawSecretAccessKey TEXT,
    credentialDate INTEGER,
    cloudHsmClusterId TEXT UNIQUE REFERENCES clusters,
    trustAnchorCertificate TEXT,
    keyStorePassword TEXT,
    nextKeyStorePassword TEXT,
    UNIQUE (uriEndpoint, uriPath)
  ) STRICT;
  INSERT INTO new_custom_key_stores
    SELECT customKeyStoreId, 'EXTERNAL_KEY_STORE', customKeyStoreName, creationDate, connectionState, connectionErrorCode,
      connectivity, uriEndpoint, uriPath, vpcEndpointServiceName, vpcEndpointServiceOwner, accessKeyId, rawSecretAccessKey,
      credentialDate, NULL, NULL, NULL, NULL
    FROM custom_key_stores;
  DROP TABLE custom_key_stores;
  ALTER TABLE new_custom_key_stores RENAME TO custom_key_stores;
  CREATE TABLE new_keys (
    keyId TEXT PRIMARY KEY,
    origin TEXT NOT NULL,
    customKeyStoreId TEXT REFERENCES custom_key_stores,
    xksKeyId TEXT,
    backingKeyId TEXT,
    isMaterialMissing INTEGER NOT NULL,
    creationDate INTEGER NOT NULL,
    description TEXT NOT NULL,
    state TEXT NOT NULL,
    deletionDate INTEGER,
    tags TEXT NOT NULL,
    policy TEXT NOT NULL,
    keyMaterial BLOB,
    UNIQUE (customKeyStoreId, xksKeyId)
  ) STRICT;
  INSERT INTO new_keys
    SELECT keyId, 'EXTERNAL_KEY_STORE', customKeyStoreId, xksKeyId, NULL, FALSE, creationDate, description, state, deletionDate,
      tags, policy, keyMaterial
    FROM keys;
  DROP TABLE keys;
  ALTER TABLE new_keys RENAME TO keys;
  CREATE INDEX keys_due ON keys (deletionDate) WHERE deletionDate IS NOT NULL;
  CREATE TABLE key_material_deletions (
    keyId TEXT PRIMARY KEY,
    customKeyStoreId TEXT NOT NULL,
    cloudHsmClusterId TEXT NOT NULL,
    backingKeyId TEXT NOT NULL
  ) STRICT;`,

  `CREATE TABLE grants (
    grantId TEXT PRIMARY KEY,
    keyId TEXT NOT NULL REFERENCES keys ON DELETE CASCADE,
    creationDate INTEGER NOT NULL,
    name TEXT,
    granteePrincipal TEXT NOT NULL,
    retiringPrincipal TEXT,
    granteeName TEXT NOT NULL,
    operations TEXT NOT NULL,
    constraints TEXT NOT NULL,
    issuingAccount TEXT NOT NULL
  ) STRICT;
  CREATE INDEX grants_of_key ON grants (keyId, granteeName);
  CREATE INDEX grants_by_name ON grants (keyId, name) WHERE name IS NOT NULL;
  CREATE INDEX grants_by_retiring_principal ON grants (retiringPrincipal, grantId) WHERE retiringPrincipal IS NOT NULL;`,

  `ALTER TABLE keys ADD COLUMN rotationPeriodInDays INTEGER;
  ALTER TABLE keys ADD COLUMN nextRotationDate INTEGER;
  CREATE INDEX keys_due_for_rotation ON keys (nextRotationDate) WHERE nextRotationDate IS NOT NULL;
  CREATE TABLE key_materials (
    keyMaterialId TEXT PRIMARY KEY,
    keyId TEXT NOT NULL REFERENCES keys ON DELETE CASCADE,
    version INTEGER NOT NULL,
    rotationDate INTEGER,
    rotationType TEXT,
    secret BLOB NOT NULL,
    UNIQUE (keyId, version)
  ) STRICT;`,
];
