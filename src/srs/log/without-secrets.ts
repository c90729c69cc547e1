import { header, type WithHeaders } from '../../protocols/sip/message/headers.ts';

export const MASK = '(masked)';

const MAX_CHARACTERS = 2_048;
const MAX_CALL_ID_CHARACTERS = 256;

/**
 * Masks passwords in URIs, digits dialled behind a number, bearer tokens and the parts of a digest
 * in the text of a SIP message, and shortens it. Card numbers are masked in each finished line.
 */
export function withoutSecrets(text: string, maxCharacters = MAX_CHARACTERS): string {
  return text
    .slice(0, 2 * MAX_CHARACTERS)
    .replace(/(\bsips?:[^\s:@<>"]{1,256}):[^\s@<>"]{0,256}@/gi, `$1:${MASK}@`)
    .replace(/;\s*(postd|dtmf)=[^;>\s"]*/gi, `;$1=${MASK}`)
    .replace(/\b(bearer|basic)\s+[^\s,;"]+/gi, `$1 ${MASK}`)
    .replace(/\bey[\w-]{8,}\.[\w-]+\.[\w-]*/g, MASK)
    .replace(/\b(nonce|response)="[^"]*"/gi, `$1="${MASK}"`)
    .slice(0, maxCharacters);
}

export function loggedCallId(message: WithHeaders): string {
  return (header(message, 'Call-ID') ?? '').slice(0, MAX_CALL_ID_CHARACTERS);
}
