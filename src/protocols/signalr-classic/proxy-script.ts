import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClassicServerOptions } from './options.ts';

/**
 * The script for pages that use `$.connection.someHub.client` and `.server`, at `hubs` below the
 * connection's own path. It offers what Scripts/hubs.js and Hubs/DefaultJavaScriptProxyGenerator.cs
 * offer, written anew over a table of the hubs.
 *
 * A declared event has an empty handler, so that a page that listens later, by `on`, is subscribed
 * to its hub all the same: a client subscribes when it starts, to hubs with handlers only.
 */
const RUNTIME = `(function ($) {
  'use strict';
  if (!$ || typeof $.signalR !== 'function') {
    throw new Error('SignalR: load jQuery and jquery.signalR before the hubs script.');
  }
  function fill(connection, hub) {
    var proxy = connection.createHubProxy(hub.name);
    proxy.client = {};
    proxy.server = {};
    $.each(hub.events, function (_, event) {
      proxy.client[event] = function () {};
    });
    $.each(hub.methods, function (name, method) {
      proxy.server[name] = function () {
        return proxy.invoke.apply(proxy, [method].concat($.makeArray(arguments)));
      };
    });
    return proxy;
  }
  $.hubConnection.prototype.createHubProxies = function () {
    var connection = this, proxies = {}, handlers = [];
    // Bound before the first proxy is made, whose own listener counts the handlers.
    connection.starting(function () {
      $.each(proxies, function (_, proxy) {
        $.each(proxy.client, function (event, handler) {
          if (typeof handler === 'function') {
            proxy.on(event, handler);
            handlers.push([proxy, event, handler]);
          }
        });
      });
    });
    connection.disconnected(function () {
      $.each(handlers.splice(0), function (_, bound) {
        bound[0].off(bound[1], bound[2]);
      });
    });
    $.each(HUBS, function (_, hub) {
      proxies[hub.name] = fill(connection, hub);
    });
    return proxies;
  };
  $.signalR.hub = $.hubConnection(URL, { useDefaultPath: false });
  $.extend($.signalR, $.signalR.hub.createHubProxies());
}(window.jQuery));
`;

/** Lists every hub by its own name and by its declared further names. */
export function proxyScript(
  { hubs, aliases = {} }: Pick<ClassicServerOptions, 'hubs' | 'aliases'>,
  url: string,
): string {
  const named = Object.entries(aliases).flatMap(([alias, hub]) => {
    const declared = hubs[hub];
    return declared ? [[alias, declared] as const] : [];
  });
  const table = [...Object.entries(hubs), ...named].map(([name, hub]) => ({
    name: camelCase(name),
    methods: Object.fromEntries(Object.keys(hub.methods).map((key) => [camelCase(key), key])),
    events: (hub.events ?? []).map(camelCase),
  }));
  return RUNTIME.replace(/HUBS|URL/g, (name) => literal(name === 'URL' ? url : table));
}

export function replyProxyScript(
  request: IncomingMessage,
  response: ServerResponse,
  script: string,
): void {
  const tag = `"${createHash('sha256').update(script).digest('base64url').slice(0, 22)}"`;
  const headers = { 'Cache-Control': 'no-cache', ETag: tag, 'X-Content-Type-Options': 'nosniff' };
  const known = (request.headers['if-none-match'] ?? '').split(',').map((one) => one.trim());
  if (known.some((one) => one === '*' || one.replace(/^W\//, '') === tag)) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, 'Content-Type': 'application/javascript; charset=UTF-8' });
  response.end(request.method === 'HEAD' ? undefined : script);
}

/** Changes only the first letter, as in Json/JsonUtility.cs, CamelCase. */
function camelCase(name: string): string {
  return name.slice(0, 1).toLowerCase() + name.slice(1);
}

/** Returns JSON that ends neither a script element nor, in old browsers, a line. */
function literal(value: unknown): string {
  return JSON.stringify(value).replace(/[<\u2028\u2029]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
