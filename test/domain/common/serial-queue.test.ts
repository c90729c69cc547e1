import { expect, test } from 'vitest';
import { SerialQueue } from '../../../src/domain/common/serial-queue.ts';

test('a queue runs tasks one after the other, in order of arrival', async () => {
  const queue = new SerialQueue();
  const log: string[] = [];
  const gates = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
  const results = gates.map((gate, index) =>
    queue.run(async () => {
      log.push(`begin ${index}`);
      await gate.promise;
      log.push(`end ${index}`);
      return index;
    }),
  );
  for (const gate of gates.toReversed()) gate.resolve();
  expect(await Promise.all(results)).toEqual([0, 1, 2]);
  expect(log).toEqual([0, 1, 2].flatMap((index) => [`begin ${index}`, `end ${index}`]));
});

test('an idle queue begins at once', () => {
  const queue = new SerialQueue();
  let begun = false;
  void queue.run(async () => {
    begun = true;
  });
  expect(begun).toBe(true);
  expect(queue.idle).toBe(false);
});

test('a failed task tells its own caller and stops no later one', async () => {
  const queue = new SerialQueue();
  const failed = queue.run(() => Promise.reject(new Error('no')));
  const next = queue.run(async () => 'next');
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('next');
  expect(queue.idle).toBe(true);
});

test('a task may queue another, which runs after those that wait', async () => {
  const queue = new SerialQueue();
  const log: string[] = [];
  let last: Promise<unknown> = Promise.resolve();
  const first = queue.run(async () => {
    last = queue.run(async () => log.push('queued by the first'));
    log.push('first');
  });
  const second = queue.run(async () => log.push('second'));
  await Promise.all([first, second, last]);
  await last;
  expect(log).toEqual(['first', 'queued by the first', 'second']);
});

test('tasks that a task queues before its first await wait for its end', async () => {
  const queue = new SerialQueue();
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  let queued: Promise<unknown> = Promise.resolve();
  const first = queue.run(async () => {
    queued = queue.run(async () => log.push('queued'));
    await gate.promise;
    log.push('end of the first');
  });
  const second = queue.run(async () => log.push('second'));
  await Promise.resolve();
  gate.resolve();
  await Promise.all([first, queued, second]);
  expect(log).toEqual(['end of the first', 'queued', 'second']);
});
