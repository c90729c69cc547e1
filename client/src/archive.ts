import type { Operations } from './api-types.ts';
import type { Result } from './result.ts';
import type { Transport } from './transport.ts';

export type ArchiveCheck = Operations['GET /api/archive/check']['answer'];
export type KeyRotation = Operations['GET /api/archive/key-rotation']['answer'];
export type HeldRetention = Operations['GET /api/archive/retention']['answer'];

/** Long operations on the archive: each is started once, then polled until it is done. */
export class ArchiveClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  startCheck(
    body: Operations['POST /api/archive/check']['body'] = {},
  ): Promise<Result<ArchiveCheck>> {
    return this.#transport.request('POST /api/archive/check', { body });
  }

  check(): Promise<Result<ArchiveCheck>> {
    return this.#transport.request('GET /api/archive/check', {});
  }

  /** Returns what retention would destroy, but holds until somebody confirms it. */
  retention(): Promise<Result<HeldRetention>> {
    return this.#transport.request('GET /api/archive/retention', {});
  }

  /** @param body the number of held recordings that was shown */
  confirmRetention(
    body: Operations['POST /api/archive/retention/confirmation']['body'],
  ): Promise<Result<HeldRetention>> {
    return this.#transport.request('POST /api/archive/retention/confirmation', { body });
  }

  startKeyRotation(): Promise<Result<KeyRotation>> {
    return this.#transport.request('POST /api/archive/key-rotation', {});
  }

  keyRotation(): Promise<Result<KeyRotation>> {
    return this.#transport.request('GET /api/archive/key-rotation', {});
  }
}
