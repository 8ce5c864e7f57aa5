import { AWS_REGIONS } from './awsRegions.ts';
import { nearestName } from '../problems/nearestName.ts';
import type { Remark } from '../problems/problem.ts';
import type { Config } from '../schema/schema.ts';

/**
 * Warns about Regions that this version does not know. If a Region is misspelt, the proxy refuses requests from the right one.
 */
export function unknownRegions({ server: { regions } }: Config): Remark[] {
  return regions.flatMap((region, index) => {
    if (AWS_REGIONS.includes(region)) return [];
    const near = nearestName(region, AWS_REGIONS);
    const advice = near === undefined ? 'check it' : `did you mean ${near}?`;
    return [
      {
        keys: ['server', 'regions', index],
        message: `${region} is not an AWS Region known to this version; ${advice}`,
      },
    ];
  });
}
