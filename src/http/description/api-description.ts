import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { none } from '../request/audit.ts';
import { apiPage } from './api-page.ts';
import { parameterComponents, responseHeaderComponents } from './headers.ts';
import { type Described, describedOperation } from './operation.ts';
import { type ApiDocument, sharedParts } from './shared-parts.ts';
import { tagDescriptions } from './tags.ts';

const http = { type: 'http' } as const;
const securitySchemes = {
  bearer: {
    ...http,
    ...{ scheme: 'bearer', bearerFormat: 'JWT' },
    description:
      'A token of the embedded issuer, or of one that auth.issuers names. Where http.anonymousNetworks ' +
      'lets a caller in, the Hush API may be called without one; v2 of the contract may not.',
  },
  audioTicket: {
    type: 'apiKey',
    in: 'query',
    name: 'ticket',
    description: 'From POST /api/recordings/{id}/audio-tickets, for players that send no token.',
  },
  clientSecret: {
    ...http,
    scheme: 'basic',
    description: 'The client by HTTP Basic (RFC 6749 section 2.3.1), instead of in the form.',
  },
} as const;

const openapi: NonNullable<FastifyDynamicSwaggerOptions['openapi']> = {
  openapi: '3.1.0',
  info: {
    title: 'Hush',
    version: '1',
    description: 'A call recorder for contact centres that can prove what it did not hear.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/', description: 'The Hush that serves this document' }],
  tags: tagDescriptions,
  components: { securitySchemes },
};

/** Describes all routes that follow as OpenAPI, and serves the page that shows it. */
export async function describeApi(app: FastifyInstance): Promise<void> {
  app.addHook('onRoute', requireOperationId);
  await app.register(swagger, {
    openapi,
    transform: ({ schema, url, route }) => ({
      schema: describedOperation({ ...route, schema } as Described),
      url,
    }),
    transformObject: (described) => {
      const document = (described as { openapiObject: ApiDocument }).openapiObject;
      return sharedParts(document, {
        parameters: parameterComponents,
        headers: responseHeaderComponents,
      });
    },
  });
  apiPage(app);
  app.get(
    '/api/openapi.json',
    {
      config: { access: 'anybody', audit: none('tells what the repository tells') },
      schema: { hide: true },
    },
    async () => app.swagger(),
  );
}

/** Stops the start where an operation has no name: generated clients call it by that. */
function requireOperationId({ method, url, schema }: RouteOptions): void {
  if (schema?.hide || schema?.operationId) return;
  throw new Error(`the route ${[method].flat().join()} ${url} has no operationId`);
}
