import type { Codec } from './codec.ts';
import { ProtocolError } from './errors.ts';
import {
  listField,
  optionalTextField,
  sequenceField,
  streamIdsField,
  textField,
} from './fields.ts';
import { type CompletionMessage, type HubMessage, MessageType, type Outcome } from './messages.ts';

const SEPARATOR = '\x1e';

type Fields = Readonly<Record<string, unknown>>;

/** Hub protocol specification, section "JSON encoding". Headers are accepted and ignored. */
export const jsonCodec: Codec = {
  name: 'json',
  binary: false,
  framing: 'separator',
  encode: (message) => Buffer.from(JSON.stringify(toFields(message)) + SEPARATOR),
  decode: (record) => fromFields(parseObject(record)),
};

/** Parses a record as a JSON object, or throws ProtocolError. The handshake uses it too. */
export function parseObject(record: Buffer): Fields {
  let value: unknown;
  try {
    value = JSON.parse(record.toString('utf8'));
  } catch {
    throw new ProtocolError('A message is not valid JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProtocolError('A message is not a JSON object.');
  }
  return value as Fields;
}

function toFields(message: HubMessage): object {
  switch (message.type) {
    case MessageType.invocation:
    case MessageType.streamInvocation: {
      const { streamIds, ...rest } = message;
      return streamIds.length === 0 ? rest : message;
    }
    case MessageType.streamItem:
      // A missing item would be a missing field, and JSON has no undefined.
      return message.item === undefined ? { ...message, item: null } : message;
    case MessageType.completion: {
      const { type, invocationId, outcome } = message;
      return { type, invocationId, ...outcomeFields(outcome) };
    }
    default:
      return message;
  }
}

function outcomeFields(outcome: Outcome): object {
  switch (outcome.kind) {
    case 'error':
      return { error: outcome.error };
    case 'result':
      return { result: outcome.result };
    case 'void':
      return {};
  }
}

function fromFields(fields: Fields): HubMessage | undefined {
  const { type } = fields;
  if (typeof type !== 'number') throw new ProtocolError("A message has no 'type'.");
  switch (type) {
    case MessageType.invocation: {
      const invocationId = optionalTextField(fields.invocationId, 'invocationId');
      const call = callFields(fields);
      return invocationId === undefined ? { type, ...call } : { type, invocationId, ...call };
    }
    case MessageType.streamInvocation:
      return { type, invocationId: idField(fields), ...callFields(fields) };
    case MessageType.streamItem:
      return { type, invocationId: idField(fields), item: fields.item };
    case MessageType.completion:
      return completion(fields);
    case MessageType.cancelInvocation:
      return { type, invocationId: idField(fields) };
    case MessageType.ping:
      return { type };
    case MessageType.close: {
      const error = optionalTextField(fields.error, 'error');
      return error === undefined ? { type } : { type, error };
    }
    case MessageType.acknowledgement:
    case MessageType.sequence:
      return { type, sequenceId: sequenceField(fields.sequenceId) };
    default:
      return undefined;
  }
}

function idField(fields: Fields): string {
  return textField(fields.invocationId, 'invocationId');
}

function callFields(fields: Fields) {
  return {
    target: textField(fields.target, 'target'),
    arguments: listField(fields.arguments, 'arguments'),
    streamIds: streamIdsField(fields.streamIds),
  };
}

function completion(fields: Fields): CompletionMessage {
  const invocationId = idField(fields);
  const error = optionalTextField(fields.error, 'error');
  const hasResult = 'result' in fields;
  if (error !== undefined && hasResult) {
    throw new ProtocolError("A Completion has both 'error' and 'result'.");
  }
  return { type: MessageType.completion, invocationId, outcome: outcomeOf(error, fields) };
}

function outcomeOf(error: string | undefined, fields: Fields): Outcome {
  if (error !== undefined) return { kind: 'error', error };
  return 'result' in fields ? { kind: 'result', result: fields.result } : { kind: 'void' };
}
