import { type PartyAddress, partyAddress } from './party-address.ts';

/** Digits, and the separators that people and systems put between them. */
const phoneNumber = /^\+?[0-9][0-9().\s-]{2,}$/;
const separators = /[().\s-]/g;
/** Databases index no more than about 2,700 bytes. */
const MAX_KEY_LENGTH = 512;

/**
 * Returns the keys that find a party: an international number's digits, whatever host carries it;
 * for everybody else the address without scheme, port and parameters, and the user part alone.
 */
export function partyKeys(aor: string): string[] {
  return keysOf(aor).map((key) => key.slice(0, MAX_KEY_LENGTH));
}

function keysOf(aor: string): string[] {
  const address = partyAddress(aor);
  switch (address.kind) {
    case 'number':
    case 'local':
      return keysOfNumber(address);
    case 'user': {
      const { user, host } = address;
      if (user === undefined || user === '') return [host];
      const name = numberKey(user);
      return [`${name}@${host}`, name];
    }
    default: {
      const text = numberKey(address.text);
      return text === '' ? [] : [text];
    }
  }
}

/** Returns the key that a search text stands for: an address where it names a host, else a user. */
export function partyKey(text: string): string {
  return partyKeys(text)[0] ?? '';
}

/** Returns two keys for an extension: its own spelling, and the number it belongs to. */
function keysOfNumber({ number, parameters }: Extract<PartyAddress, { number: string }>): string[] {
  return parameters === '' ? [number] : [`${number}${parameters}`, number];
}

function numberKey(user: string): string {
  return phoneNumber.test(user) ? user.replace(separators, '') : user;
}
