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

/** Bodies in the shape of public reports and manuals, faults and all; the values are our own. */
const origin = 'o=- 1 1 IN IP4 192.0.2.10\ns=-\nc=IN IP4 192.0.2.10';
const line = (label: string) => `m=audio 6020 RTP/AVP 0\na=label:${label}\na=sendonly`;
const two = sdpPart(sdp(origin, line('1'), line('2')));
const guid = 'a9b6b3a4-3f0f-4c2c-9a75-000000000001';
const sessionId = 'qbazpD8PTCyadQAAAAAAAQ==';
const senders = [
  [agent, '1'],
  [caller, '2'],
] as const;
const bareAgent = agent.replace('sip:', '');

function withoutEnd({ contentType, body }: Pick<Vendor, 'contentType' | 'body'>) {
  return { contentType, body: body.replace(/\r\n--[^\r\n]*--\r\n$/, '\r\n') };
}

/** The manual's `ac:` is declared nowhere; ids are no GUIDs, addresses have no scheme. */
const legacySession = '0000-0000-0000-0000-00000000d0d71a52';
export const audiocodesAvaya: Vendor = {
  name: 'AudioCodes with Avaya',
  session: legacySession,
  parties: [agent, 'sip:1056@192.0.2.20'],
  streams: [{ aor: agent }, { aor: 'sip:1056@192.0.2.20' }],
  faults: ['namespace'],
  ...multipart(
    two,
    metadataPart(
      `<?xml version="1.0" encoding="UTF-8"?>
<recording xmlns='urn:ietf:params:xml:ns:recording'>
<datamode>complete</datamode>
<group id="00000000-0000-0000-0000-00003a36c4e3"><associate-time>2010-01-24T01:11:57Z</associate-time></group>
<session id="${legacySession}"><group-ref>00000000-0000-0000-0000-00003a36c4e3</group-ref>
<ac:AvayaUCID xmlns="urn:ietf:params:xml:ns:Avaya">FA080030C4E34B5B9E59</ac:AvayaUCID></session>
<participant id="182" session="${legacySession}"><nameID aor="${bareAgent}"></nameID>
<send>00000000-0000-0000-0000-1CF23A36C4E3</send><recv>00000000-0000-0000-0000-BF583A36C4E3</recv></participant>
<participant id="1056" session="${legacySession}"><nameID aor="1056@192.0.2.20"></nameID>
<send>00000000-0000-0000-0000-BF583A36C4E3</send></participant>
<stream id="00000000-0000-0000-0000-1CF23A36C4E3" session="${legacySession}"><label>1</label></stream>
<stream id="00000000-0000-0000-0000-BF583A36C4E3" session="${legacySession}"><label>2</label></stream>
</recording>`,
      'application/rs-metadata',
    ),
  ),
};

/** A third part for ISUP, and the closing boundary is not there. */
export const ciscoGtd: Vendor = {
  ...agentAndCaller,
  name: 'Cisco CUBE with GTD',
  session: guid,
  faults: ['truncated'],
  ...withoutEnd(
    multipart(two, metadataPart(rfcMetadata({ sessionId, senders })), {
      head: 'Content-Disposition: signal;handling=optional\nContent-Type: application/gtd',
      content: 'IAM,\nGCI,91036128574411e789f9d0ff56c3c658',
    }),
  ),
};

/** Labels in words, a name for an address, no closing boundary. */
export const sems: Vendor = {
  name: 'SEMS',
  session: guid,
  parties: [agent, 'sip:Extension-7@pbx.example'],
  streams: [{ aor: agent }, { aor: 'sip:Extension-7@pbx.example' }],
  faults: ['truncated'],
  ...withoutEnd(
    multipart(
      sdpPart(sdp(origin, line('a_leg'), line('b_leg'))),
      metadataPart(
        rfcMetadata({
          sessionId,
          senders: [
            [agent, 'a_leg'],
            ['Extension-7@pbx.example', 'b_leg'],
          ],
        }),
        'application/rs-metadata',
      ),
    ),
  ),
};

