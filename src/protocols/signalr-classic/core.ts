import type { Connection } from './connection.ts';
import { ConnectionTable } from './connection-table.ts';
import { ClassicRequestError } from './errors.ts';
import type { Parameters } from './http.ts';
import { encodeFailure, HubRegistry } from './hubs.ts';
import { parseInvocation } from './messages.ts';
import { parseSubscribedHubs, parseTransport } from './negotiation.ts';
import { type ClassicLimits, type ClassicServerOptions, resolveLimits } from './options.ts';
import { TokenSigner } from './tokens.ts';
import type { Transport } from './transport.ts';

/** A request that names a connection its user may use. */
export interface Caller {
  readonly connectionId: string;
  readonly user: unknown;
  readonly parameters: Parameters;
}

/** Puts the connection on a transport. */
export type Attach = (transport: Transport) => Connection;

/** Sent to clients that have to start again, so that no loss goes unnoticed. */
export const LOST_REASON =
  'The connection, or messages it missed, are no longer held; start again.';

/** Shared by requests and upgrades: the caller, its connection, and where it continues. */
export class ClassicCore {
  readonly options: ClassicServerOptions;
  readonly limits: ClassicLimits;
  readonly hubs: HubRegistry;
  readonly signer: TokenSigner;
  readonly connections: ConnectionTable;
  isClosed = false;

  constructor(options: ClassicServerOptions) {
    this.options = options;
    this.limits = resolveLimits(options);
    this.hubs = new HubRegistry(options);
    this.signer = new TokenSigner(options.tokenSecret);
    this.connections = new ConnectionTable(options, this);
  }

  identify(parameters: Parameters, user: unknown): Caller {
    const token = parameters.get('connectionToken');
    const connectionId = this.signer.connectionIdOf(token, this.options.userKey(user));
    return { connectionId, user, parameters };
  }

  /** Handles connect: a new connection, or one not yet started, now on another transport. */
  async connect(caller: Caller): Promise<Attach> {
    const { connectionId: id, user, parameters } = caller;
    const transportName = parseTransport(parameters.get('transport'));
    const subscribedHubs = parseSubscribedHubs(parameters.get('connectionData'), this.hubs);
    const connection = await this.connections.open({ id, user, subscribedHubs });
    // A client without an init message has accepted nothing: it gets everything again.
    const sequence = placeOf(connection, undefined);
    if (sequence === undefined) throw new ClassicRequestError(503, LOST_REASON);
    connection.transportName = transportName;
    return (transport) => {
      connection.attach(transport, { sequence }, { isInit: true });
      return connection;
    };
  }

  /** Handles poll and reconnect; returns undefined when the client has to start again. */
  async resume(caller: Caller, isPrompt: boolean): Promise<Attach | undefined> {
    const { connectionId, parameters } = caller;
    const groupsToken = parameters.get('groupsToken');
    this.signer.checkGroupsToken(connectionId, groupsToken);
    const connection = await this.connections.find(connectionId);
    if (!connection) return undefined;
    requireTransport(connection, parameters);
    const sequence = placeOf(connection, parameters.get('messageId'));
    if (sequence === undefined) return undefined;
    return (transport) => {
      connection.attach(transport, { sequence, groupsToken }, { isPrompt });
      return connection;
    };
  }

  /** Returns the connection that a start or send request is for. */
  async require(caller: Caller): Promise<Connection> {
    const connection = await this.connections.find(caller.connectionId);
    if (!connection) throw new ClassicRequestError(404, 'The connection is not open.');
    requireTransport(connection, caller.parameters);
    return connection;
  }

  /** Runs a hub call; the answer is empty when the caller wants none. */
  async invoke(connection: Connection, text: string): Promise<string> {
    const invocation = parseInvocation(text);
    const answer =
      (await connection.invocations.run(() => this.hubs.invoke(connection, invocation))) ??
      encodeFailure(invocation.id, 'Too many hub calls of this connection are waiting.');
    return invocation.id === undefined ? '' : answer;
  }
}

/** Returns the message to continue after; without it the connection is closed. */
function placeOf(connection: Connection, cursor: string | undefined): number | undefined {
  const sequence = connection.sequenceOf(cursor);
  if (sequence === undefined) connection.shut({});
  return sequence;
}

function requireTransport(connection: Connection, parameters: Parameters): void {
  const name = parseTransport(parameters.get('transport'));
  if (name === connection.transportName) return;
  throw new ClassicRequestError(400, `The connection was not made over ${name}.`);
}
