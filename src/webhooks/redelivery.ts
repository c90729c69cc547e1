import type { DeadLetter, DeadLetterPage, DeliveryFailure } from '../domain/model/webhook.ts';
import type { DeliveryContext } from './delivery.ts';
import type { Attempt } from './sender.ts';

const PAGE = 50;

/**
 * Retries each dead letter of a webhook once, in order. A rejected one stays, and the next is
 * tried; a receiver that does not answer ends it: the others would fare no better.
 */
export async function redeliver(context: DeliveryContext): Promise<void> {
  let after: DeadLetterPage['after'];
  for (;;) {
    const page = { limit: PAGE, ...(after ? { after } : {}) };
    const letters = await context.store.deadLetters(context.webhook.name, page);
    for (const letter of letters) {
      if (!(await redeliverOne(context, letter))) return;
      after = letter;
    }
    if (letters.length < PAGE) return;
  }
}

/** Returns false if there is no point in continuing. */
async function redeliverOne(context: DeliveryContext, letter: DeadLetter): Promise<boolean> {
  const { history, store, signal } = context;
  const { uccName, sequence } = letter;
  const [event] = await history.events(uccName, sequence - 1, 1);
  if (signal.aborted) return false;
  if (event?.sequence !== sequence) return removed(context, letter);
  const attempt = await context.attempt(event);
  if (attempt.outcome === 'delivered') return removed(context, letter);
  if (attempt.outcome === 'stopped' || attempt.outcome === 'gone') return false;
  await store.saveDeadLetter({ ...letter, ...failureOf(attempt, letter, context.clock.now()) });
  return attempt.outcome === 'rejected';
}

async function removed({ store }: DeliveryContext, letter: DeadLetter): Promise<true> {
  await store.removeDeadLetter(letter);
  return true;
}

function failureOf(attempt: Attempt, { attempts }: DeadLetter, failedAt: number) {
  return {
    attempts: attempts + 1,
    lastStatus: attempt.status,
    reason: attempt.outcome as DeliveryFailure,
    failedAt,
  };
}
