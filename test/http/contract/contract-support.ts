import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import type { Config } from '../../../src/config/schema.ts';
import { buildOffer } from '../../../src/protocols/sdp/build-session.ts';
import type { SipDialog, SipDialogHandler } from '../../../src/protocols/sip/message/types.ts';
import { buildMetadata } from '../../../src/protocols/siprec/build-metadata.ts';
import { buildMultipart } from '../../../src/protocols/siprec/multipart.ts';
import { TestCaller } from '../../support/calls.ts';
import { agent, supervisor, TestHush, ucc } from '../../support/hush/hush.ts';
import { freeRtpPorts } from '../../support/ports.ts';

export const base = '/attendantservice/api/recording';
export const set = `${base}/set`;

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Record<string, string | string[] | undefined>;
}

export interface RawRequest {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Source address; one of 127.0.0.0/8. */
  readonly from?: string;
}

/** Sends path and body exactly as given; `fetch` would normalize them. */
export function raw(api: string, path: string, options: RawRequest = {}): Promise<RawAnswer> {
  const { hostname, port } = new URL(api);
  const { method = 'GET', body, from } = options;
  const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const headers = { ...length, ...options.headers };
  const target = { host: hostname, port, path, method, headers, agent: false as const };
  return new Promise((resolve, reject) => {
    const sent = request({ ...target, ...(from ? { localAddress: from } : {}) }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
      );
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

export function postJson(api: string, path: string, body: unknown): Promise<RawAnswer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = { 'Content-Type': 'application/json' };
  return raw(api, path, { method: 'POST', headers, body: text });
}

/** Returns the state or command answer as the contract spells it, byte for byte. */
export function stateText(
  correlationId: string | null,
  states: readonly [recording: number, marking: number, saving: number],
  uccName: string | null = ucc,
): string {
  return (
    `{"CorrelationId":${JSON.stringify(correlationId)},"RecordingState":${states[0]},` +
    `"MarkingState":${states[1]},"SavingState":${states[2]},"ErrorMessage":null,` +
    `"UCCName":${JSON.stringify(uccName)}}`
  );
}

/** Returns an error answer: all three states are 0. */
export function errorText(
  correlationId: string | null,
  error: readonly [type: number, message: string],
  uccName: string | null = ucc,
): string {
  return (
    `{"CorrelationId":${JSON.stringify(correlationId)},"RecordingState":0,"MarkingState":0,` +
    `"SavingState":0,"ErrorMessage":{"ErrorType":${error[0]},"Message":${JSON.stringify(error[1])}},` +
    `"UCCName":${JSON.stringify(uccName)}}`
  );
}

const settings = { useAudioRecording: true, agentCanEditAudioRecording: true };
const members = { agents: [agent], supervisors: [supervisor] };

/** UCCs besides the demo one, each with one unusual setting. */
export const later = 'ucc-later';
export const locked = 'ucc-locked';
export const off = 'ucc-off';
export const offAndLocked = 'ucc-off-and-locked';
export const discarding = 'ucc-discarding';

const contractUccs: Config['uccs'] = [
  { name: ucc, ...settings, ...members },
  { name: later, ...settings, ...members, recordFromStart: false },
  { name: locked, ...members, useAudioRecording: true },
  { name: off, ...members, agentCanEditAudioRecording: true },
  { name: offAndLocked, ...members },
  { name: discarding, ...settings, ...members, saveRecordingByDefault: false },
];

/** A Hush with the UCCs above, and a caller. */
export class ContractBench {
  readonly hush: TestHush;
  readonly caller: TestCaller;
  readonly #dialogs: SipDialog[] = [];

  private constructor(hush: TestHush, caller: TestCaller) {
    this.hush = hush;
    this.caller = caller;
  }

  static async open(change: (config: Config) => Config = (config) => config) {
    const ports = await freeRtpPorts();
    const hush = await TestHush.start({
      config: (config) =>
        change({
          ...config,
          rtp: { ...config.rtp, ...ports },
          // A dialogue is over as soon as its call has ended.
          recording: { ...config.recording, inheritMs: 0 },
          uccs: contractUccs,
        }),
    });
    return new ContractBench(hush, await TestCaller.open());
  }

  get(path: string, options?: RawRequest): Promise<RawAnswer> {
    return raw(this.hush.api, path, options);
  }

  state(uccName: string, correlationId: string): Promise<RawAnswer> {
    return this.get(`${base}/${uccName}/${correlationId}`);
  }

  /** Posts a command; given members replace the usual ones, `undefined` leaves one out. */
  set(members: Record<string, unknown>): Promise<RawAnswer> {
    const usual = { RequesterSipUri: agent, UCCName: ucc };
    return postJson(this.hush.api, set, { ...usual, ...members });
  }

  async patch(uccName: string, change: object): Promise<void> {
    const headers = { 'Content-Type': 'application/json' };
    const path = `/api/uccs/${uccName}`;
    const answer = await this.get(path, { method: 'PATCH', headers, body: JSON.stringify(change) });
    if (answer.status !== 200) throw new Error(`PATCH ${path}: ${answer.text}`);
  }

  /** Places a live call; returns its correlation id. */
  async call(uccName: string = ucc): Promise<string> {
    const { correlationId } = await this.caller.call(this.hush, { uccName });
    return correlationId;
  }

  /**
   * Places a recording session whose audio m-lines all have port 0: a call without media so far.
   */
  async callWithoutMedia(uccName: string = ucc) {
    const correlationId = randomUUID();
    const { dialog } = await this.caller.userAgent.invite({
      peer: this.hush.peer,
      requestUri: `sip:${uccName}@127.0.0.1`,
      from: 'sip:session-recording-client@127.0.0.1',
      to: `sip:${uccName}@127.0.0.1`,
      headers: [
        { name: 'Require', value: 'siprec' },
        { name: 'X-Correlation-Id', value: correlationId },
      ],
      body: inviteBody(),
      handler,
    });
    this.#dialogs.push(dialog);
    return { correlationId, dialog };
  }

  async close(): Promise<void> {
    await Promise.all(this.#dialogs.map((dialog) => dialog.bye()));
    await this.caller.close();
    await this.hush.remove();
  }
}

/** Offers the two streams on `ports`; port 0 offers nothing. */
export function offerOf(ports: readonly [number, number], sessionVersion = 1) {
  const sdp = buildOffer({
    address: '127.0.0.1',
    sessionId: '1',
    sessionVersion,
    media: ports.map((port, index) => ({
      port,
      label: String(index + 1),
      direction: 'sendonly',
      payloads: [
        { payloadType: 0, encoding: 'PCMU', clockRate: 8000, channels: 1, fmtp: undefined },
      ],
    })),
  });
  return { contentType: 'application/sdp', content: Buffer.from(sdp) };
}

function inviteBody() {
  const metadata = buildMetadata({
    communicationSessionId: randomUUID(),
    participants: [
      { aor: agent, label: '1' },
      { aor: 'tel:+31880000000', label: '2' },
    ],
  });
  const xml = { contentType: 'application/rs-metadata+xml', disposition: 'recording-session' };
  return buildMultipart([offerOf([0, 0]), { ...xml, content: metadata }]);
}

const ignore = (): void => undefined;
const answerOk: SipDialogHandler['onInfo'] = (incoming) => incoming.reply({ statusCode: 200 });
const handler: SipDialogHandler = {
  onReinvite: answerOk,
  onUpdate: answerOk,
  onInfo: answerOk,
  onBye: ignore,
  onAckTimeout: ignore,
};
