import { withoutRecording } from '@hush/client';

/**
 * Returns Express middleware that runs the next handlers only while the call in the header X-Call-Id
 * (an id or correlation id) is not recorded. The pause lasts until the answer has been sent.
 */
export function unrecorded(hush) {
  return async (request, response, next) => {
    const answered = new Promise((resolve) => response.once('close', resolve));
    const call = hush.call(request.get('X-Call-Id') ?? '');
    const result = await withoutRecording(
      call,
      ({ signal }) => {
        // Long handlers check this signal: once it has aborted, the call may be recorded.
        request.unrecorded = signal;
        next();
        return answered;
      },
      { reason: 'card entry' },
    );
    if (!result.ok) response.status(503).json({ error: 'The recording could not be paused.' });
  };
}
