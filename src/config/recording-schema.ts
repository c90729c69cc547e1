import { Type } from 'typebox';
import { count, oneOf, section } from './schema-parts.ts';

export const recording = section({
  fenceTimeoutMs: count(2_000, 60_000),
  /** Unmeasurable part of the path's delay: audio of this length is left out after every Start. */
  resumeGuardMs: Type.Integer({ minimum: 0, maximum: 5_000, default: 250 }),
  /** The main thread receives commands: if it stalls this long, no Pause could reach a stream. */
  mainThreadTimeoutMs: count(5_000, 600_000),
  onUnattended: oneOf(['shut', 'keep'], 'shut'),
  chunkMs: count(900, 1_000),
  mediaTimeoutMs: count(60_000, 86_400_000),
  /** A dialogue continues for this long without a recording session, then ends. */
  inheritMs: Type.Integer({ minimum: 0, maximum: 86_400_000, default: 3_600_000 }),
  /** An acknowledged Delete is carried out after this long without a recording session. */
  deleteGraceMs: Type.Integer({ minimum: 0, maximum: 3_600_000, default: 5_000 }),
  maxUnwrittenBytes: count(1_048_576, 268_435_456),
  diskProbeIntervalMs: count(2_000, 600_000),
  /** Audio of a stream is overdue after this; a steady stream quiet this long has stopped. */
  mediaStartMs: count(10_000, 600_000),
  mediaSilentMs: count(30_000, 3_600_000),
});
