/** The account and Region that a local KMS emulates. */
export interface Identity {
  readonly region: string;
  readonly accountId: string;
}

export function keyArn({ region, accountId }: Identity, keyId: string): string {
  return `arn:aws:kms:${region}:${accountId}:key/${keyId}`;
}

/** Returns the ARN of an alias. `aliasName` begins with `alias/`. */
export function aliasArn({ region, accountId }: Identity, aliasName: string): string {
  return `arn:aws:kms:${region}:${accountId}:${aliasName}`;
}
