import fastify, { type FastifyInstance } from 'fastify';
import { none } from '../request/audit.ts';

const PREFIX = '/docs';

/**
 * Serves the page that shows the OpenAPI. Its program, 4 MB of JavaScript, is loaded when somebody
 * asks for the page: a start that loads it takes a fifth longer.
 */
export function apiPage(app: FastifyInstance): void {
  let loaded: Promise<FastifyInstance> | undefined;
  for (const url of [PREFIX, `${PREFIX}/`, `${PREFIX}/js/scalar.js`]) {
    app.get(
      url,
      {
        config: { access: 'anybody', audit: none('tells what the repository tells') },
        schema: { hide: true },
      },
      async (_, reply) => {
        loaded ??= load().catch((cause: unknown) => {
          loaded = undefined;
          throw cause;
        });
        const { statusCode, headers, rawPayload } = await (await loaded).inject({ url });
        return reply.code(statusCode).headers(headers).send(rawPayload);
      },
    );
  }
}

async function load(): Promise<FastifyInstance> {
  const { default: scalar } = await import('@scalar/fastify-api-reference');
  const page = fastify();
  await page.register(scalar, {
    routePrefix: PREFIX,
    // Nothing on the page leads elsewhere: no fonts, telemetry, toolbar or chat of its vendor's.
    configuration: {
      ...{ url: '/api/openapi.json', withDefaultFonts: false, telemetry: false },
      ...{ showDeveloperTools: 'never', hideClientButton: true },
      ...{ agent: { disabled: true }, mcp: { disabled: true } },
    },
  });
  await page.ready();
  return page;
}
