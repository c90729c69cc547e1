import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inviteRefusalReasons, inviteRefusals } from '../../../src/domain/model/invite-refusal.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const page = read('docs/operate/troubleshooting.md');
const [symptoms = '', table = ''] = page.split('## Reasons of refused INVITEs');
const rows = [...table.matchAll(/^\| `(\w+)` \| ([\d, ]+) \| (?:`(\w+)` )?\|/gm)].map(
  ([, reason = '', , alarm]) => ({ reason, alarm }),
);

describe('docs/operate/troubleshooting.md', () => {
  it('lists each reason of a refused INVITE, and no other', () => {
    expect(rows.map(({ reason }) => reason)).toEqual(inviteRefusalReasons);
  });

  it('says of which of them an alarm is raised', () => {
    const alarming = rows.filter(({ alarm }) => alarm === 'inviteRefused');
    const known = inviteRefusalReasons.filter((reason) => inviteRefusals[reason].raisesAlarm);
    expect(alarming.map(({ reason }) => reason)).toEqual(known);
  });

  it('names symptoms with lines of the log that the code writes', () => {
    const code = [
      ...[
        'src/srs/log/refusal-log.ts',
        'src/srs/log/session-log.ts',
        'src/assemble/store.ts',
        'src/assemble/sip.ts',
        'src/assemble/recording.ts',
      ],
      ...['src/logging/event-log.ts', 'src/logging/refused-log.ts', 'src/logging/verdict-log.ts'],
    ]
      .map(read)
      .join('\n');
    const messages = [
      ...['INVITE refused', 'INVITE accepted', 'SIP message dropped', 'further INVITEs refused'],
      ...['call began', 'call ended', 'recording session ended', 'recording judged'],
      ...['streams held by the client', 'streams resumed by the client', 'recording kept'],
      ...['recording destroyed', 'sign-in refused', 'change of a recording session refused'],
      ...['the database does not answer', 'the database answers again', 'first packet of a stream'],
      ...['SIP is spoken by TLS only', 'a recording session failed'],
    ];
    expect(messages.filter((message) => !page.includes(message))).toEqual([]);
    expect(messages.filter((message) => !code.includes(message))).toEqual([]);
    expect(symptoms.match(/^### /gm)?.length).toBeGreaterThanOrEqual(10);
  });
});
