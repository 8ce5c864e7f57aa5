-- What version 2 of the state file had besides all of version 1, with one record in each table.
CREATE TABLE clusters (
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
CREATE INDEX backups_of_cluster ON backups (clusterId);

INSERT INTO clusters VALUES ('cluster-abcdefghij2', 1, 'ACTIVE', 'hsm2m.medium', 'FIPS', 'vpc-00000000000000001', 'sg-00000000000000001',
  '{"us-east-1a":"subnet-00000000000000001"}', NULL, 'cluster-abcdefghij2', 90, NULL, 'a certificate', 'a trust anchor', '[]');
INSERT INTO hsms VALUES ('hsm-abcdefghij2', 'cluster-abcdefghij2', 2, 'ACTIVE', 'us-east-1a', 'subnet-00000000000000001',
  'eni-00000000000000001', '10.0.1.4');
INSERT INTO backups VALUES ('backup-abcdefghij2', 'cluster-abcdefghij2', 3, 'READY', 0, NULL, 'hsm2m.medium', 'FIPS', '[]');
PRAGMA user_version = 2;
