import type { Vault } from '../domain/ports.ts';
import { unwrapKey, wrapKey } from '../protocols/segment/key-wrap.ts';

/** What the store keeps of streams' keys belongs to nothing else. */
const IDENTITY = Buffer.from('hush/vault');

/** Secrets under the master key, as text. */
export function masterKeyVault(masterKey: Buffer): Vault {
  return {
    seal: (secret) => wrapKey(masterKey, Buffer.from(secret), IDENTITY).toString('base64'),
    open: (sealed) => unwrapKey(masterKey, Buffer.from(sealed, 'base64'), IDENTITY),
  };
}
