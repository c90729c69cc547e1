import type { Result } from '@hush/client';
import { Button, Group, Stack, Table, Text, Title, VisuallyHidden } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { texts } from '../texts.ts';
import type { Asked } from '../use-query.ts';
import { DialogForm } from './dialog-form.tsx';
import { Empty, Failed } from './notes.tsx';
import { WideTable } from './wide-table.tsx';

interface ListingProps {
  readonly title: string;
  readonly hint: string;
  readonly asked: Pick<Asked<unknown>, 'error' | 'value' | 'again'>;
  readonly columns: readonly string[];
  readonly rows: readonly {
    readonly key: string;
    readonly cells: readonly ReactNode[];
    readonly actions: ReactNode;
  }[];
  readonly add: (() => void) | undefined;
}

/** A table of items with their actions, and a button to add one. */
export function Listing({ title, hint, asked, columns, rows, add }: ListingProps) {
  return (
    <section>
      <Stack gap="xs">
        <Group justify="space-between">
          <Title order={2} size="h4">
            {title}
          </Title>
          {add && asked.value !== undefined && (
            <Button size="xs" variant="default" onClick={add}>
              {texts.people.add}
            </Button>
          )}
        </Group>
        {asked.error?.kind === 'http' && asked.error.status === 404 ? (
          <Text c="dimmed">{asked.error.message}</Text>
        ) : (
          asked.error && <Failed error={asked.error} again={asked.again} />
        )}
        {asked.value !== undefined && rows.length === 0 && (
          <Empty title={texts.people.none} hint={hint} />
        )}
        {rows.length > 0 && (
          <WideTable label={title} minWidth={520}>
            <Table.Thead>
              <Table.Tr>
                {columns.map((column) => (
                  <Table.Th key={column}>{column}</Table.Th>
                ))}
                <Table.Th>
                  <VisuallyHidden>{texts.live.actions}</VisuallyHidden>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map(({ key, cells, actions }) => (
                <Table.Tr key={key}>
                  {columns.map((column, index) => (
                    <Table.Td key={column} style={{ overflowWrap: 'break-word' }}>
                      {cells[index]}
                    </Table.Td>
                  ))}
                  <Table.Td>
                    <Group gap={4} justify="end" wrap="nowrap">
                      {actions}
                    </Group>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </WideTable>
        )}
      </Stack>
    </section>
  );
}

interface RowButtonProps {
  readonly children: ReactNode;
  onClick(): void;
}

export function RowButton({ children, onClick }: RowButtonProps) {
  return (
    <Button size="compact-sm" variant="default" onClick={onClick}>
      {children}
    </Button>
  );
}

interface RemoveButtonProps {
  readonly what: string;
  remove(): Promise<Result<unknown>>;
  done(): void;
}

/** Asks for confirmation before it removes. */
export function RemoveButton({ what, remove, done }: RemoveButtonProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <RowButton onClick={() => setOpen(true)}>{texts.people.remove}</RowButton>
      <DialogForm
        title={`${texts.people.remove}: ${what}?`}
        action={texts.people.remove}
        isGrave
        isOpen={isOpen}
        close={() => setOpen(false)}
        run={async () => {
          const result = await remove();
          if (!result.ok) return result.error.message;
          setOpen(false);
          done();
          return undefined;
        }}
      />
    </>
  );
}
