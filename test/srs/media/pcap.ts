import { buildRtp } from '../../../src/protocols/rtp/packet.ts';
import { markerFrame } from '../../../src/simulator/marker-audio.ts';

const FRAME_MS = 20;
const FRAME_SAMPLES = 160;
const ETHERNET_BYTES = 14;
const IP_BYTES = 20;
const UDP_BYTES = 8;
const LOCALHOST = Buffer.from([127, 0, 0, 1]);

/**
 * A capture of two RTP streams that run side by side, to ports N and N + 2: sipp plays it to the
 * port of the first m-line and keeps the distance (draft-ietf-opsawg-pcap: magic, version 2.4,
 * Ethernet).
 */
export function twoStreamCapture(framesPerStream: number): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20);
  const records: Buffer[] = [header];
  for (let frame = 0; frame < framesPerStream; frame += 1) {
    for (const stream of [0, 1]) {
      const fields = { payloadType: 0, sequence: frame, timestamp: frame * FRAME_SAMPLES };
      const rtp = buildRtp({ ...fields, ssrc: stream + 1 }, markerFrame(stream + 1, frame));
      records.push(record(frame * FRAME_MS, datagram(9000 + 2 * stream, rtp)));
    }
  }
  return Buffer.concat(records);
}

function record(atMs: number, packet: Buffer): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(Math.floor(atMs / 1000), 0);
  header.writeUInt32LE((atMs % 1000) * 1000, 4);
  header.writeUInt32LE(packet.length, 8);
  header.writeUInt32LE(packet.length, 12);
  return Buffer.concat([header, packet]);
}

function datagram(port: number, payload: Buffer): Buffer {
  const packet = Buffer.alloc(ETHERNET_BYTES + IP_BYTES + UDP_BYTES);
  packet.writeUInt16BE(0x0800, 12);
  packet[ETHERNET_BYTES] = 0x45;
  packet.writeUInt16BE(IP_BYTES + UDP_BYTES + payload.length, ETHERNET_BYTES + 2);
  packet[ETHERNET_BYTES + 8] = 64;
  packet[ETHERNET_BYTES + 9] = 17;
  LOCALHOST.copy(packet, ETHERNET_BYTES + 12);
  LOCALHOST.copy(packet, ETHERNET_BYTES + 16);
  packet.writeUInt16BE(port, ETHERNET_BYTES + IP_BYTES);
  packet.writeUInt16BE(port, ETHERNET_BYTES + IP_BYTES + 2);
  packet.writeUInt16BE(UDP_BYTES + payload.length, ETHERNET_BYTES + IP_BYTES + 4);
  return Buffer.concat([packet, payload]);
}
