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
 * Returns the agreement in an answer to our offer (RFC 3264 section 7), as choices of the lines in
 * use, without refused lines. Returns undefined for an unusable answer: mismatched lines, or a
 * codec, a profile or a key that was not offered.
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
    // A client that may not send has no hold of its own.
    const held = ours.direction === 'inactive' ? stream.held : choice.stream.held;
    choices.push({ ...choice, stream: { ...choice.stream, held } });
  }
  return choices;
}

/** Returns the answered line with only the offered formats, under its existing label. */
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
