import type {
  ArchiveCheck,
  ArchiveCheckRequest,
  KeyRotation,
  Retention,
  RetentionConfirmation,
} from './api-types.ts';
import type { Result } from './result.ts';
import type { Transport } from './transport.ts';

/** Long work on the archive: started once, and looked at until it is done. */
export class ArchiveClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  startCheck(body: ArchiveCheckRequest = {}): Promise<Result<ArchiveCheck>> {
    return this.#transport.request('POST /api/archive/check', { body });
  }

  check(): Promise<Result<ArchiveCheck>> {
    return this.#transport.request('GET /api/archive/check', {});
  }

  /** Recordings that retention would destroy once an admin confirms it. */
  retention(): Promise<Result<Retention>> {
    return this.#transport.request('GET /api/archive/retention', {});
  }

  /** @param body how many recordings were seen to be held */
  confirmRetention(body: RetentionConfirmation): Promise<Result<Retention>> {
    return this.#transport.request('POST /api/archive/retention/confirmation', { body });
  }

  startKeyRotation(): Promise<Result<KeyRotation>> {
    return this.#transport.request('POST /api/archive/key-rotation', {});
  }

  keyRotation(): Promise<Result<KeyRotation>> {
    return this.#transport.request('GET /api/archive/key-rotation', {});
  }
}
