import type { MediaAgreement, MediaSource } from './media-agreement.ts';

/** A stream of a recording session: enough to listen again at the same port. */
export interface SessionStreamRecord {
  readonly track: number;
  /** Index of its m-line in the session's SDP. */
  readonly index: number;
  readonly port: number;
  readonly held: boolean;
  readonly suppressDtmf: boolean;
  readonly agreed: Omit<MediaAgreement, 'source' | 'srtp'> & {
    /** Absent in records of older versions. */
    readonly source?: MediaSource;
    /** Encrypted by the vault. */
    readonly srtp: string | null;
  };
}

/** A recording session in progress, with the state that another process needs to continue it. */
export interface SessionRecord {
  readonly id: string;
  readonly callId: string;
  readonly streams: readonly SessionStreamRecord[];
  /** The signalling's own state, as plain JSON: the domain does not read it. */
  readonly signalling: unknown;
}
