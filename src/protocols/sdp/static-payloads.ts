interface StaticPayload {
  readonly encoding: string;
  readonly clockRate: number;
  readonly channels: number;
}

/** RFC 3551 table 4: audio types that need no rtpmap line. */
const staticPayloads = new Map<number, StaticPayload>([
  [0, { encoding: 'PCMU', clockRate: 8000, channels: 1 }],
  [3, { encoding: 'GSM', clockRate: 8000, channels: 1 }],
  [4, { encoding: 'G723', clockRate: 8000, channels: 1 }],
  [8, { encoding: 'PCMA', clockRate: 8000, channels: 1 }],
  [9, { encoding: 'G722', clockRate: 8000, channels: 1 }],
  [10, { encoding: 'L16', clockRate: 44100, channels: 2 }],
  [11, { encoding: 'L16', clockRate: 44100, channels: 1 }],
  [13, { encoding: 'CN', clockRate: 8000, channels: 1 }],
  [15, { encoding: 'G728', clockRate: 8000, channels: 1 }],
  [18, { encoding: 'G729', clockRate: 8000, channels: 1 }],
]);

export function staticPayload(payloadType: number): StaticPayload | undefined {
  return staticPayloads.get(payloadType);
}
