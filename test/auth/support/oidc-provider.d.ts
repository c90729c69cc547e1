declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  /** The part that tests use; the package exports it as its default, and by this name. */
  export class Provider {
    constructor(issuer: string, configuration: object);
    callback(): RequestListener;
  }
}
