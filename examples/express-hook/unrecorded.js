import { withoutRecording } from '@hush/client';

/**
 * Express middleware: what comes behind it runs only while nothing of the call is recorded, which
 * the header X-Call-Id names (id or correlation id). The pause lasts until the answer is out.
 */
export function unrecorded(hush) {
  return async (request, response, next) => {
    const answered = new Promise((resolve) => response.once('close', resolve));
    const call = hush.call(request.get('X-Call-Id') ?? '');
    const result = await withoutRecording(
      call,
      ({ signal }) => {
        // Whoever works for long looks at it: once it has aborted, nothing is sure any more.
        request.unrecorded = signal;
        next();
        return answered;
      },
      { reason: 'card entry' },
    );
    if (!result.ok) response.status(503).json({ error: 'The recording could not be paused.' });
  };
}
