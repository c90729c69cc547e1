// Serves an example and the client. Run with: node examples/serve.js payment-page [port]
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const [example = 'payment-page', port = '8081'] = process.argv.slice(2);
const client = process.env.HUSH_CLIENT ?? join(here, '..', 'client', 'dist');
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript' };

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const path = normalize(pathname === '/' ? '/index.html' : pathname);
  const file = path.startsWith('/client/')
    ? join(client, path.slice('/client/'.length))
    : join(here, example, path);
  if (!existsSync(file)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream' });
  createReadStream(file).pipe(response);
});

server.listen(Number(port), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});
