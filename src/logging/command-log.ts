import type { CommandAnswer } from '../domain/control/command.ts';
import type { Log } from '../domain/ports/log.ts';

/** Logs how long a command took, fence and durable commit included. */
export function logCommand(log: Log, answer: CommandAnswer, seconds: number): void {
  if (!log.isLevelEnabled('debug')) return;
  const ms = Math.round(seconds * 1000);
  const { callId } = answer.ok ? answer.event : { callId: undefined };
  const outcome = answer.ok ? 'ok' : answer.error.code;
  log.debug({ callId, outcome, ms }, 'command answered');
}
