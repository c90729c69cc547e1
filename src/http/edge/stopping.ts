import type { FastifyInstance } from 'fastify';
import { echoedCorrelationId } from '../../domain/control/command.ts';
import { contractError } from '../../domain/model/errors.ts';
import {
  capabilitiesErrorBody,
  errorBody,
  errorMessage,
  statusOf,
} from '../request/contract-bodies.ts';
import { sendProblem } from '../request/problems.ts';
import { retryAfterSeconds } from '../request/retry-after.ts';
import type { HttpSettings } from '../settings.ts';

export interface StoppingPorts {
  /** True from the signal to stop on: nothing is begun any more. */
  isStopping(): boolean;
}

/**
 * Refuses what comes while Hush stops, so that nothing is answered as done that nobody carries
 * out. Routes of the contract answer ErrorType 3, which clients retry; commands do so by
 * themselves, once their body says what to echo. Health and metrics go on answering.
 */
export function refuseWhileStopping(
  app: FastifyInstance,
  services: Pick<StoppingPorts, 'isStopping'>,
  { statusCodes: mode }: Pick<HttpSettings, 'statusCodes'>,
): void {
  const failed = contractError('processingFailed');
  app.addHook('preHandler', (request, reply, done) => {
    if (!services.isStopping()) return void done();
    const { access, contract } = request.routeOptions.config;
    reply.header('Retry-After', retryAfterSeconds.stopping).header('Connection', 'close');
    const answersItself = access === 'command' && contract !== undefined;
    if (answersItself || access === 'open' || access === 'readMetrics') return void done();
    if (contract === undefined) {
      return void sendProblem(reply, 503, 'Hush is stopping; please try again.');
    }
    const { uccName = null, correlationId } = request.params as Record<string, string | null>;
    const message = errorMessage(failed);
    const body =
      contract === 'capabilities'
        ? capabilitiesErrorBody(uccName, message)
        : errorBody({ correlationId: echoedCorrelationId(correlationId), uccName }, message);
    return void reply.code(statusOf(failed, mode)).send(body);
  });
}
