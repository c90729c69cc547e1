const comment = /\/\*(?:[^*]|\*(?!\/))*\*\//;
const quote = /"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'/;
/** A bare word is a value, or the name of a property. */
const token = new RegExp(
  `\\s*(?:${comment.source}|(${quote.source})|([{}[\\]:,])|([\\w$.+-]+))\\s*`,
  'y',
);
const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/**
 * Parses JSON as Json.NET does for the original: names and texts in single quotes, names without
 * any, comments, a comma after a list's last item. @throws SyntaxError for anything it rejects
 */
export function parseLenient(text: string): unknown {
  const tokens: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const [match, quoted, mark, word] = token.exec(text) ?? [];
    if (match === undefined) throw new SyntaxError('no token');
    if (quoted !== undefined) tokens.push(JSON.stringify(unquoted(quoted)));
    else if (word !== undefined) tokens.push(word);
    else if (mark !== undefined) {
      if (/[\]}]/.test(mark) && /^,[^[{,]/.test(`${tokens.at(-1)}${tokens.at(-2)}`)) tokens.pop();
      const last = tokens.at(-1) ?? '';
      if (mark === ':' && /^[A-Za-z_$]/.test(last)) tokens.push(JSON.stringify(tokens.pop()));
      tokens.push(mark);
    }
  }
  return JSON.parse(tokens.join(' '));
}

function unquoted(quoted: string): string {
  return quoted
    .slice(1, -1)
    .replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g, (_, code?: string, one = '') =>
      code === undefined ? (escapes[one] ?? one) : String.fromCharCode(Number.parseInt(code, 16)),
    );
}
