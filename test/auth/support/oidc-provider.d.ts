declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  /** What the tests use of it. */
  // biome-ignore lint/style/noDefaultExport: the package has one.
  export default class Provider {
    constructor(issuer: string, configuration: object);
    callback(): RequestListener;
  }
}
