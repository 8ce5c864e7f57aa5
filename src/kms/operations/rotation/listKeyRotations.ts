import { z } from 'zod';
import type { KeyMaterial } from '../../state/records.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { paginate } from '../paginate.ts';
import { findKeyToRotate } from './findKeyToRotate.ts';

const shape = z.object({
  KeyId: member.keyId,
  IncludeKeyMaterial: z.enum(['ALL_KEY_MATERIAL', 'ROTATIONS_ONLY']).default('ROTATIONS_ONLY'),
  ...member.pagination,
});

const VERSION_DIGITS = 10;

/** Lists the rotations of a key, oldest first. */
export const listKeyRotations = operation(shape, (kms, input, request) => {
  const { keyId } = findKeyToRotate(kms, input.KeyId, request);
  const all = kms.state.keyMaterials.list(keyId);
  const current = all.at(-1);
  const wanted = input.IncludeKeyMaterial === 'ALL_KEY_MATERIAL' ? all : all.slice(1);
  const { page, ...rest } = paginate(wanted, input, ({ version }) => String(version).padStart(VERSION_DIGITS, '0'));
  return { Rotations: page.map((material) => describe(material, material === current)), ...rest };
});

/** Returns a RotationsListEntry. */
function describe(
  { keyId, keyMaterialId, rotationDate, rotationType }: KeyMaterial,
  isCurrent: boolean,
): Readonly<Record<string, unknown>> {
  return {
    KeyId: keyId,
    KeyMaterialId: keyMaterialId,
    KeyMaterialState: isCurrent ? 'CURRENT' : 'NON_CURRENT',
    RotationDate: rotationDate === undefined ? undefined : new Date(rotationDate),
    RotationType: rotationType,
  };
}
