import { z } from 'zod';
import { HSM_TYPES } from '../../state/clusterRecords.ts';

// The members of requests, with the constraints of the service model of CloudHSM V2 2017-04-28.

export const clusterId = z.string().regex(/^cluster-[2-7a-zA-Z]{11,16}$/);
export const backupId = z.string().regex(/^backup-[2-7a-zA-Z]{11,16}$/);
export const sourceBackupId = z
  .string()
  .regex(
    /^(arn:aws(-(us-gov))?:cloudhsm:([a-z]{2}(-(gov|isob|iso))?-(east|west|north|south|central){1,2}-[0-9]{1}):[0-9]{12}:backup\/)?backup-[2-7a-zA-Z]{11,16}$/,
  );
export const resourceId = z.string().regex(/^(?:cluster|backup)-[2-7a-zA-Z]{11,16}$/);
export const hsmId = z.string().regex(/^hsm-[2-7a-zA-Z]{11,16}$/);
export const eniId = z.string().regex(/^eni-[0-9a-fA-F]{8,17}$/);
export const vpcId = z.string().regex(/^vpc-[0-9a-fA-F]+$/);
export const subnetIds = z
  .array(z.string().regex(/^subnet-[0-9a-fA-F]{8,17}$/))
  .min(1)
  .max(10);
export const availabilityZone = z.string().regex(/^[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\d[a-z]$/);
export const ipAddress = z.ipv4();
export const hsmType = z.enum(HSM_TYPES);
export const mode = z.enum(['FIPS', 'NON_FIPS']);
export const networkType = z.enum(['IPV4', 'DUALSTACK']);
export const certificate = z
  .string()
  .max(5000)
  .regex(/^[a-zA-Z0-9+-/=\s]*$/);
/** Days, which are a string in a request. The description in the service model says: between 7 and 379. */
export const backupRetentionPolicy = z.object({
  Type: z.enum(['DAYS']),
  Value: z
    .string()
    .regex(/^[0-9]{1,3}$/)
    .transform(Number)
    .pipe(z.int().min(7).max(379)),
});
const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
export const tagKey = z.string().min(1).max(128).regex(tagText);
export const tagList = z
  .array(z.object({ Key: tagKey, Value: z.string().max(256).regex(tagText) }))
  .min(1)
  .max(50);
export const tagKeyList = z.array(tagKey).min(1).max(50);
export const nextToken = z.string().max(256);
export const filters = z.record(z.string(), z.array(z.string()));
