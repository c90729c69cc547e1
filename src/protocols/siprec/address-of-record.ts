/**
 * The address of record in what a client wrote for one. Some write `user@host` without a scheme,
 * some leave a parameter of the request behind it (`;user=phone`), which no address of record has
 * (RFC 3261 section 10.3, step 5). A `tel:` URI stays as it is: its parameters are part of the
 * number.
 */
export function addressOfRecord(written: string): string {
  const text = written.trim();
  if (/^sips?:/i.test(text)) return text.replace(/(@[^;?]*)[;?].*$/s, '$1');
  return /^[^\s:@;<>"]+@[^\s:@;<>"]+$/.test(text) ? `sip:${text}` : text;
}
