import { STATUS_CODES } from 'node:http';
import { examples } from './examples.ts';
import { componentName, headerRefs, type RequestHeader, type ResponseHeader } from './headers.ts';
import { LiftedSchemas } from './lifted-schemas.ts';

interface Media {
  readonly schema?: { readonly title?: unknown };
}

interface Answer {
  description: string;
  headers?: object;
  content?: Readonly<Record<string, Media>>;
}

interface Parameter {
  readonly in: string;
  name: string;
}

interface Operation {
  parameters?: (Parameter | { readonly $ref: string })[];
  responses: Record<string, Answer | { readonly $ref: string }>;
  'x-takes'?: readonly RequestHeader[];
  'x-answers-with'?: readonly ResponseHeader[];
  'x-body-is-optional'?: boolean;
  requestBody?: { required?: boolean };
}

export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, unknown>>;
}

/** Descriptions of what a status says, wherever it is answered. */
const refusals: Readonly<Record<string, string>> = {
  400: 'The request cannot be read, or does not fit the description.',
  401: 'A token is needed, or the one that was sent does not hold.',
  403: 'The caller may not do this: by role, network or origin.',
  404: 'There is no such thing, or it is not given to the caller.',
  409: 'It cannot be done as things stand.',
  410: 'It was there, and is gone for good.',
  412: 'It is not, or no longer, what the condition names.',
  413: 'The body is too large.',
  415: 'The media type, charset or content encoding of the body is not known.',
  416: 'The range lies outside.',
  422: 'The request does not fit: the key was used for another one.',
  429: 'Too many requests, or attempts.',
  503: 'It cannot be done now, and may be asked for again.',
  default: 'Any other refusal.',
};

const names: Readonly<Record<string, string>> = { 429: 'TooManyRequests', default: 'Refused' };

const problemType = 'application/problem+json';
const headersOf: Readonly<Record<string, readonly ResponseHeader[]>> = {
  ...{ 206: ['Content-Range'], 401: ['WWW-Authenticate'], 416: ['Content-Range'] },
  ...{ 429: ['Retry-After'], 503: ['Retry-After'] },
};

/** Moves into `components` what operations share: schemas, problems, parameters and headers. */
export function sharedParts(document: ApiDocument, shared: Readonly<Record<string, object>>) {
  const problems = new Map<string, object>();
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  for (const operation of operations) describe(operation, problems);
  const lifted = new LiftedSchemas(examples);
  const paths = lifted.lift(document.paths);
  const responses = lifted.lift(Object.fromEntries([...problems].toSorted()));
  return {
    ...document,
    paths,
    components: { ...document.components, ...shared, responses, schemas: lifted.schemas() },
  };
}

function describe(operation: Operation, problems: Map<string, object>): void {
  const { 'x-takes': takes = [], 'x-answers-with': answersWith = [] } = operation;
  delete operation['x-takes'];
  delete operation['x-answers-with'];
  if (operation['x-body-is-optional'] && operation.requestBody) {
    operation.requestBody.required = false;
  }
  delete operation['x-body-is-optional'];
  for (const parameter of operation.parameters ?? []) {
    if ('in' in parameter && parameter.in === 'header') parameter.name = spelled(parameter.name);
  }
  const taken = takes.map((name) => ({ $ref: `#/components/parameters/${componentName(name)}` }));
  if (taken.length > 0) operation.parameters = [...(operation.parameters ?? []), ...taken];
  for (const [status, answer] of Object.entries(operation.responses)) {
    if ('$ref' in answer) continue;
    operation.responses[status] = isProblem(answer)
      ? sharedProblem(status, answer, problems)
      : named(status, answer, answersWith);
  }
}

/** `Idempotency-Key`: Fastify validates headers by their names in lower case. */
function spelled(header: string): string {
  return header.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

function isProblem({ content = {} }: Answer): boolean {
  return Object.values(content).some(({ schema }) => schema?.title === 'Problem');
}

function sharedProblem(
  status: string,
  { content = {} }: Answer,
  problems: Map<string, object>,
): { readonly $ref: string } {
  const [media] = Object.values(content);
  const name = names[status] ?? (STATUS_CODES[status] ?? '').replaceAll(/[\s']/g, '');
  if (name === '') throw new Error(`the status ${status} has no name`);
  const headers = headersOf[status];
  problems.set(name, {
    description: refusals[status] ?? '',
    ...(headers ? { headers: headerRefs(headers) } : {}),
    content: { [problemType]: media },
  });
  return { $ref: `#/components/responses/${name}` };
}

function named(status: string, answer: Answer, answersWith: readonly ResponseHeader[]): Answer {
  const isDescribed = answer.description !== 'Default Response';
  const words = refusals[status] ?? STATUS_CODES[status] ?? '';
  const own = [...(status.startsWith('2') ? answersWith : []), ...(headersOf[status] ?? [])];
  const headers = { ...headerRefs(own), ...answer.headers };
  return {
    ...answer,
    description: isDescribed && !refusals[status] ? answer.description : words,
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
  };
}
