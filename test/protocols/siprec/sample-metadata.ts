import { readMetadata } from '../../../src/protocols/siprec/metadata.ts';
import { participantForLabel } from '../../../src/protocols/siprec/stream-participants.ts';
import type { RecordingMetadata } from '../../../src/protocols/siprec/types.ts';

export const session = 'hVpd7YQgRW2nD22h7q60JQ==';
export const agent = 'sip:agent@domain.com';
export const caller = 'tel:+31880000000';

/** Well-formed; every test below breaks it in one way. */
export const good = `<?xml version="1.0" encoding="UTF-8"?>
<recording xmlns="urn:ietf:params:xml:ns:recording:1">
  <datamode>complete</datamode>
  <session session_id="${session}"><start-time>2026-01-02T03:04:05Z</start-time></session>
  <participant participant_id="cDE="><nameID aor="${agent}"><name>Ann</name></nameID></participant>
  <participant participant_id="cDI="><nameID aor="${caller}"/></participant>
  <stream stream_id="czE=" session_id="${session}"><label>1</label></stream>
  <stream stream_id="czI=" session_id="${session}"><label>2</label></stream>
  <participantstreamassoc participant_id="cDE="><send>czE=</send></participantstreamassoc>
  <participantstreamassoc participant_id="cDI="><send>czI=</send></participantstreamassoc>
  <extensiondata xmlns:v="urn:vendor"><v:callid>0042</v:callid></extensiondata>
</recording>`;

export function read(content: string | Buffer, charset?: string) {
  const { metadata, faults } = readMetadata(Buffer.from(content), charset);
  if (!metadata) throw new Error('nothing was read');
  return { metadata, faults };
}

export function senders(metadata: RecordingMetadata): (string | undefined)[] {
  return ['1', '2'].map((label) => participantForLabel(metadata, label)?.aor);
}
