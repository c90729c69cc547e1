import { Decoder, Encoder } from '@msgpack/msgpack';
import type { Codec } from './codec.ts';
import { ProtocolError } from './errors.ts';
import {
  listField,
  optionalTextField,
  sequenceField,
  streamIdsField,
  textField,
} from './fields.ts';
import { checkMessagePack } from './messagepack-guard.ts';
import { type HubMessage, MessageType, type Outcome } from './messages.ts';
import { withLengthPrefix } from './record-reader.ts';

/** ResultKind of a Completion. */
const RESULT_KIND = { error: 1, void: 2, result: 3 } as const;

const NO_HEADERS = {};

/** Implements hub protocol section "MessagePack encoding". Headers are accepted and ignored. */
export function createMessagePackCodec(maxNestingDepth: number): Codec {
  const encoder = new Encoder({ ignoreUndefined: true });
  const decoder = new Decoder();
  return {
    name: 'messagepack',
    binary: true,
    framing: 'lengthPrefix',
    encode: (message) => withLengthPrefix(encoder.encodeSharedRef(toFields(message))),
    decode(record) {
      checkMessagePack(record, maxNestingDepth);
      let value: unknown;
      try {
        value = decoder.decode(record);
      } catch {
        throw new ProtocolError('A message is not valid MessagePack.');
      }
      return fromFields(listField(value, 'message'));
    },
  };
}

function toFields(message: HubMessage): readonly unknown[] {
  switch (message.type) {
    case MessageType.invocation:
    case MessageType.streamInvocation:
      // Always six elements: strict clients read the sixth without checking for it.
      return [
        message.type,
        NO_HEADERS,
        message.invocationId ?? null,
        message.target,
        message.arguments,
        message.streamIds,
      ];
    case MessageType.streamItem:
      return [message.type, NO_HEADERS, message.invocationId, message.item ?? null];
    case MessageType.completion:
      return [message.type, NO_HEADERS, message.invocationId, ...outcomeFields(message.outcome)];
    case MessageType.cancelInvocation:
      return [message.type, NO_HEADERS, message.invocationId];
    case MessageType.ping:
      return [message.type];
    case MessageType.close:
      return [message.type, message.error ?? null, message.allowReconnect ?? false];
    case MessageType.acknowledgement:
    case MessageType.sequence:
      return [message.type, message.sequenceId];
  }
}

function outcomeFields(outcome: Outcome): readonly unknown[] {
  switch (outcome.kind) {
    case 'error':
      return [RESULT_KIND.error, outcome.error];
    case 'void':
      return [RESULT_KIND.void];
    case 'result':
      return [RESULT_KIND.result, outcome.result];
  }
}

/** Elements after the known ones belong to a later version and are ignored. */
function fromFields(fields: readonly unknown[]): HubMessage | undefined {
  const [type, second, third] = fields;
  if (typeof type !== 'number') throw new ProtocolError('A message has no type.');
  switch (type) {
    case MessageType.invocation: {
      const invocationId = optionalTextField(third, 'invocationId');
      const call = callFields(fields);
      return invocationId === undefined ? { type, ...call } : { type, invocationId, ...call };
    }
    case MessageType.streamInvocation:
      return { type, invocationId: textField(third, 'invocationId'), ...callFields(fields) };
    case MessageType.streamItem:
      return { type, invocationId: textField(third, 'invocationId'), item: fields[3] };
    case MessageType.completion:
      return { type, invocationId: textField(third, 'invocationId'), outcome: outcomeOf(fields) };
    case MessageType.cancelInvocation:
      return { type, invocationId: textField(third, 'invocationId') };
    case MessageType.ping:
      return { type };
    case MessageType.close: {
      const error = optionalTextField(second, 'error');
      return error === undefined ? { type } : { type, error };
    }
    case MessageType.acknowledgement:
    case MessageType.sequence:
      return { type, sequenceId: sequenceField(second) };
    default:
      return undefined;
  }
}

function callFields(fields: readonly unknown[]) {
  return {
    target: textField(fields[3], 'target'),
    arguments: listField(fields[4], 'arguments'),
    streamIds: streamIdsField(fields[5]),
  };
}

function outcomeOf(fields: readonly unknown[]): Outcome {
  const [, , , kind, value] = fields;
  switch (kind) {
    case RESULT_KIND.error:
      return { kind: 'error', error: textField(value, 'error') };
    case RESULT_KIND.void:
      return { kind: 'void' };
    case RESULT_KIND.result:
      return { kind: 'result', result: value };
    default:
      throw new ProtocolError('A Completion has an unknown result kind.');
  }
}
