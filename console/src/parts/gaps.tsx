import type { RecordingDetail } from '@hush/client';
import { Table, Text, Title } from '@mantine/core';
import { clock, shortParty } from '../format.ts';
import { texts } from '../texts.ts';

export function Gaps({ recording }: { readonly recording: RecordingDetail }) {
  const rows = recording.tracks.flatMap(({ track, role, aor, gaps }) =>
    gaps.map((gap) => ({
      ...gap,
      key: `${track}/${gap.startMs}`,
      who: aor ? shortParty(aor) : role,
    })),
  );
  return (
    <section>
      <Title order={2} size="h4" mb="xs">
        {texts.recording.gaps}
      </Title>
      {rows.length === 0 ? (
        <Text c="dimmed">{texts.recording.noGaps}</Text>
      ) : (
        <Table maw={560}>
          <Table.Tbody>
            {rows.map(({ key, who, startMs, lengthMs, reason }) => (
              <Table.Tr key={key}>
                <Table.Td>{texts.reasons[reason] ?? reason}</Table.Td>
                <Table.Td ff="monospace">{clock(startMs)}</Table.Td>
                <Table.Td ff="monospace">{(lengthMs / 1000).toFixed(2)} s</Table.Td>
                <Table.Td>{who}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </section>
  );
}
