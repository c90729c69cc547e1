/** Session descriptions and metadata as session border controllers of several makes send them. */
const key = Buffer.alloc(30, 7).toString('base64');
const gcmKey = Buffer.alloc(44, 9).toString('base64');

function description(...media: readonly string[]): string {
  const session = ['v=0', 'o=src 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'];
  return [...session, ...media].join('\r\n');
}

export const descriptions: readonly string[] = [
  description(
    ...['m=audio 40000 RTP/AVP 0 8 101', 'a=rtpmap:101 telephone-event/8000', 'a=label:1'],
    ...['a=sendonly', 'm=audio 40002 RTP/AVP 0', 'a=label:2', 'a=inactive'],
  ),
  description('m=audio 40000 RTP/AVP 18 0', 'a=label:007', 'c=IN IP4 0.0.0.0', 'a=ptime:20'),
  description(
    ...['m=audio 40000 RTP/SAVP 8', `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${key}|2^31`],
    ...[`a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:${key}`, 'a=rtcp-mux', 'a=label:1'],
    ...['m=audio 40002 RTP/SAVPF 9', `a=crypto:7 AEAD_AES_256_GCM inline:${gcmKey} WSH=64`],
    ...['a=rtcp:40009 IN IP4 127.0.0.1', 'a=label:2', 'a=sendonly'],
  ),
  description(
    ...['m=audio 40000/2 RTP/AVP 111 110', 'a=rtpmap:111 opus/48000/2', 'a=label:1'],
    ...['a=fmtp:111 useinbandfec=1;stereo=0', 'a=rtpmap:110 telephone-event/48000', 'a=sendonly'],
    ...['m=audio 40002 RTP/AVP 96', 'a=rtpmap:96 L16/16000', 'a=label:2', 'm=video 0 RTP/AVP 97'],
  ),
];

const namespaces = [
  'xmlns="urn:ietf:params:xml:ns:recording:1"',
  'xmlns="urn:ietf:params:xml:ns:recording"',
] as const;

const associated =
  '<participant participant_id="cA=="><nameID aor="sip:agent@domain.com"/></participant>' +
  '<stream stream_id="cw==" session_id="aGVsbG8="><label>1</label></stream>' +
  '<participantstreamassoc participant_id="cA=="><send>cw==</send></participantstreamassoc>';

export const metadata: readonly string[] = [
  `<?xml version="1.0"?><recording ${namespaces[0]}><datamode>complete</datamode>` +
    `<session session_id="aGVsbG8="/>${associated}</recording>`,
  '<?xml version="1.0"?><r:recording xmlns:r="urn:ietf:params:xml:ns:recording">' +
    '<r:dataMode>partial</r:dataMode><r:session id="aGVsbG8="><r:start-time>now</r:start-time>' +
    '</r:session><r:participant id="cA==" session="aGVsbG8="><r:aor>sip:agent@domain.com</r:aor>' +
    '</r:participant><r:stream id="cw==" session="aGVsbG8="><r:label>007</r:label>' +
    '<r:mode>mixed</r:mode></r:stream></r:recording>',
  '<recording_metadata xmlns="urn:ietf:params:xml:ns:siprec"><session><id>aGVsbG8=</id></session>' +
    '<participant><id>cA==</id><aor>tel:+31880000000</aor><send><id>cw==</id></send></participant>' +
    '<stream><id>cw==</id><label>1</label><mode>mixed</mode></stream></recording_metadata>',
  `<?xml version="1.0"?><recording ${namespaces[1]}><datamode>partial</datamode>` +
    '<session session_id="aGVsbG8="/><session session_id="d29ybGQ="/>' +
    '<sessionrecordingassoc session_id="aGVsbG8="><associate-time>2026-01-01T00:00:00Z' +
    `</associate-time></sessionrecordingassoc>${associated}<extensiondata xmlns:x="urn:x">` +
    '<x:callid>42</x:callid></extensiondata></recording>',
];
