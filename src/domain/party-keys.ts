/** Digits, and what people and systems put between them. */
const phoneNumber = /^\+?[0-9][0-9().\s-]{2,}$/;
const separators = /[().\s-]/g;

/**
 * How a party is found: by its address without scheme, port and parameters, and by its user part
 * alone. Phone numbers compare as numbers: `tel:+31-88`, `0031 88` and `sip:+3188@sbc` are one.
 */
export function partyKeys(aor: string): string[] {
  const bare = aor
    .trim()
    .toLowerCase()
    .replace(/^(sips?|tel):/, '')
    .replace(/[;?].*$/, '');
  const at = bare.lastIndexOf('@');
  const user = numberKey((at < 0 ? bare : bare.slice(0, at)).replace(/:.*$/, ''));
  if (at < 0) return user === '' ? [] : [user];
  const host = bare.slice(at + 1).replace(/:\d*$/, '');
  const address = `${user}@${host}`;
  return user === '' ? [host] : [address, user];
}

/** What a search for that text looks for: an address where it names a host, else a user. */
export function partyKey(text: string): string {
  return partyKeys(text)[0] ?? '';
}

function numberKey(user: string): string {
  if (!phoneNumber.test(user)) return user;
  const digits = user.replace(separators, '');
  return digits.startsWith('00') ? `+${digits.slice(2)}` : digits;
}
