/** Encrypts secrets kept in the store, so that the store alone does not reveal them. */
export interface Vault {
  /** @returns text that only `open` reads */
  seal(secret: Uint8Array): string;
  /** @throws where it was sealed by another key */
  open(sealed: string): Buffer;
  /** Seals the secret with the current key; returns the same text where it already is. */
  renew(sealed: string): string;
}
