import swagger from '@fastify/swagger';
import scalar from '@scalar/fastify-api-reference';
import type { FastifyInstance } from 'fastify';
import { none } from '../request/audit.ts';

/** OpenAPI of all routes that follow, and the page that shows it. */
export async function describeApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Hush',
        version: '1',
        description: 'A call recorder for contact centres that can prove what it did not hear.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        },
      },
    },
  });
  await app.register(scalar, {
    routePrefix: '/docs',
    // Nothing on the page leads elsewhere: no fonts, telemetry, toolbar or chat of its vendor's.
    configuration: {
      ...{ url: '/api/openapi.json', withDefaultFonts: false, telemetry: false },
      ...{ showDeveloperTools: 'never', hideClientButton: true },
      ...{ agent: { disabled: true }, mcp: { disabled: true } },
    },
  });
  app.get(
    '/api/openapi.json',
    {
      config: { access: 'anybody', audit: none('tells what the repository tells') },
      schema: { hide: true },
    },
    async () => app.swagger(),
  );
}
