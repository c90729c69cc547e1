import type { Capabilities } from './capabilities.ts';
import type { Context } from './context.ts';
import { STEP_TIMEOUT_MS } from './disposal.ts';
import type { EdgeParts } from './edge.ts';

/**
 * The three ways to stop. Each begins with the media: nothing is recorded after the signal but what
 * had arrived by then. Each ends with `close`, which may be called twice.
 */
export interface Stop {
  /** Ends every call, settles every recording, then closes. */
  finish(): Promise<void>;
  /** Closes at once and ends no call: the next process on the same data takes them up. */
  handOver(): Promise<void>;
  /** Closes at once and finishes nothing, as a crash does. For tests. */
  abandon(): Promise<void>;
  /** Closes all parts in the opposite order of their assembly. */
  close(): Promise<void>;
}

export function stopOf(context: Context, needs: Capabilities, { srs }: EdgeParts): Stop {
  const { config, disposal, life } = context;
  const { recorder, lifecycle } = needs.recording;

  async function shutMedia(closedBy: 'end' | 'restart'): Promise<void> {
    life.phase = 'stopping';
    needs.store.ownership.leaving();
    srs.refuseNew();
    const limitMs = config.recording.fenceTimeoutMs + STEP_TIMEOUT_MS;
    await disposal.run('media', () => recorder.stopMedia(closedBy), limitMs);
  }

  function close(): Promise<void> {
    life.phase = 'stopping';
    return disposal.close();
  }

  return {
    close,
    async finish() {
      await shutMedia('end');
      const finish = async (): Promise<void> => {
        await srs.hangUpAll();
        await lifecycle.finishAll();
      };
      await disposal.run('recordings', finish, config.finishTimeoutMs);
      lifecycle.abandon();
      await close();
    },
    async handOver() {
      await shutMedia('restart');
      await disposal.run('calls', () => lifecycle.handOver());
      // SIP messages that arrive from now on wait for the next process.
      await disposal.run('SIP', () => srs.close());
      await close();
    },
    async abandon() {
      recorder.shutAll('restart');
      lifecycle.abandon();
      await recorder.close();
      await close();
    },
  };
}
