import type { Codec, ProtocolName } from './codec.ts';
import { MessageType } from './messages.ts';

/**
 * One event for many clients: encoded at most once per protocol, when the first client that speaks
 * it needs it. All share the bytes, and so do their replay buffers.
 */
export class EncodedInvocation {
  readonly target: string;
  readonly args: readonly unknown[];
  readonly #records = new Map<ProtocolName, Buffer>();

  constructor(target: string, args: readonly unknown[]) {
    this.target = target;
    this.args = args;
  }

  record(codec: Codec): Buffer {
    let record = this.#records.get(codec.name);
    if (record === undefined) {
      record = codec.encode({
        type: MessageType.invocation,
        target: this.target,
        arguments: this.args,
        streamIds: [],
      });
      this.#records.set(codec.name, record);
    }
    return record;
  }
}
