export const MASK = '(masked)';

/** What a log holds of one client's text. */
const MAX_CHARACTERS = 2_048;

/**
 * Text of a SIP message as the log may hold it: without passwords in URIs, digits that are dialled
 * behind a number, bearer tokens and what a digest is made of. Card numbers are left out of every
 * line as it is written.
 */
export function withoutSecrets(text: string): string {
  return text
    .slice(0, MAX_CHARACTERS)
    .replace(/(\bsips?:[^\s:@<>"]{1,256}):[^\s@<>"]{0,256}@/gi, `$1:${MASK}@`)
    .replace(/;\s*(postd|dtmf)=[^;>\s"]*/gi, `;$1=${MASK}`)
    .replace(/\b(bearer|basic)\s+[^\s,;"]+/gi, `$1 ${MASK}`)
    .replace(/\bey[\w-]{8,}\.[\w-]+\.[\w-]*/g, MASK)
    .replace(/\b(nonce|response)="[^"]*"/gi, `$1="${MASK}"`);
}
