import { isIPv6 } from 'node:net';
import type { ReceiverKind } from '../../domain/ports/recorder.ts';
import type { DescriptorTable } from './descriptor-table.ts';
import { DgramReceiver } from './dgram-receiver.ts';
import { FfiReceiver } from './ffi-receiver.ts';
import type { MediaReceiver, ReceiverOptions } from './media-receiver.ts';
import { proveReceiver } from './receiver-proof.ts';

export interface Choice extends ReceiverOptions {
  readonly wanted: ReceiverKind;
  readonly descriptors: DescriptorTable;
  /** Called when what was wanted does not work here. */
  onFallBack(why: string): void;
}

/** Returns the receiver that is wanted if it works here, else the one that always does. */
export function chooseReceiver(choice: Choice): MediaReceiver {
  const { wanted, descriptors, onFallBack, ...options } = choice;
  if (wanted === 'dgram') return new DgramReceiver(options);
  try {
    const host = isIPv6(options.host) ? '::1' : '127.0.0.1';
    const proof = { ...options, host, onRead: () => undefined };
    proveReceiver(new FfiReceiver(proof, descriptors), host, options.now);
    return new FfiReceiver(options, descriptors);
  } catch (cause) {
    onFallBack(cause instanceof Error ? cause.message : String(cause));
    return new DgramReceiver(options);
  }
}
