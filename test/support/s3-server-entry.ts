import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

/** It comes without types. */
interface S3rver {
  configureBuckets(): Promise<unknown>;
  callback(): RequestListener;
}
const S3rver: new (options: object) => S3rver = createRequire(import.meta.url)('@20minutes/s3rver');

const [directory, port, bucket] = process.argv.slice(2);
const store = new S3rver({ directory, silent: true, configureBuckets: [{ name: bucket }] });
await store.configureBuckets();
const answer = store.callback();
const server = createServer((request, response) => {
  // It reads the path of a listing otherwise than the SDK signs it; what is not signed it allows.
  if (request.url?.startsWith(`/${bucket}/?`)) delete request.headers.authorization;
  answer(request, response);
});
server.listen(Number(port), '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
// Whoever started it is gone: so is it.
process.once('disconnect', () => process.exit());
