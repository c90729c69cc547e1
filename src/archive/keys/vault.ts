import type { Vault } from '../../domain/ports/vault.ts';
import type { KeyRing } from '../../protocols/segment/key-ring.ts';

/** Identity of stream keys in the store; nothing else uses it. */
const IDENTITY = Buffer.from('hush/vault');

/** Seals secrets under the master key, as text. */
export function masterKeyVault(keys: KeyRing): Vault {
  return {
    seal: (secret) => keys.wrap(Buffer.from(secret), IDENTITY).toString('base64'),
    renew: (sealed) => keys.renew(Buffer.from(sealed, 'base64'), IDENTITY).toString('base64'),
    open: (sealed) => keys.unwrap(Buffer.from(sealed, 'base64'), IDENTITY),
  };
}
