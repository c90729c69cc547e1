import type { RecordingPeaks } from '@hush/client';
import { ActionIcon, Box, Button, Group, SegmentedControl, Text } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import WaveSurfer from 'wavesurfer.js';
import Regions from 'wavesurfer.js/dist/plugins/regions.esm.js';
import { clock } from '../format.ts';
import { texts } from '../texts.ts';

export interface Selection {
  readonly startMs: number;
  readonly endMs: number;
}

interface PlayerProps {
  readonly peaks: RecordingPeaks;
  /** URL of the WAV, which is fetched in ranges during playback. */
  readonly url: string;
  readonly startAt: number;
  /** Positions of marks, ms. */
  readonly marks: readonly number[];
  onSelect: ((selection: Selection | undefined) => void) | undefined;
  /** Called when playback cannot continue: the URL has expired, or the audio was erased. */
  onBroken(seconds: number): void;
}

const HEIGHT = 64;
/** Share of the recording: a narrower gap has no room for a label. */
const LEAST_LABELLED_SHARE = 0.08;
const speeds = ['1', '1.5', '2'];

/** Two wave forms, left and right, with gaps drawn over them. */
export function Player({ peaks, url, startAt, marks, onSelect, onBroken }: PlayerProps) {
  const box = useRef<HTMLDivElement>(null);
  const surfer = useRef<WaveSurfer>(undefined);
  const [isPlaying, setPlaying] = useState(false);
  const [at, setAt] = useState(startAt);
  const [told, setTold] = useState('');
  const lengthS = peaks.lengthMs / 1000;

  useEffect(() => {
    if (!box.current) return undefined;
    const regions = Regions.create();
    const media = new Audio();
    media.preload = 'none';
    media.src = url;
    const wave = WaveSurfer.create({
      container: box.current,
      media,
      duration: lengthS,
      peaks: peaks.channels.map(waveOf),
      normalize: true,
      height: HEIGHT,
      barWidth: 2,
      barGap: 1,
      cursorWidth: 2,
      dragToSeek: false,
      splitChannels: [
        { waveColor: '#0b7285', progressColor: '#084c58' },
        { waveColor: '#868e96', progressColor: '#495057' },
      ],
      plugins: [regions],
    });
    surfer.current = wave;
    const drawGaps = (): void => {
      for (const [index, { gaps }] of peaks.channels.entries()) {
        for (const { startMs, lengthMs, reason } of gaps) {
          regions.addRegion({
            start: startMs / 1000,
            end: (startMs + lengthMs) / 1000,
            channelIdx: index,
            drag: false,
            resize: false,
            color: gapColors[reason] ?? 'rgba(134,142,150,0.3)',
            content: gapLabel(reason, lengthMs, lengthMs / peaks.lengthMs),
          });
        }
      }
      for (const mark of marks) {
        regions.addRegion({ start: mark / 1000, color: '#e8590c', drag: false, resize: false });
      }
      if (startAt > 0) wave.setTime(startAt);
    };
    wave.on('ready', drawGaps);
    wave.on('play', () => setPlaying(true));
    wave.on('pause', () => setPlaying(false));
    wave.on('timeupdate', setAt);
    wave.on('error', () => onBroken(wave.getCurrentTime()));
    let chosen: { id: string; remove(): void } | undefined;
    const endSelection = onSelect
      ? regions.enableDragSelection({ color: 'rgba(224,49,49,0.25)' })
      : undefined;
    regions.on('region-created', (region) => {
      // A mark has no length, and a gap cannot be dragged.
      if (!region.drag || region.end - region.start < 0.05) return;
      chosen?.remove();
      chosen = region;
      onSelect?.(selectionOf(region));
    });
    regions.on('region-updated', (region) => onSelect?.(selectionOf(region)));
    return () => {
      endSelection?.();
      wave.destroy();
    };
  }, [peaks, url, lengthS, startAt, marks, onSelect, onBroken]);

  return (
    <Box>
      <div
        ref={box}
        data-testid="wave"
        style={{ border: '1px solid var(--mantine-color-default-border)' }}
      />
      <Group mt="xs" justify="space-between">
        <Group gap="sm">
          <Button onClick={() => void surfer.current?.playPause()} miw={110}>
            {isPlaying ? texts.recording.pause : texts.recording.play}
          </Button>
          <Text ff="monospace" aria-live="off" data-testid="time">
            {clock(at * 1000)} / {clock(peaks.lengthMs)}
          </Text>
          {marks.map((mark) => (
            <ActionIcon
              key={mark}
              variant="default"
              w="auto"
              px="xs"
              onClick={() => surfer.current?.setTime(mark / 1000)}
              aria-label={`${texts.actions.Mark} ${clock(mark)}`}
            >
              ⚑ {clock(mark)}
            </ActionIcon>
          ))}
        </Group>
        <Group gap="sm">
          <SegmentedControl
            aria-label={texts.recording.speed}
            data={speeds.map((speed) => ({ value: speed, label: `${speed}×` }))}
            onChange={(speed) => surfer.current?.setPlaybackRate(Number(speed), true)}
          />
          <Button
            variant="default"
            onClick={() => {
              void copyLink(at).then(setTold);
            }}
          >
            {texts.recording.link}
          </Button>
        </Group>
      </Group>
      <Text role="status" size="sm" c="dimmed" ta="right" mih={20}>
        {told}
      </Text>
    </Box>
  );
}

/**
 * Copies the link to the address bar, and to the clipboard if the browser offers one (needs HTTPS).
 */
async function copyLink(seconds: number): Promise<string> {
  const [path = ''] = location.hash.split('?');
  history.replaceState(null, '', `${path}?t=${seconds.toFixed(1)}`);
  try {
    await navigator.clipboard.writeText(location.href);
    return texts.recording.copied;
  } catch {
    return texts.recording.inAddressBar;
  }
}

/** Gaps that somebody caused differ in colour from losses. */
const gapColors: Record<string, string> = {
  api: 'rgba(217,72,15,0.35)',
  lease: 'rgba(217,72,15,0.35)',
  stop: 'rgba(217,72,15,0.2)',
  hold: 'rgba(25,113,194,0.3)',
  erased: 'rgba(0,0,0,0.55)',
};

/** Shows a gap's reason and length; a narrow gap shows them on hover. */
function gapLabel(reason: string, lengthMs: number, share: number): HTMLElement {
  const label = document.createElement('span');
  const words = `${texts.reasons[reason] ?? reason} ${(lengthMs / 1000).toFixed(1)} s`;
  label.title = words;
  label.dataset.gap = reason;
  Object.assign(label.style, { display: 'block', height: '100%', font: '11px system-ui' });
  if (share < LEAST_LABELLED_SHARE) return label;
  const chip = document.createElement('span');
  chip.textContent = words;
  // Readable on any colour of the gap and the page.
  Object.assign(chip.style, {
    padding: '1px 4px',
    whiteSpace: 'nowrap',
    background: 'var(--mantine-color-body)',
    color: 'var(--mantine-color-text)',
  });
  label.append(chip);
  return label;
}

function waveOf({ min, max }: RecordingPeaks['channels'][number]): number[] {
  return max.flatMap((high, index) => [high / 128, (min[index] ?? 0) / 128]);
}

function selectionOf({ start, end }: { start: number; end: number }): Selection {
  return { startMs: Math.round(start * 1000), endMs: Math.round(end * 1000) };
}
