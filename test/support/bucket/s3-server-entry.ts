import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** The package has no types. */
interface S3rver {
  configureBuckets(): Promise<unknown>;
  callback(): RequestListener;
}
const S3rver: new (options: object) => S3rver = createRequire(import.meta.url)('@20minutes/s3rver');

const [directory = '', port, bucket = ''] = process.argv.slice(2);
const store = new S3rver({ directory, silent: true, configureBuckets: [{ name: bucket }] });
await store.configureBuckets();
const answer = store.callback();
/** Folder for the parts of unfinished objects. */
const uploads = join(directory, bucket, '._S3rver_uploads');

/**
 * Answers requests that s3rver lacks: it accepts parts, but cannot list or abort them. Undefined
 * for everything else.
 */
function answerOfUploads({ url = '/', method }: IncomingMessage) {
  const { pathname, searchParams } = new URL(url, 'http://s3');
  const uploadId = searchParams.get('uploadId');
  if (method === 'DELETE' && uploadId !== null) {
    rmSync(join(uploads, uploadId), { recursive: true, force: true });
    return { status: 204, body: '' };
  }
  const isList = method === 'GET' && searchParams.has('uploads');
  if (!isList || pathname.replace(/\/$/, '') !== `/${bucket}`) return undefined;
  const found = uploadIds().map((id) => ({
    id,
    key: readFileSync(join(uploads, id, 'key'), 'utf8'),
  }));
  const own = found.filter(({ key }) => key.startsWith(searchParams.get('prefix') ?? ''));
  const items = own.map(
    ({ id, key }) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`,
  );
  const result = `<IsTruncated>false</IsTruncated>${items.join('')}`;
  const body = `<ListMultipartUploadsResult>${result}</ListMultipartUploadsResult>`;
  return { status: 200, body };
}

function uploadIds(): string[] {
  try {
    return readdirSync(uploads);
  } catch {
    return [];
  }
}

const server = createServer((request, response) => {
  const own = answerOfUploads(request);
  if (own) {
    request.resume();
    response.writeHead(own.status, { 'Content-Type': 'application/xml' }).end(own.body);
    return;
  }
  // s3rver reads the path of a listing differently than the SDK signs it, but allows unsigned
  // requests.
  if (request.url?.startsWith(`/${bucket}/?`)) delete request.headers.authorization;
  answer(request, response);
});
server.listen(Number(port), '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
// Ends with the process that started it.
process.once('disconnect', () => process.exit());
