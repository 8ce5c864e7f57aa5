import type { TokenInfo } from '../cryptoki/cryptoki.ts';
import { Pkcs11Failure } from '../pkcs11Failure.ts';
import { showText } from './showText.ts';

/** Which token to use; `slot` is a CK_SLOT_ID. */
export type TokenSelector = { readonly label: string } | { readonly serial: string } | { readonly slot: bigint };

/**
 * Finds the one token that matches the selector. Throws Pkcs11Failure, which names the tokens that exist, if there is none or
 * more than one.
 */
export function findToken(tokens: readonly TokenInfo[], selector: TokenSelector): TokenInfo {
  const matching = tokens.filter((token) => isSelected(token, selector));
  const [token] = matching;
  if (!token) {
    // A blank token was never initialised, such as the free slot that SoftHSM always shows.
    const present = tokens.filter(({ label, serial }) => label !== '' || serial !== '');
    throw new Pkcs11Failure(
      `There is no token with ${describeSelector(selector)}. ` +
        (present.length > 0
          ? `The module has: ${list(present)}.`
          : 'The module has no initialised token (SoftHSM: is SOFTHSM2_CONF set, and to the right file?).'),
    );
  }
  if (matching.length > 1) {
    throw new Pkcs11Failure(
      `${matching.length} tokens have ${describeSelector(selector)}: ${list(matching)}. Select one by serial or slot.`,
    );
  }
  return token;
}

function isSelected(token: TokenInfo, selector: TokenSelector): boolean {
  if ('label' in selector) return token.label === selector.label;
  if ('serial' in selector) return token.serial === selector.serial;
  return token.slot === selector.slot;
}

function describeSelector(selector: TokenSelector): string {
  if ('label' in selector) return `the label "${showText(selector.label)}"`;
  if ('serial' in selector) return `the serial number "${showText(selector.serial)}"`;
  return `the slot ${selector.slot}`;
}

function list(tokens: readonly TokenInfo[]): string {
  return tokens
    .map(({ label, serial, slot }) => `"${showText(label)}" (serial ${showText(serial)}, slot ${slot})`)
    .join(', ');
}
