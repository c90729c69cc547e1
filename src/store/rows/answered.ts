import { StoreUnavailableError } from '../../domain/model/errors.ts';

/** @throws StoreUnavailableError if it takes longer than `limitMs` */
export async function answered(asked: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `the database did not answer within ${limitMs} ms`;
    timer = setTimeout(() => reject(new StoreUnavailableError(message)), limitMs);
  });
  try {
    await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
