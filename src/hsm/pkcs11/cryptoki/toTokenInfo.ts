import type { PinDanger, TokenInfo } from './cryptoki.ts';
import { CKF } from './cryptokiConstants.ts';

interface Version {
  readonly major: number;
  readonly minor: number;
}

/** CK_TOKEN_INFO as a module fills it. */
interface RawTokenInfo {
  readonly label: string;
  readonly serialNumber: string;
  readonly manufacturerID: string;
  readonly model: string;
  readonly hardwareVersion: Version;
  readonly firmwareVersion: Version;
  readonly flags: number;
  readonly maxSessionCount: number;
}

const PIN_DANGERS: readonly (readonly [flag: number, danger: PinDanger])[] = [
  [CKF.USER_PIN_LOCKED, 'locked'],
  [CKF.USER_PIN_FINAL_TRY, 'final try'],
  [CKF.USER_PIN_COUNT_LOW, 'count low'],
];
// Larger values mean CK_UNAVAILABLE_INFORMATION, which a number cannot hold exactly. 0 is CK_EFFECTIVELY_INFINITE.
const LARGEST_COUNT = 0xffff_fffe;

export function toTokenInfo(slot: bigint, info: RawTokenInfo): TokenInfo {
  const danger = PIN_DANGERS.find(([flag]) => (info.flags & flag) !== 0)?.[1];
  const max = info.maxSessionCount;
  return {
    slot,
    label: unpad(info.label),
    serial: unpad(info.serialNumber),
    manufacturer: unpad(info.manufacturerID),
    model: unpad(info.model),
    hardwareVersion: version(info.hardwareVersion),
    firmwareVersion: version(info.firmwareVersion),
    ...(danger && { pinDanger: danger }),
    ...(max > 0 && max <= LARGEST_COUNT && { maxSessions: max }),
  };
}

// The standard pads with blanks, and some modules pad with NUL. Other white space belongs to the text.
function unpad(text: string): string {
  return text.replace(/[ \0]+$/, '');
}

function version({ major, minor }: Version): string {
  return `${major}.${minor}`;
}
