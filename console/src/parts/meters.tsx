import { Group } from '@mantine/core';
import { shortParty } from '../format.ts';
import { texts } from '../texts.ts';
import { type TrackLevels, useLevels } from '../use-levels.ts';

/** Quieter levels are drawn as silence, dB below full scale. */
const FLOOR_DBFS = -60;

/** Shows the level of each party in the recorded audio: flat while nothing is recorded. */
export function Meters({ id, width = 48 }: { readonly id: string; readonly width?: number }) {
  const levels = useLevels(id);
  return (
    <Group gap={4} wrap="nowrap" miw={width * 2 + 4}>
      {levels?.map((level) => (
        <Meter key={level.track} level={level} width={width} />
      ))}
    </Group>
  );
}

interface MeterProps {
  readonly level: TrackLevels[number];
  readonly width: number;
}

function Meter({ level: { aor, role, dbfs }, width }: MeterProps) {
  const share = dbfs === null ? 0 : Math.max(0, 1 - dbfs / FLOOR_DBFS);
  const who = aor ? shortParty(aor) : texts.roles[role];
  return (
    // biome-ignore lint/a11y/useSemanticElements: browsers give <meter> colours of their own.
    <div
      role="meter"
      aria-label={`${texts.live.level} ${who}`}
      aria-valuemin={FLOOR_DBFS}
      aria-valuemax={0}
      aria-valuenow={Math.max(FLOOR_DBFS, dbfs ?? FLOOR_DBFS)}
      aria-valuetext={dbfs === null ? texts.live.notRecorded : `${dbfs} dB`}
      title={`${who}: ${dbfs === null ? texts.live.notRecorded : `${dbfs} dB`}`}
      style={{
        width,
        height: 8,
        overflow: 'hidden',
        borderWidth: 1,
        borderColor: 'var(--mantine-color-dimmed)',
        borderStyle: dbfs === null ? 'dashed' : 'solid',
      }}
    >
      <div
        style={{
          height: '100%',
          width: `${share * 100}%`,
          transition: 'width 300ms linear',
          background: 'var(--mantine-primary-color-filled)',
        }}
      />
    </div>
  );
}
