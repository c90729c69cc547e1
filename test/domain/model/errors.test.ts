import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { contractError, contractErrors, ErrorType } from '../../../src/domain/model/errors.ts';
import { RecordingState } from '../../../src/domain/model/recording-state.ts';
import { badAddress, httpErrors, tryAgain } from '../../../src/http/request/contract-bodies.ts';

const docs = readFileSync(new URL('../../../docs/reference/errors.md', import.meta.url), 'utf8');

/** Cells of the table rows that begin with `first`, without backquotes. */
function rowsOf(first: RegExp): string[][] {
  return docs
    .split('\n')
    .filter((line) => first.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')),
    );
}

describe('the catalogue and docs/reference/errors.md', () => {
  test('agree in both directions, in the same order', () => {
    const documented = rowsOf(/^\| `/).map(([code, type, status, text]) => [
      code,
      Number(type),
      Number(status),
      text,
    ]);
    const catalogue = Object.entries(contractErrors).map(([code, { errorType, status, text }]) => [
      code,
      errorType,
      status,
      text,
    ]);
    expect(documented).toEqual(catalogue);
  });

  test('have a remedy in every row', () => {
    for (const [code, , , , advice] of rowsOf(/^\| `/)) expect(advice, code).toMatch(/\w.*\.$/);
  });

  test('agree on the errors of HTTP', () => {
    const documented = rowsOf(/^\| \d/).map(([status, , text]) => `${status} ${text}`);
    const known = Object.entries(httpErrors).map(([status, { Message }]) => `${status} ${Message}`);
    const others = [`400 ${badAddress.Message}`, `503 ${tryAgain.Message}`];
    expect(documented.sort()).toEqual([...known, ...others].sort());
  });

  test('the types are the contract’s', () => {
    expect(ErrorType).toEqual({ Configuration: 1, Validation: 2, Processing: 3 });
  });
});

describe('contractError', () => {
  test('fills in what the text names', () => {
    expect(contractError('requesterNotMember', { sipUri: 'sip:a@b', uccName: 'x' })).toEqual({
      code: 'requesterNotMember',
      errorType: 1,
      message:
        "Requester with SipUri:'sip:a@b' is not an agent or supervisor for Ucc with name: 'x'.",
    });
    expect(contractError('cannotStart', { state: RecordingState.Uninitialized }).message).toBe(
      'Recorder state is Uninitialized, this state cannot be started',
    );
  });

  test.each(['$&', '{uccName}', "$'", '\\'])('%s stands as it came', (uccName) => {
    expect(contractError('uccUnknown', { uccName }).message).toBe(
      `Ucc name (${uccName}) was not recognized`,
    );
  });

  test('leaves out fields that are not given', () => {
    expect(contractError('uccUnknown').message).toBe('Ucc name () was not recognized');
  });
});
