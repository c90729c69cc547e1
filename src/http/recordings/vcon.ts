import { randomUUID } from 'node:crypto';
import type { recordingSidecar } from '../../domain/recording/recording-sidecar.ts';
import type { AudioFormat } from './recording-audio.ts';

type Sidecar = ReturnType<typeof recordingSidecar>;
type Party = Sidecar['parties'][number];

const files = {
  wav: { mediatype: 'audio/x-wav', ending: 'wav' },
  opus: { mediatype: 'audio/ogg', ending: 'opus' },
  flac: { mediatype: 'audio/flac', ending: 'flac' },
} as const;
const BASE64_GROUP = 3;

/**
 * A vCon (draft-ietf-vcon-vcon-core-04), its audio inline as base64url, made while it is sent. What
 * vCon has no words for, the gap map above all, is its attachment.
 */
export async function* vconFile(
  sidecar: Sidecar,
  format: AudioFormat,
  audio: AsyncIterable<Uint8Array>,
): AsyncGenerator<string> {
  // Nobody's name can be it.
  const body = randomUUID();
  const [before = '', after = ''] = JSON.stringify(vconOf(sidecar, format, body)).split(body);
  yield before;
  let rest = Buffer.alloc(0);
  for await (const piece of audio) {
    const bytes = Buffer.concat([rest, piece]);
    const whole = bytes.length - (bytes.length % BASE64_GROUP);
    rest = bytes.subarray(whole);
    yield bytes.subarray(0, whole).toString('base64url');
  }
  yield rest.toString('base64url') + after;
}

function vconOf(sidecar: Sidecar, format: AudioFormat, body: string) {
  const { recordingId, beganAt, endedAt, lengthMs, uccName } = sidecar;
  const { mediatype, ending } = files[format];
  const parties = sidecar.parties.length > 0 ? sidecar.parties.map(partyOf) : [nobody];
  return {
    vcon: '0.4.0',
    uuid: recordingId,
    extensions: ['CC'],
    created_at: endedAt ?? beganAt,
    subject: `Call of ${uccName}`,
    parties,
    dialog: [
      {
        ...{ type: 'recording', start: beganAt, duration: lengthMs / 1000 },
        parties: ['left', 'right'].map((side) => partiesOf(sidecar, side)),
        ...{ mediatype, filename: `${recordingId}.${ending}`, application: 'Hush' },
        ...{ encoding: 'base64url', body },
      },
    ],
    attachments: [
      {
        ...{ purpose: 'hush-sidecar', start: beganAt, party: 0, dialog: 0 },
        ...{ mediatype: 'application/json', encoding: 'json', body: sidecar },
      },
    ],
  };
}

const nobody = { name: 'anonymous' };

function partyOf({ aor, name, role }: Party) {
  return {
    ...(aor.startsWith('tel:') ? { tel: aor } : { sip: aor }),
    ...(name === null ? {} : { name }),
    role: role === 'agent' ? 'agent' : 'customer',
  };
}

/** Returns the parties heard on that channel; null where none is known. */
function partiesOf({ tracks, parties }: Sidecar, side: string): number[] | null {
  const heard = tracks.flatMap(({ aor, channels }) =>
    channels.includes(side as 'left' | 'right') && aor !== null ? [aor] : [],
  );
  const known = parties.flatMap(({ aor }, index) => (heard.includes(aor) ? [index] : []));
  return known.length > 0 ? known : null;
}
