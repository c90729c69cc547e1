export const address = '10.77.0.1';
export const toneHz = 440;
export const callSeconds = 4;

export interface BaresipCall {
  readonly codec: 'PCMU/8000/1' | 'G722/16000/1' | 'opus/48000/2';
  readonly encryption: 'srtp-mand';
  readonly transport: 'udp' | 'tls';
}

/** What came of a call. */
export interface Heard {
  readonly file: string;
  readonly codec: string;
  readonly packets: Readonly<Record<string, number>>;
  readonly lengthMs: number;
}
