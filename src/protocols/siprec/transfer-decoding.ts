/** `isRight`: the content is in its declared encoding, and that is known. */
export interface Decoded {
  readonly decoded: Buffer;
  readonly isRight: boolean;
}

const plain = ['7bit', '8bit', 'binary', ''];
/** Beginning of SDP and XML: content declared as base64 that begins so was never encoded. */
const plainBeginning = /^\s*(?:<|v=)/;

/** RFC 2045 section 6; content in an unknown encoding stays unchanged. */
export function transferDecoded(content: Buffer, encoding: string): Decoded {
  if (plain.includes(encoding)) return { decoded: content, isRight: true };
  if (encoding === 'quoted-printable') {
    return { decoded: quotedPrintable(content), isRight: true };
  }
  const text = content.toString('latin1');
  const isBase64 = /^[A-Za-z0-9+/=\s]*$/.test(text) && !plainBeginning.test(text);
  if (encoding !== 'base64' || !isBase64) return { decoded: content, isRight: false };
  return { decoded: Buffer.from(text, 'base64'), isRight: true };
}

/** RFC 2045 section 6.7; a `=` that begins no escape is literal. */
function quotedPrintable(content: Buffer): Buffer {
  const text = content.toString('latin1');
  const read = text.replace(/=([0-9A-Fa-f]{2})|=[ \t]*\r?\n/g, (_, code?: string) =>
    code === undefined ? '' : String.fromCharCode(Number.parseInt(code, 16)),
  );
  return Buffer.from(read, 'latin1');
}
