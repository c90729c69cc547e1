// biome-ignore-all lint/performance/noBarrelFile: the entry; bundlers drop what is unused.
export type * from './api-types.ts';
export { CallHandle } from './calls.ts';
export type {
  CommandAction,
  CommandEffect,
  ContractCall,
  ContractCommand,
  ContractState,
} from './contract.ts';
export type { EventsRequest, RecordingEvent } from './events.ts';
export type { Guard, GuardOptions } from './guard-fields.ts';
export { guardFields } from './guard-fields.ts';
export type { GuardState } from './guard-state.ts';
export { guardTexts } from './guard-state.ts';
export type { GuardedCall } from './guarded-call.ts';
export type { RecordingStateChanged, SignalR } from './hub.ts';
export type { Hush } from './hush.ts';
export { createHush } from './hush.ts';
export type { LeaseOptions } from './lease.ts';
export { Lease } from './lease.ts';
export type { AudioFormat, AudioRequest, RecordingQuery } from './recordings.ts';
export type { HushError, Result } from './result.ts';
export { HushRequestError, orThrow } from './result.ts';
export type { Asked, HushOptions, RequestOptions } from './transport.ts';
export type { Unrecorded, WithoutRecordingResult } from './without-recording.ts';
export { withoutRecording } from './without-recording.ts';
