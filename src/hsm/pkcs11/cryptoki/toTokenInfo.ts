import type { TokenInfo } from './cryptoki.ts';

interface Version {
  readonly major: number;
  readonly minor: number;
}

/** CK_TOKEN_INFO as a module fills it in. */
interface RawTokenInfo {
  readonly label: string;
  readonly serialNumber: string;
  readonly manufacturerID: string;
  readonly model: string;
  readonly hardwareVersion: Version;
  readonly firmwareVersion: Version;
}

export function toTokenInfo(slot: bigint, info: RawTokenInfo): TokenInfo {
  return {
    slot,
    label: unpad(info.label),
    serial: unpad(info.serialNumber),
    manufacturer: unpad(info.manufacturerID),
    model: unpad(info.model),
    hardwareVersion: version(info.hardwareVersion),
    firmwareVersion: version(info.firmwareVersion),
  };
}

// The standard pads with blanks, some modules with NUL. Any other white space belongs to the text.
function unpad(text: string): string {
  return text.replace(/[ \0]+$/, '');
}

function version({ major, minor }: Version): string {
  return `${major}.${minor}`;
}
