import { FloodFold } from '../../domain/common/flood-fold.ts';
import { addressKey } from '../../domain/common/networks.ts';
import { type InviteRefusal, inviteRefusals } from '../../domain/model/invite-refusal.ts';
import type { Log } from '../../domain/ports/log.ts';
import { header, headerValues } from '../../protocols/sip/message/headers.ts';
import type { SipDropReason, SipPeer, SipRequest } from '../../protocols/sip/message/types.ts';
import { loggedCallId, withoutSecrets } from './without-secrets.ts';

export interface RefusalPorts {
  readonly log: Log;
  /** Called for each INVITE. */
  onRefused(reason: InviteRefusal): void;
  /** Called when it costs a recording: not for strangers, nor for each of a flood. */
  onRecordingLost(lost: LostRecording): void;
}

export interface CallNames {
  readonly uccName: string;
  readonly correlationId: string;
}

/** As far as the call is known. */
export interface LostRecording extends Partial<CallNames> {
  readonly detail: string;
}

export interface RefusedInvite {
  readonly request: SipRequest;
  readonly peer: SipPeer;
  readonly reason: InviteRefusal;
  readonly statusCode: number;
  readonly names?: CallNames | undefined;
}

const MAX_URI_CHARACTERS = 256;
const MINUTE_MS = 60_000;
const lines = { listedPerSource: 20, listedInAll: 200, windowMs: MINUTE_MS };
const drops = { listedPerSource: 1, listedInAll: 10, windowMs: MINUTE_MS };
const alarms = { listedPerSource: 1, listedInAll: 10, windowMs: MINUTE_MS };

/** Drops that no other line tells of. */
const loggedDrops: readonly SipDropReason[] = [
  'malformed',
  'tooLarge',
  'forbiddenAddress',
  'handshakeFailed',
  'sendFailed',
];

/** Logs each refused INVITE, and folds floods of them. */
export class RefusalLog {
  readonly #ports: RefusalPorts;
  readonly #lines: FloodFold;
  readonly #drops: FloodFold;
  readonly #alarms: FloodFold;

  constructor(ports: RefusalPorts) {
    this.#ports = ports;
    const { log } = ports;
    this.#lines = new FloodFold({
      ...lines,
      onFolded: (counts) =>
        log.info({ refusals: Object.fromEntries(counts) }, 'further INVITEs refused'),
    });
    this.#drops = new FloodFold({
      ...drops,
      onFolded: (counts) =>
        log.info({ drops: Object.fromEntries(counts) }, 'further SIP messages dropped'),
    });
    this.#alarms = new FloodFold({ ...alarms, onFolded: () => undefined });
  }

  refused(refused: RefusedInvite): void {
    const { request, peer, reason, statusCode: status, names } = refused;
    const { onRefused, onRecordingLost } = this.#ports;
    onRefused(reason);
    // `dropped` logs these.
    if (reason === 'malformed' || reason === 'tooLarge') return;
    const { address } = peer;
    const source = addressKey(address);
    if (this.#lines.lists(source, reason)) this.#log(refused);
    if (!inviteRefusals[reason].raisesAlarm || !isOfRecordingClient(request)) return;
    if (!this.#alarms.lists(source, reason)) return;
    const detail = `an INVITE of ${address} was refused with ${status} (${reason})`;
    onRecordingLost({ ...names, detail });
  }

  dropped(reason: SipDropReason, { address, transport }: SipPeer): void {
    if (!loggedDrops.includes(reason) || !this.#drops.lists(addressKey(address), reason)) return;
    this.#ports.log.info({ reason, address, transport }, 'SIP message dropped');
  }

  /** Reports what has been counted. */
  close(): void {
    for (const fold of [this.#lines, this.#drops, this.#alarms]) fold.endWindow();
  }

  #log({ request, peer, reason, statusCode: status, names }: RefusedInvite): void {
    const { address, transport } = peer;
    const uri = withoutSecrets(request.requestUri, MAX_URI_CHARACTERS);
    const sipCallId = loggedCallId(request);
    const fields = { outcome: 'refused', reason, status, uri, address, transport, sipCallId };
    this.#ports.log.info({ ...fields, ...names }, 'INVITE refused');
  }
}

/** Returns true for a client that declares its role (RFC 7866 section 6.1); scanners do not. */
function isOfRecordingClient(request: SipRequest): boolean {
  const options = [...headerValues(request, 'Require'), ...headerValues(request, 'Supported')];
  if (options.some((option) => option.toLowerCase() === 'siprec')) return true;
  if (/\+sip\.src\b/i.test(header(request, 'Contact') ?? '')) return true;
  return request.body.includes('rs-metadata') || request.body.includes('<recording');
}
