import { constants, KeyObject, verify as verifySignature } from 'node:crypto';
import {
  decodeProtectedHeader,
  errors,
  type JWTClaimVerificationOptions,
  type JWTHeaderParameters,
  type JWTPayload,
  type JWTVerifyGetKey,
  UnsecuredJWT,
} from 'jose';

export interface VerifiedJwt {
  readonly payload: JWTPayload;
  readonly protectedHeader: JWTHeaderParameters;
}

interface Algorithm {
  readonly hash: string | null;
  readonly padding?: number;
  readonly saltLength?: number;
}

const pkcs1 = constants.RSA_PKCS1_PADDING;
const pss = constants.RSA_PKCS1_PSS_PADDING;
/** RFC 7518 section 3.1, RFC 8037, RFC 9864. Asymmetric only (RFC 8725 section 3.1). */
const algorithms: Readonly<Record<string, Algorithm>> = {
  RS256: { hash: 'sha256', padding: pkcs1 },
  RS384: { hash: 'sha384', padding: pkcs1 },
  RS512: { hash: 'sha512', padding: pkcs1 },
  PS256: { hash: 'sha256', padding: pss, saltLength: 32 },
  PS384: { hash: 'sha384', padding: pss, saltLength: 48 },
  PS512: { hash: 'sha512', padding: pss, saltLength: 64 },
  ES256: { hash: 'sha256' },
  ES384: { hash: 'sha384' },
  ES512: { hash: 'sha512' },
  EdDSA: { hash: null },
  Ed25519: { hash: null },
};
const MIN_MODULUS_BITS = 2048;
const withoutSignature = Buffer.from('{"alg":"none"}').toString('base64url');

/**
 * Verifies a token in this thread: a Pause may come with it. The pool used by Web Cryptography also
 * serves files and host names, and stalls when a disk or a network does.
 * @throws an error of `jose`, or of `findKey`
 */
export async function verifiedJwt(
  token: string,
  findKey: JWTVerifyGetKey,
  options: JWTClaimVerificationOptions,
): Promise<VerifiedJwt> {
  const [header = '', payload = '', signature = '', ...more] = token.split('.');
  if (more.length > 0 || !/^[\w-]+$/.test(signature)) {
    throw new errors.JWTInvalid('not a compact JWS');
  }
  const protectedHeader = decodeProtectedHeader(token) as JWTHeaderParameters;
  const { alg, crit } = protectedHeader;
  const algorithm = Object.hasOwn(algorithms, alg) ? algorithms[alg] : undefined;
  if (!algorithm) throw new errors.JOSEAlgNotAllowed('the algorithm is not allowed');
  // RFC 7515 section 4.1.11: Hush understands no critical headers.
  if (crit !== undefined) throw new errors.JOSENotSupported('a critical header is not understood');
  const key = await findKey(protectedHeader, { payload, protected: header, signature });
  const signed = Buffer.from(`${header}.${payload}`);
  if (!isSignedBy(key as CryptoKey, algorithm, { signed, signature })) {
    throw new errors.JWSSignatureVerificationFailed();
  }
  // Claims are checked as for an unsigned token.
  const claims = UnsecuredJWT.decode(`${withoutSignature}.${payload}.`, options);
  return { payload: claims.payload, protectedHeader };
}

function isSignedBy(
  cryptoKey: CryptoKey,
  { hash, ...scheme }: Algorithm,
  { signed, signature }: { readonly signed: Buffer; readonly signature: string },
): boolean {
  const key = KeyObject.from(cryptoKey);
  const { modulusLength } = key.asymmetricKeyDetails ?? {};
  if (modulusLength !== undefined && modulusLength < MIN_MODULUS_BITS) return false;
  const how = { key, dsaEncoding: 'ieee-p1363', ...scheme } as const;
  return verifySignature(hash, signed, how, Buffer.from(signature, 'base64url'));
}
