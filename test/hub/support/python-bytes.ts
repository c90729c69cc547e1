/**
 * Requests of Python's SignalR clients, byte for byte, as their sources and the HTTP libraries
 * below them write them; `{...}` is filled in. signalrcore 1.x uses urllib for HTTP and opens
 * WebSockets and event streams by itself; its `Host` names no port there. pysignalr 1.x uses
 * aiohttp and websockets.
 */
const crlf = (lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`;

const urllib = (first: string, ...more: readonly string[]): string =>
  crlf([
    ...[`${first} HTTP/1.1`, 'Accept-Encoding: identity', ...more],
    ...['Host: {host}:{port}', 'User-Agent: Python-urllib/3.11'],
  ]);

const withBody = (first: string): string =>
  urllib(first, 'Content-Length: {length}').replace(
    '\r\n\r\n',
    '\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n\r\n{body}',
  );

const closing = (request: string, ...more: readonly string[]): string =>
  request.replace(
    '\r\n\r\n',
    `${more.map((line) => `\r\n${line}`).join('')}\r\nConnection: close\r\n\r\n`,
  );

export const signalrcore = {
  negotiate: closing(
    urllib('POST {path}/negotiate', 'Content-Length: 0'),
    'Content-Type: application/json',
  ),
  post: withBody('POST {path}?id={id}'),
  poll: closing(urllib('GET {path}?id={id}'), 'Accept: Text'),
  delete: closing(urllib('DELETE {path}?id={id}')),
  stream: crlf([
    ...['GET {path}?id={id} HTTP/1.1', 'Host: {host}', 'Accept: text/event-stream'],
    ...['Cache-Control: no-cache', 'Connection: keep-alive'],
  ]),
  upgrade: crlf([
    ...['GET {path}?id={id} HTTP/1.1', 'Host: {host}', 'Upgrade: websocket'],
    ...['Connection: Upgrade', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='],
    'Sec-WebSocket-Version: 13',
  ]),
  handshake: '{"protocol": "json", "version": 0}\x1e',
  subscribe:
    '{"type": 1, "headers": {}, "invocationId": "2d43793445334", "target": "Subscribe", ' +
    '"arguments": ["{ucc}", null]}\x1e',
  ping: '{"type": 6}\x1e',
} as const;

export const pysignalr = {
  negotiate: crlf([
    ...['POST {path}/negotiate HTTP/1.1', 'Host: {host}:{port}', 'Accept: */*'],
    ...['Accept-Encoding: gzip, deflate', 'User-Agent: Python/3.11 aiohttp/3.9.5'],
    ...['Content-Length: 0', 'Content-Type: application/octet-stream'],
  ]),
  upgrade: crlf([
    ...['GET {path}?id={id} HTTP/1.1', 'Host: {host}:{port}', 'Upgrade: websocket'],
    ...['Connection: Upgrade', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='],
    ...['Sec-WebSocket-Version: 13'],
    'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
    'User-Agent: Python/3.11 websockets/12.0',
  ]),
  handshake: '{"protocol": "json", "version": 1}\x1e',
  subscribe:
    '{"type": 1, "invocationId": "8a0c5a36", "target": "Subscribe", "arguments": ["{ucc}", null], ' +
    '"headers": {}}\x1e',
  ping: '{"type": 6}\x1e',
} as const;