/** Ids are 16 letters in base64; call data with escaped addresses; no closing boundary. */
export const sonus: Vendor = {
  ...agentAndCaller,
  name: 'Sonus',
  session: Buffer.from('147c07c1-67d7-10').toString('hex'),
  faults: ['truncated'],
  ...withoutEnd(
    multipart(
      two,
      metadataPart(
        rfcMetadata({
          ...{ sessionId: 'MTQ3YzA3YzEtNjdkNy0xMA==', senders, prefix: 'tns' },
          namespace: 'urn:ietf:params:xml:ns:recording',
          extension:
            '<ns:callData xmlns:ns="urn:ietf:params:xml:ns:callData"><ns:fromhdr>"X" &lt;sip:1@x&gt;;tag=S</ns:fromhdr></ns:callData>',
        }),
      ),
    ),
  ),
};

/** A port in a bare address, an id that is base64 of a text cut short, one stream both ways. */
const viperSession = 'ZGI2NDQ1MzItODBmOC00ZDBhLTlhMDMtNjg2';
export const viper: Vendor = {
  name: 'Viper',
  session: viperSession,
  parties: [`${agent}:5060`],
  streams: [{ aor: `${agent}:5060` }],
  ...multipart(
    sdpPart(sdp(origin, line('1'))),
    metadataPart(
      rfcMetadata({ sessionId: viperSession, senders: [[`${bareAgent}:5060`, '1']] }),
      'application/rs-metadata',
    ),
  ),
};

/** Avaya's call id as the session's: 22 characters that are no base64 of 16 bytes. */
export const sbce: Vendor = {
  ...agentAndCaller,
  name: 'BroadWorks behind Avaya SBCE',
  session: '00FA0800705D4C5DCAAC41',
  ...multipart(two, metadataPart(rfcMetadata({ sessionId: '00FA0800705D4C5DCAAC41', senders }))),
};

/** An attribute without quotes in the maker's own sample. */
export const oracleSample: Vendor = {
  ...agentAndCaller,
  name: 'Oracle, its sample',
  session: guid,
  faults: ['malformed'],
  ...multipart(
    two,
    metadataPart(
      rfcMetadata({
        ...{ sessionId, senders },
        extension:
          '<ns:extensiondata xmlns:ns="http://acmepacket.com/siprec/extensiondata"><ns:header label=Diversion><value>x</value></ns:header></ns:extensiondata>',
      }),
    ),
  ),
};

/** The carrier's name as it is configured, `&` and all. */
export const jambonz: Vendor = {
  ...agentAndCaller,
  name: 'jambonz',
  session: guid,
  faults: ['malformed'],
  ...multipart(
    {
      head: 'Content-Disposition: session;handling=required\nContent-Type: application/sdp',
      content: two.content,
    },
    metadataPart(
      rfcMetadata({
        ...{ sessionId, senders },
        more: '<extensiondata xmlns:jb="http://jambonz.org/siprec"><jb:carrier>Smith & Sons</jb:carrier></extensiondata>',
      }),
    ),
  ),
};

/** Parameters of a mobile core in the address; no stream is said to be anybody's. */
export const opensipsIms: Vendor = {
  name: 'OpenSIPS at an IMS',
  session: guid,
  parties: [agent, 'sip:123@ims.mnc050.mcc250.3gppnetwork.org'],
  streams: [{ aor: null }, { aor: null }],
  ...multipart(
    two,
    metadataPart(
      rfcMetadata({
        sessionId,
        senders: [
          [agent, '1'],
          ['sip:123@ims.mnc050.mcc250.3gppnetwork.org;noa=international', '2'],
        ],
      }).replace(/<participantstreamassoc.*<\/participantstreamassoc>/s, ''),
    ),
  ),
};
