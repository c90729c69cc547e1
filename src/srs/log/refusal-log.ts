import { FloodFold } from '../../domain/common/flood-fold.ts';
import { addressKey } from '../../domain/common/networks.ts';
import { type InviteRefusal, inviteRefusals } from '../../domain/model/invite-refusal.ts';
import type { Log } from '../../domain/ports/log.ts';
import { header, headerValues } from '../../protocols/sip/message/headers.ts';
import type { SipDropReason, SipPeer, SipRequest } from '../../protocols/sip/message/types.ts';
import { withoutSecrets } from './without-secrets.ts';

export interface RefusalPorts {
  readonly log: Log;
  /** Each of them. */
  onRefused(reason: InviteRefusal): void;
  /** A recording is missing because of it. Not of strangers, and not of each of a flood. */
  onRecordingLost(detail: string): void;
}

export interface RefusedInvite {
  readonly request: SipRequest;
  readonly peer: SipPeer;
  readonly reason: InviteRefusal;
  readonly statusCode: number;
}

const MINUTE_MS = 60_000;
const lines = { listedPerSource: 20, listedInAll: 200, windowMs: MINUTE_MS };
const drops = { listedPerSource: 1, listedInAll: 10, windowMs: MINUTE_MS };
const alarms = { listedPerSource: 1, listedInAll: 10, windowMs: MINUTE_MS };

/** What nobody answers, or what is no message at all, has no line of its own but this. */
const told: readonly SipDropReason[] = [
  ...(['malformed', 'tooLarge', 'forbiddenAddress', 'handshakeFailed', 'sendFailed'] as const),
];

/** Tells of each INVITE that was refused, and of no flood of them line by line. */
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

  refused({ request, peer, reason, statusCode: status }: RefusedInvite): void {
    const { onRefused, onRecordingLost, log } = this.#ports;
    onRefused(reason);
    // They are told of as messages that were dropped.
    if (reason === 'malformed' || reason === 'tooLarge') return;
    const { address, transport } = peer;
    const source = addressKey(address);
    if (this.#lines.lists(source, reason)) {
      const sipCallId = header(request, 'Call-ID');
      const uri = withoutSecrets(request.requestUri);
      const invite = { reason, status, uri, address, transport, sipCallId };
      log.info({ outcome: 'refused', ...invite }, 'INVITE refused');
    }
    if (!inviteRefusals[reason].raisesAlarm || !isOfRecordingClient(request)) return;
    if (!this.#alarms.lists(source, reason)) return;
    onRecordingLost(`an INVITE of ${address} was refused with ${status} (${reason})`);
  }

  dropped(reason: SipDropReason, { address, transport }: SipPeer): void {
    if (!told.includes(reason) || !this.#drops.lists(addressKey(address), reason)) return;
    this.#ports.log.info({ reason, address, transport }, 'SIP message dropped');
  }

  /** Tells of what has been counted. */
  close(): void {
    for (const fold of [this.#lines, this.#drops, this.#alarms]) fold.endWindow();
  }
}

/** Whether it says what it is (RFC 7866 section 6.1). Scanners call as telephones do. */
function isOfRecordingClient(request: SipRequest): boolean {
  const options = [...headerValues(request, 'Require'), ...headerValues(request, 'Supported')];
  if (options.some((option) => option.toLowerCase() === 'siprec')) return true;
  if (/\+sip\.src\b/i.test(header(request, 'Contact') ?? '')) return true;
  return request.body.includes('rs-metadata') || request.body.includes('<recording');
}
