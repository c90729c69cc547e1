export interface RfcMetadata {
  readonly prefix?: string;
  readonly namespace?: string;
  /** Stands inside the session. */
  readonly extension?: string;
  /** AoR, and the label that it sends. */
  readonly senders: readonly (readonly [aor: string, label: string])[];
  readonly sessionId: string;
  /** Stands beside the streams. */
  readonly more?: string;
}

/** Metadata in the layout of RFC 7865 section 9, as most families write it. */
export function rfcMetadata(options: RfcMetadata): string {
  const { sessionId, senders, extension = '', more = '' } = options;
  const namespace = options.namespace ?? 'urn:ietf:params:xml:ns:recording:1';
  const labels = [...new Set(senders.map(([, label]) => label))];
  const ids = senders.map(([aor], index) => ({ aor, id: `cGFydGljaXBhbnQtMDAwM${index}==` }));
  const streamOf = (label: string): string => `c3RyZWFtLTAwMDAwMDAw${labels.indexOf(label)}A==`;
  const text = `<recording XMLNS>
  <datamode>complete</datamode>
  <session session_id="${sessionId}"><start-time>2026-01-02T03:04:05Z</start-time>
    ${extension}
  </session>
${ids
  .map(
    ({ aor, id }) => `  <participant participant_id="${id}"><nameID aor="${aor}"/></participant>`,
  )
  .join('\n')}
${labels
  .map(
    (label) =>
      `  <stream stream_id="${streamOf(label)}" session_id="${sessionId}"><label>${label}</label></stream>`,
  )
  .join('\n')}
  ${more}
  <sessionrecordingassoc session_id="${sessionId}"/>
${senders
  .map(
    ([, label], index) =>
      `  <participantstreamassoc participant_id="${ids[index]?.id}"><send>${streamOf(label)}</send></participantstreamassoc>`,
  )
  .join('\n')}
</recording>`;
  const { prefix } = options;
  if (prefix === undefined)
    return `<?xml version="1.0"?>\n${text.replace('XMLNS', `xmlns="${namespace}"`)}`;
  const prefixed = text.replace(/<(\/?)(?=[a-zA-Z]+[ />])(?!\/?ns:)/g, `<$1${prefix}:`);
  return `<?xml version="1.0"?>\n${prefixed.replace('XMLNS', `xmlns:${prefix}="${namespace}"`)}`;
}
