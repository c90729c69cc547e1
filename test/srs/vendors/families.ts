import { agent } from '../../support/hush/hush.ts';
import { rfcMetadata } from './rfc-metadata.ts';
import {
  agentAndCaller,
  caller,
  metadataPart,
  multipart,
  sdp,
  sdpPart,
  type Vendor,
} from './vendor.ts';

const guid = 'a9b6b3a4-3f0f-4c2c-9a75-000000000001';
const sessionId = 'qbazpD8PTCyadQAAAAAAAQ==';
const origin = 'o=sbc 1 1 IN IP4 192.0.2.10\ns=SBC-Call\nc=IN IP4 192.0.2.10';

function line(label: string, attributes = 'a=sendonly', formats = '0 101'): string {
  return `m=audio 6020 RTP/AVP ${formats}\na=ptime:20\n${attributes}\na=label:${label}
a=rtpmap:0 PCMU/8000\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15`;
}

const two = sdp(origin, line('1'), line('2'));
const senders = [
  [agent, '1'],
  [caller, '2'],
] as const;

/** The media type of RFC 7866 without `+xml`; Genesys and Avaya ids as extensions. */
export const audiocodes: Vendor = {
  ...agentAndCaller,
  name: 'AudioCodes',
  session: guid,
  ...multipart(
    sdpPart(two),
    metadataPart(
      rfcMetadata({
        ...{ sessionId, senders },
        extension:
          '<ac:AvayaUCID xmlns:ac="urn:ietf:params:xml:ns:Avaya">FA080019001038F725B3</ac:AvayaUCID>',
      }),
      'application/rs-metadata',
    ),
  ),
};

/** Prefixed, the namespace of the drafts, call data of its own, metadata before the SDP. */
export const ribbon: Vendor = {
  ...agentAndCaller,
  name: 'Ribbon',
  session: guid,
  ...multipart(
    metadataPart(
      rfcMetadata({
        ...{ sessionId, senders, prefix: 'rs', namespace: 'urn:ietf:params:xml:ns:recording' },
        extension:
          '<ns:callData xmlns:ns="urn:example:callData"><ns:gcid>4711</ns:gcid></ns:callData>',
      }),
    ),
    sdpPart(two),
  ),
};

/** A SIP session id beside the session's own, and an AoR with a parameter. */
export const cisco: Vendor = {
  ...agentAndCaller,
  name: 'Cisco CUBE',
  session: guid,
  ...multipart(
    sdpPart(two),
    metadataPart(
      rfcMetadata({
        ...{
          sessionId,
          senders: [
            [`${agent};user=phone`, '1'],
            [caller, '2'],
          ],
        },
        extension: '<sipSessionID>ab30317f1a784dc48ff824d0d3715d86;remote=47755a9d</sipSessionID>',
      }),
    ),
  ),
};

/** A mixed line beside one for each party. */
export const avaya: Vendor = {
  name: 'Avaya',
  session: guid,
  parties: [agent, caller],
  streams: [{ aor: agent }, { aor: caller }, { aor: null, mixed: true, silent: true }],
  ...multipart(
    sdpPart(sdp(origin, line('1'), line('2'), line('mixed'))),
    metadataPart(
      rfcMetadata({
        ...{ sessionId, senders },
        more: `<stream stream_id="bWl4ZWQ=" session_id="${sessionId}"><label>mixed</label><mode>mixed</mode></stream>`,
      }),
    ),
  ),
};

/** No more than RFC 7865 asks for; on hold at first by address alone. */
export const perimeta: Vendor = {
  ...agentAndCaller,
  name: 'Metaswitch Perimeta',
  session: guid,
  ...multipart(
    sdpPart(
      sdp(
        origin.replace(/c=.*/, 'c=IN IP4 0.0.0.0'),
        line('1', 'a=ptime:20'),
        line('2', 'a=ptime:20'),
      ),
    ),
    metadataPart(rfcMetadata({ sessionId, senders })),
  ),
  release: [/c=IN IP4 0\.0\.0\.0/, 'c=IN IP4 192.0.2.10'],
};

/** Metadata as its script writes it: a bare `user@host`, a session id that is no GUID. */
export const kamailio: Vendor = {
  ...agentAndCaller,
  name: 'Kamailio with rtpengine',
  session: 'call-4711@proxy.example.com',
  ...multipart(
    metadataPart(
      rfcMetadata({
        sessionId: 'call-4711@proxy.example.com',
        senders: [
          [agent.replace('sip:', ''), '007'],
          [caller, '7'],
        ],
      }),
    ),
    sdpPart(sdp(origin, line('007', 'a=inactive'), line('7', 'a=inactive'))),
  ),
  release: [/a=inactive/g, 'a=sendonly'],
};

/** The first of several sessions counts: the call, and then the one it was transferred from. */
export const opensips: Vendor = {
  ...agentAndCaller,
  name: 'OpenSIPS',
  session: guid,
  ...multipart(
    sdpPart(two),
    metadataPart(
      rfcMetadata({
        ...{ sessionId, senders },
        more: `<session session_id="hVpd7YQgRW2nD22h7q60JQ=="><sipSessionID>other@192.0.2.1</sipSessionID></session>`,
      }),
    ),
  ),
};

/** One line that two participants send. */
export const freeswitch: Vendor = {
  name: 'FreeSWITCH',
  session: guid,
  parties: [agent, caller],
  streams: [{ aor: null, mixed: true }],
  ...multipart(
    sdpPart(sdp(origin, line('1'))),
    metadataPart(
      rfcMetadata({
        sessionId,
        senders: [
          [agent, '1'],
          [caller, '1'],
        ],
      }),
    ),
  ),
};

/** The oldest draft: another root, ids in children, `mode` mixed, a parameter, a final NUL. */
export const broadworks: Vendor = {
  name: 'BroadWorks',
  session: guid,
  parties: [agent, caller],
  streams: [{ aor: null, mixed: true }],
  ...multipart(
    {
      head: 'Content-Type:application/rs-metadata+xml\nContent-Disposition:recording-session',
      content: `<?xml version="1.0" encoding="UTF-8"?><recording_metadata xmlns="urn:ietf:params:xml:ns:siprec"><dataMode>complete</dataMode><recording id="urn:uuid:5effa7c7-99d3-43a2-9bcb-390daa2017ec"><requestor>SRC</requestor><type>selective</type></recording><group><id>urn:uuid:1</id><initiator>${agent}</initiator></group><session><id>urn:uuid:${guid}</id></session><participant><id>urn:uuid:2</id><aor>${agent};user=phone</aor><send><id>urn:uuid:4</id></send></participant><participant><id>urn:uuid:3</id><aor>${caller}</aor><send><id>urn:uuid:4</id></send></participant><stream><id>urn:uuid:4</id><session>urn:uuid:${guid}</session><label>1</label><mode>mixed</mode></stream></recording_metadata>\0`,
    },
    sdpPart(sdp(origin, line('1'))),
  ),
};
