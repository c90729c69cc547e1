import { describe, expect, test } from 'vitest';
import { isSameFile, lastModified, unmet } from '../../../src/http/request/conditional-requests.ts';

describe('the rules of conditional requests', () => {
  const modifiedAt = Date.parse('Sun, 06 Nov 1994 08:49:37 GMT');
  const validators = { etag: '"a"', modifiedAt };
  const date = (seconds: number): string => new Date(modifiedAt + seconds * 1000).toUTCString();

  test.each<[Record<string, string>, 412 | 304 | undefined]>([
    [{}, undefined],
    [{ 'if-none-match': '"a"' }, 304],
    [{ 'if-none-match': 'W/"a"' }, 304],
    [{ 'if-none-match': '"b", "a"' }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"b"' }, undefined],
    [{ 'if-none-match': '"b"', 'if-modified-since': date(0) }, undefined],
    [{ 'if-modified-since': date(0) }, 304],
    [{ 'if-modified-since': date(60) }, 304],
    [{ 'if-modified-since': date(-1) }, undefined],
    [{ 'if-modified-since': 'Sunday, 06-Nov-94 08:49:37 GMT' }, 304],
    [{ 'if-modified-since': 'Sun Nov  6 08:49:37 1994' }, 304],
    [{ 'if-modified-since': 'Sun Nov  6 08:49:36 1994' }, undefined],
    [{ 'if-modified-since': 'yesterday' }, undefined],
    [{ 'if-match': '"a"' }, undefined],
    [{ 'if-match': '*' }, undefined],
    [{ 'if-match': '"b", "c"' }, 412],
    [{ 'if-match': 'W/"a"' }, 412],
    [{ 'if-unmodified-since': date(0) }, undefined],
    [{ 'if-unmodified-since': date(-1) }, 412],
    [{ 'if-match': '"b"', 'if-none-match': '"a"' }, 412],
  ])('%j', (headers, status) => {
    expect(unmet(headers, validators)).toBe(status);
  });

  test.each<[Record<string, string>, boolean]>([
    [{}, true],
    [{ 'if-range': '"a"' }, true],
    [{ 'if-range': '"b"' }, false],
    [{ 'if-range': 'W/"a"' }, false],
    [{ 'if-range': date(0) }, true],
    [{ 'if-range': date(-1) }, false],
    [{ 'if-range': date(1) }, false],
    [{ 'if-range': 'nonsense' }, false],
  ])('with %j: a range is %j', (headers, isSame) => {
    expect(isSameFile(headers, validators)).toBe(isSame);
    expect(isSameFile(headers, { etag: undefined, modifiedAt: undefined })).toBe(
      headers['if-range'] === undefined,
    );
  });

  test('a date names one state: it is sent once its second is over', () => {
    expect(lastModified(undefined, 10_000)).toBeUndefined();
    expect(lastModified(9_001, 9_999)).toBeUndefined();
    expect(lastModified(9_001, 10_000)).toBe(10_000);
    expect(lastModified(9_000, 9_000)).toBe(9_000);
  });
});
