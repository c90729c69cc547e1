import type { CallStream } from '../domain/call/call.ts';
import type { SdpMedia, SdpOffer, SdpPayload } from '../protocols/sdp/types.ts';
import type { RecordingMetadata } from '../protocols/siprec/types.ts';
import { chooseLine, type MediaChoice, type MediaRules } from './offer-answer.ts';

export interface AnsweredOffer {
  /** Our own description, to which the client's is the answer. */
  readonly offered: SdpOffer;
  readonly metadata: RecordingMetadata | undefined;
  readonly rules: MediaRules;
  streamAt(index: number): CallStream | undefined;
}

/**
 * What an answer to an offer of ours agrees on (RFC 3264 section 7), as choices of the lines that
 * are in use; a line that it refuses is none of them. undefined for what cannot be used: lines
 * that do not match, a codec, a profile or a key that was not offered.
 */
export function choicesOfAnswer(
  answer: SdpOffer,
  { offered, metadata, rules, streamAt }: AnsweredOffer,
): MediaChoice[] | undefined {
  if (answer.media.length !== offered.media.length) return undefined;
  const choices: MediaChoice[] = [];
  for (const [index, ours] of offered.media.entries()) {
    const theirs = answer.media[index];
    const stream = streamAt(index);
    if (!theirs || theirs.kind !== ours.kind) return undefined;
    if (theirs.port === 0 || ours.port === 0) continue;
    const matched = matchLine(theirs, ours);
    const choice = matched && chooseLine(matched, metadata, rules);
    if (!choice || choice.stream.clockRate !== stream?.clockRate) return undefined;
    // Who may not send says nothing of a hold of its own.
    const held = ours.direction === 'inactive' ? stream.held : choice.stream.held;
    choices.push({ ...choice, stream: { ...choice.stream, held } });
  }
  return choices;
}

/** The answered line with nothing but what was offered on it, under the label that it has. */
function matchLine(theirs: SdpMedia, ours: SdpMedia): SdpMedia | undefined {
  if (theirs.protocol.toUpperCase() !== ours.protocol.toUpperCase()) return undefined;
  const isOffered = ({ encoding, clockRate, channels }: SdpPayload): boolean =>
    ours.payloads.some(
      (payload) =>
        payload.encoding === encoding &&
        payload.clockRate === clockRate &&
        payload.channels === channels,
    );
  const suites = new Set(ours.crypto.map(({ suite }) => suite));
  return {
    ...theirs,
    label: ours.label,
    payloads: theirs.payloads.filter(isOffered),
    crypto: theirs.crypto.filter(({ suite }) => suites.has(suite)),
  };
}
