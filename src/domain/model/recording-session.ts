import type { MediaAgreement, MediaSource } from './media-agreement.ts';

/** A stream of a recording session: enough to listen again where it listened. */
export interface SessionStreamRecord {
  readonly track: number;
  /** Which m-line of the session's SDP it is. */
  readonly index: number;
  readonly port: number;
  readonly held: boolean;
  readonly suppressDtmf: boolean;
  readonly agreed: Omit<MediaAgreement, 'source' | 'srtp'> & {
    /** Absent in what older versions saved. */
    readonly source?: MediaSource;
    /** In the vault's words. */
    readonly srtp: string | null;
  };
}

/** A recording session in progress, as another process needs it to go on with it. */
export interface SessionRecord {
  readonly id: string;
  readonly callId: string;
  readonly streams: readonly SessionStreamRecord[];
  /** The signalling's own state, as plain JSON: the domain does not read it. */
  readonly signalling: unknown;
}
