import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { ClassicRequestError } from './errors.ts';

const CONNECTION_TOKEN = /^([0-9a-f-]{36})\.[\w-]{43}$/;

/**
 * Signs the tokens that a client carries for the server: `connectionToken`, bound to the user, and
 * `groupsToken`, bound to the connection. The original encrypts both (PersistentConnection.cs,
 * TryGetConnectionId and VerifyGroups); since nothing in them is secret, a signature suffices.
 */
export class TokenSigner {
  readonly #secret: string | Buffer;

  constructor(secret: string | Buffer = randomBytes(32)) {
    this.#secret = secret;
  }

  /** Keeps no state of a negotiation, so that an unused one costs nothing. */
  issue(userKey: string): { connectionId: string; connectionToken: string } {
    const connectionId = randomUUID();
    return { connectionId, connectionToken: this.#connectionToken(connectionId, userKey) };
  }

  /**
   * Returns the connection id of a token. Another user's token and a forged one get the same 403,
   * so that the answer does not reveal which connections exist.
   */
  connectionIdOf(token: string | undefined, userKey: string): string {
    if (!token) throw new ClassicRequestError(400, 'The connectionToken is missing.');
    const connectionId = CONNECTION_TOKEN.exec(token)?.[1];
    if (connectionId === undefined) {
      throw new ClassicRequestError(400, 'The connectionToken is in the incorrect format.');
    }
    if (!isSameText(token, this.#connectionToken(connectionId, userKey))) {
      throw new ClassicRequestError(403, 'The connectionToken is not one of this user.');
    }
    return connectionId;
  }

  groupsToken(connectionId: string, names: readonly string[]): string {
    const list = Buffer.from(JSON.stringify(names)).toString('base64url');
    return `${list}.${this.#sign('groups', connectionId, list)}`;
  }

  /** Refuses a forged token; the server's own record of the groups is authoritative. */
  checkGroupsToken(connectionId: string, token: string | undefined): void {
    if (!token) return;
    const [list = '', signature = ''] = token.split('.');
    if (!isSameText(signature, this.#sign('groups', connectionId, list))) {
      throw new ClassicRequestError(403, 'The groupsToken is not one of this connection.');
    }
  }

  #connectionToken(connectionId: string, userKey: string): string {
    return `${connectionId}.${this.#sign('connection', connectionId, userKey)}`;
  }

  #sign(purpose: string, connectionId: string, content: string): string {
    const text = `${purpose}\n${connectionId}\n${content}`;
    return createHmac('sha256', this.#secret).update(text).digest('base64url');
  }
}

function isSameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
