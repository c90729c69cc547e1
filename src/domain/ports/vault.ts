/** Keeps a secret in the store so that the store alone does not tell it. */
export interface Vault {
  /** @returns text that only `open` reads */
  seal(secret: Uint8Array): string;
  /** @throws where it was sealed by another key */
  open(sealed: string): Buffer;
  /** The same secret as it would be sealed now; the same text where it is sealed so already. */
  renew(sealed: string): string;
}
