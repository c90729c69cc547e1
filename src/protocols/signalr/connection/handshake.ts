import type { Codec } from '../codec/codec.ts';
import { ProtocolError } from '../codec/errors.ts';
import { parseObject } from '../codec/json-codec.ts';

/**
 * The spec says 1; clients from version 8 on send 2 for stateful reconnect, and those of other
 * makers 0. As with the vendor's server, every version up to its own is accepted.
 */
const MAX_VERSION = 2;
const SEPARATOR = '\x1e';

export interface Handshake {
  readonly codec: Codec;
  readonly version: number;
}

/**
 * Reads the request, always JSON whatever follows it (hub protocol, section "Overview"). Names of
 * protocols are compared without case, as the vendor's server does. Throws ProtocolError.
 */
export function readHandshake(
  record: Buffer,
  codecs: ReadonlyMap<string, Codec>,
  carriesBinary: boolean,
): Handshake {
  const { protocol, version, type } = parseObject(record);
  if (type !== undefined) {
    throw new ProtocolError('Expected a handshake request from the client.');
  }
  if (typeof protocol !== 'string' || typeof version !== 'number') {
    throw new ProtocolError('The handshake request names no protocol and version.');
  }
  if (!Number.isInteger(version) || version > MAX_VERSION) {
    throw new ProtocolError(`The server does not support version ${version} of the protocol.`);
  }
  const codec = codecs.get(protocol.toLowerCase());
  if (codec === undefined) {
    throw new ProtocolError(`The protocol '${protocol}' is not supported.`);
  }
  if (codec.binary && !carriesBinary) {
    throw new ProtocolError(`The protocol '${protocol}' needs a transport of binary format.`);
  }
  return { codec, version };
}

export function handshakeResponse(error?: string): Buffer {
  return Buffer.from(JSON.stringify(error === undefined ? {} : { error }) + SEPARATOR);
}
