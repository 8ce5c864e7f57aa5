import type { KeyManagerDescription } from '../../keyManager.ts';
import type { TokenInfo } from '../cryptoki/cryptoki.ts';

/** A token's identity for GetHealthStatus, in printable ASCII. */
export function describeToken(token: TokenInfo): KeyManagerDescription {
  const { serial, manufacturer, model, hardwareVersion, firmwareVersion } = token;
  return {
    id: printable(serial),
    vendor: printable(manufacturer),
    model: printable(`${model} (hardware ${hardwareVersion}, firmware ${firmwareVersion})`),
  };
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').trim();
}
