import type { Finding } from './sources.ts';
import { MAX_COLUMNS } from './tidy-rules.ts';

const fence = /^\s*(```|~~~)/;
const heading = /^#{1,6} /;
const table = /^\s*\|/;
const bullet = /^\s*(?:(?:[*+-]|\d+\.) )?/;
/** Matches a word, a link or an image: none of them can be broken. */
const unbreakable = /^(?:\S*|!?\[[^\]]*\]\([^)\s]*\)\S*)$/;

/** Finds lines of Markdown prose that are too long. Code, tables and headings do not count. */
export function proseFindings(path: string, text: string): Finding[] {
  let inCode = false;
  return text.split('\n').flatMap((line, index) => {
    if (fence.test(line)) inCode = !inCode;
    if (inCode || line.length <= MAX_COLUMNS || heading.test(line) || table.test(line)) return [];
    if (unbreakable.test(line.replace(bullet, ''))) return [];
    return [{ rule: 'prose length', path, what: `line ${index + 1}`, detail: `${line.length}` }];
  });
}

/** Finds comments of a YAML file that are too long, whatever their settings hold. */
export function yamlCommentFindings(path: string, text: string): Finding[] {
  return text.split('\n').flatMap((line, index) => {
    if (!/^\s*#/.test(line) || line.length <= MAX_COLUMNS) return [];
    return [{ rule: 'prose length', path, what: `line ${index + 1}`, detail: `${line.length}` }];
  });
}
