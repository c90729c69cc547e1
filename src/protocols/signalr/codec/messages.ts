/** The messages of the hub protocol specification, in no encoding. */

/** Numbers of the `type` property, section "Hub messages"; 8 and 9 came with stateful reconnect. */
export const MessageType = {
  invocation: 1,
  streamItem: 2,
  completion: 3,
  streamInvocation: 4,
  cancelInvocation: 5,
  ping: 6,
  close: 7,
  acknowledgement: 8,
  sequence: 9,
} as const;

export interface InvocationMessage {
  readonly type: typeof MessageType.invocation;
  /** Absent: non-blocking, and never answered. */
  readonly invocationId?: string;
  readonly target: string;
  readonly arguments: readonly unknown[];
  /** Streams the sender will fill with StreamItem messages. */
  readonly streamIds: readonly string[];
}

export interface StreamInvocationMessage {
  readonly type: typeof MessageType.streamInvocation;
  readonly invocationId: string;
  readonly target: string;
  readonly arguments: readonly unknown[];
  readonly streamIds: readonly string[];
}

export interface StreamItemMessage {
  readonly type: typeof MessageType.streamItem;
  readonly invocationId: string;
  readonly item: unknown;
}

/** Result xor error; a void method has neither. */
export type Outcome =
  | { readonly kind: 'error'; readonly error: string }
  | { readonly kind: 'void' }
  | { readonly kind: 'result'; readonly result: unknown };

export interface CompletionMessage {
  readonly type: typeof MessageType.completion;
  readonly invocationId: string;
  readonly outcome: Outcome;
}

export interface CancelInvocationMessage {
  readonly type: typeof MessageType.cancelInvocation;
  readonly invocationId: string;
}

export interface PingMessage {
  readonly type: typeof MessageType.ping;
}

export interface CloseMessage {
  readonly type: typeof MessageType.close;
  readonly error?: string;
  /** Tells clients with automatic reconnect to come back. */
  readonly allowReconnect?: boolean;
}

export interface AcknowledgementMessage {
  readonly type: typeof MessageType.acknowledgement;
  readonly sequenceId: number;
}

export interface SequenceMessage {
  readonly type: typeof MessageType.sequence;
  readonly sequenceId: number;
}

export type HubMessage =
  | InvocationMessage
  | StreamInvocationMessage
  | StreamItemMessage
  | CompletionMessage
  | CancelInvocationMessage
  | PingMessage
  | CloseMessage
  | AcknowledgementMessage
  | SequenceMessage;

/** Types 1 to 5 carry a sequence number and are replayed (section "Trackable messages"). */
export function isTracked(message: HubMessage): boolean {
  return message.type <= MessageType.cancelInvocation;
}
