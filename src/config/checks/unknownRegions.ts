import { AWS_REGIONS } from './awsRegions.ts';
import { nearestName } from '../problems/nearestName.ts';
import type { Remark } from '../problems/problem.ts';
import type { Config } from '../schema/schema.ts';

/** Warnings of Regions that are not in the list of this version: KMS in a Region that is not named here is refused. */
export function unknownRegions({ server: { regions } }: Config): Remark[] {
  return regions.flatMap((region, index) => {
    if (AWS_REGIONS.includes(region)) return [];
    const near = nearestName(region, AWS_REGIONS);
    const advice = near === undefined ? 'check it' : `did you mean ${near}?`;
    return [{ keys: ['server', 'regions', index], message: `${region} is no AWS Region known here; ${advice}` }];
  });
}
