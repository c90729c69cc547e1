import type { ServerOverrides } from '../../src/assemble/context.ts';
import type { Config } from '../../src/config/schema.ts';
import { TestCaller } from '../support/calls.ts';
import { TestHush } from '../support/hush/hush.ts';
import { freeRtpPorts } from '../support/ports.ts';

export interface ApiBench {
  readonly hush: TestHush;
  readonly caller: TestCaller;
  close(): Promise<void>;
}

export async function openBench(
  options: { change?: (config: Config) => Config; overrides?: ServerOverrides } = {},
): Promise<ApiBench> {
  const ports = await freeRtpPorts();
  const { change = (config) => config, overrides = {} } = options;
  const hush = await TestHush.start({
    config: (config) => change({ ...config, rtp: { ...config.rtp, ...ports } }),
    overrides,
  });
  const caller = await TestCaller.open();
  const close = async (): Promise<void> => {
    await caller.close();
    await hush.remove();
  };
  return { hush, caller, close };
}

/** Makes a finished recording of the demo UCC; returns its call's ids. */
export async function record(
  { hush, caller }: ApiBench,
  options: { frames?: number; uccName?: string; correlationId?: string; commands?: string[] } = {},
): Promise<{ id: string; correlationId: string }> {
  const { frames = 5, commands = [], ...placing } = options;
  const placed = await caller.call(hush, placing);
  await placed.frames(frames);
  for (const command of commands) await hush.command(command, placed.correlationId);
  const known = hush.events.length;
  await placed.call.end();
  const { correlationId } = placed;
  const settled = await hush.event(
    (event) =>
      hush.events.indexOf(event) >= known &&
      event.correlationId === correlationId &&
      (event.type === 'recordingSaved' || event.type === 'recordingDestroyed'),
  );
  return { id: settled.callId, correlationId };
}

export async function problemOf(response: Response): Promise<unknown> {
  return { type: response.headers.get('content-type'), body: await response.json() };
}

export function problem(status: number, title: string, detail?: string) {
  const more = detail === undefined ? {} : { detail };
  return {
    type: 'application/problem+json; charset=utf-8',
    body: { type: 'about:blank', title, status, ...more },
  };
}
