import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

interface WideTableProps {
  readonly label: string;
  /** Width in px; in a narrower window the table scrolls sideways. */
  readonly minWidth: number;
  readonly maxWidth?: number;
  readonly children: ReactNode;
}

/** A table that scrolls by itself if it does not fit, by keyboard too. */
export function WideTable({ label, minWidth, maxWidth, children }: WideTableProps) {
  return (
    <Table.ScrollContainer
      type="native"
      minWidth={minWidth}
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <Table highlightOnHover {...(maxWidth === undefined ? {} : { maw: maxWidth })}>
        {children}
      </Table>
    </Table.ScrollContainer>
  );
}
