import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { CallRegistry } from '../domain/call-registry.ts';
import type { CommandAnswer, CommandRequest } from '../domain/command.ts';
import type { EventFeed } from '../domain/event-feed.ts';
import type { Recorder, Store } from '../domain/ports.ts';
import type { UccRegistry } from '../domain/ucc-registry.ts';
import type { Webhooks } from '../domain/webhook.ts';

/** A finished recording, opened for playing. */
export interface OpenedAudio {
  readonly wavBytes: number;
  wav(start: number, end: number): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/** Something that answers raw requests below paths of its own: the recording hub. */
export interface HttpMount {
  /** @param path lower case, without the query */
  owns(path: string): boolean;
  handleRequest(
    request: IncomingMessage,
    response: ServerResponse,
    target: { readonly path: string; readonly query: URLSearchParams },
  ): Promise<void>;
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    target: { readonly path: string; readonly query: URLSearchParams },
  ): void;
}

/** What the routes stand on; the composition root brings it. */
export interface HttpServices {
  readonly uccs: UccRegistry;
  readonly calls: CallRegistry;
  readonly recorder: Recorder;
  readonly store: Store;
  readonly feed: EventFeed;
  readonly hub: HttpMount;
  readonly webhooks: Webhooks;
  carry(request: CommandRequest): Promise<CommandAnswer>;
  /** Stops what a UCC that no longer records has in progress. */
  stopCallsOf(uccName: string): Promise<void>;
  play(callId: string): Promise<OpenedAudio>;
  ready(): boolean;
  /** Prometheus text format. */
  metrics(): Promise<{ contentType: string; text: string }>;
  onCommand(answer: CommandAnswer, seconds: number): void;
  onError(cause: unknown): void;
}

export interface HttpSettings {
  readonly host: string;
  readonly port: number;
  readonly anonymousNetworks: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly statusCodes: 'ok' | 'mapped';
  readonly bodyLimitBytes: number;
}
