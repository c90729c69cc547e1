/** The part of `sdp-transform` 3 that Hush uses; the package brings no types of its own. */
declare module 'sdp-transform' {
  /** The parser turns all that looks like an integer into one: `0`, a label `1`, a codec `726`. */
  export type Scalar = string | number;

  export interface Connection {
    version: Scalar;
    ip: Scalar;
  }

  export interface Rtpmap {
    payload: Scalar;
    codec: Scalar;
    rate?: Scalar;
    /** Channels, the third part of the rtpmap. */
    encoding?: Scalar;
  }

  export interface Fmtp {
    payload: Scalar;
    config: Scalar;
  }

  export interface Media {
    type: string;
    port: number;
    protocol: string;
    payloads: string;
    direction?: string;
    connection?: Connection;
    label?: Scalar;
    ptime?: Scalar;
    rtp: Rtpmap[];
    fmtp: Fmtp[];
    crypto?: { id: number; suite: string; config: string }[];
    rtcpMux?: string;
    rtcp?: { port: Scalar; netType?: string; ipVer?: number; address?: string };
  }

  export interface Session {
    version?: number;
    origin?: {
      username: string;
      sessionId: Scalar;
      sessionVersion: number;
      netType: string;
      ipVer: number;
      address: string;
    };
    name?: string;
    timing?: { start: number; stop: number };
    connection?: Connection;
    direction?: string;
    media: Media[];
  }

  export function parse(text: string): Session;
  export function write(session: Session): string;
}
