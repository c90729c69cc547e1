import { agent } from '../../support/hush/hush.ts';
import {
  agentAndCaller,
  caller,
  metadataPart,
  multipart,
  sdp,
  sdpPart,
  type Vendor,
} from './vendor.ts';

/** Draft ids, `send` in the participant, extension data in a namespace of its own, long labels. */
const metadata = `<?xml version='1.0' encoding='UTF-8'?>
<recording xmlns='urn:ietf:params:xml:ns:recording'>
  <dataMode>complete</dataMode>
  <session id="qbazpD8PTCyadQAAAAAAAQ==">
    <associate-time>2026-01-02T03:04:05</associate-time>
    <extensiondata xmlns:apkt="http://acmepacket.com/siprec/extensiondata">
      <apkt:ucid>00FA080019001038F725B3;encoding=hex</apkt:ucid>
      <apkt:callerOrig>true</apkt:callerOrig>
    </extensiondata>
  </session>
  <participant id="srfBElmCRp2QB23b7Mpk0w==" session="qbazpD8PTCyadQAAAAAAAQ==">
    <nameID aor="${caller}"><name>Caller</name></nameID>
    <send>i1Pz3to5hGk8fuXl+PbwCw==</send>
    <associate-time>2026-01-02T03:04:05</associate-time>
    <extensiondata xmlns:apkt="http://acmepacket.com/siprec/extensiondata">
      <apkt:callingParty>true</apkt:callingParty>
      <apkt:header label="P-Asserted-Identity"><value>sip:nobody@example.com</value></apkt:header>
    </extensiondata>
  </participant>
  <participant id="zSfPoSvdSDCmU3A3TRDxAw==" session="qbazpD8PTCyadQAAAAAAAQ==">
    <nameID aor="${agent}"/>
    <send>UAAMm5GRQKSCMVvLyl4rFw==</send>
    <associate-time>2026-01-02T03:04:05</associate-time>
  </participant>
  <stream id="i1Pz3to5hGk8fuXl+PbwCw==" session="qbazpD8PTCyadQAAAAAAAQ==">
    <label>62914561</label><mode>separate</mode>
  </stream>
  <stream id="UAAMm5GRQKSCMVvLyl4rFw==" session="qbazpD8PTCyadQAAAAAAAQ==">
    <label>62914562</label><mode>separate</mode>
  </stream>
</recording>`;

const offer = sdp(
  'o=- 171 213 IN IP4 192.0.2.10\ns=-\nc=IN IP4 192.0.2.10',
  'm=audio 10000 RTP/AVP 0\na=rtpmap:0 PCMU/8000\na=sendonly\na=label:62914561',
  'm=audio 10002 RTP/AVP 0\na=rtpmap:0 PCMU/8000\na=sendonly\na=label:62914562',
);

export const oracle: Vendor = {
  ...agentAndCaller,
  name: 'Oracle',
  session: 'a9b6b3a4-3f0f-4c2c-9a75-000000000001',
  streams: [{ aor: caller }, { aor: agent }],
  ...multipart(sdpPart(offer), metadataPart(metadata)),
};
