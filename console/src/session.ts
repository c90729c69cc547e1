import { createHush, type Hush, type Operations } from '@hush/client';
import { CodeFlowError, finishCodeFlow, type Refresh, refreshed } from './code-flow.ts';

export type Me = Operations['GET /api/me']['answer'];
export type Permission = Me['permissions'][number];

const KEY = 'hush-token';

interface Kept {
  readonly token: string;
  readonly expiresAt: number;
  /** Where the token is of Hush's own, or another cannot be had: none. */
  readonly refresh?: Refresh | undefined;
}

/** Who is signed in, in this tab. */
class Session {
  #kept: Kept | undefined = read();
  #renewal: Promise<void> | undefined;
  readonly #onSignedOut = new Set<() => void>();

  readonly hush: Hush = createHush({ url: location.origin });
  readonly #withToken: Hush = createHush({
    url: location.origin,
    token: () => this.#token(),
    // A token that no longer holds, after a night's sleep or a new user list, signs out.
    fetch: async (...asked) => {
      const response = await fetch(...asked);
      if (response.status === 401) this.signOut();
      return response;
    },
  });

  /** With the token, where there is one. */
  get client(): Hush {
    return this.#kept ? this.#withToken : this.hush;
  }

  async signIn(username: string, password: string): Promise<string | undefined> {
    const answer = await this.hush.request('POST /api/sign-in', { body: { username, password } });
    if (!answer.ok) return answer.error.message;
    this.#keep(answer.value);
    return undefined;
  }

  /** Takes up what an issuer sent one back with, if it did. */
  async comeBack(): Promise<{ readonly isBack: boolean; readonly problem?: string }> {
    try {
      const issued = await finishCodeFlow();
      if (issued) this.#keep(issued);
      return { isBack: issued !== undefined };
    } catch (cause) {
      if (cause instanceof CodeFlowError) return { isBack: false, problem: cause.message };
      throw cause;
    }
  }

  signOut(): void {
    if (!this.#kept) return;
    this.#kept = undefined;
    sessionStorage.removeItem(KEY);
    for (const listener of this.#onSignedOut) listener();
  }

  /** @returns what ends it */
  onSignedOut(listener: () => void): () => void {
    this.#onSignedOut.add(listener);
    return () => this.#onSignedOut.delete(listener);
  }

  /** Renewed in its second half, whoever asks first. */
  async #token(): Promise<string> {
    const kept = this.#kept;
    if (!kept) return '';
    const leftMs = kept.expiresAt - Date.now();
    if (leftMs < RENEW_BELOW_MS && (leftMs > 0 || kept.refresh)) {
      this.#renewal ??= this.#renew(kept).finally(() => {
        this.#renewal = undefined;
      });
      await this.#renewal;
    }
    return this.#kept?.token ?? '';
  }

  /** Where it is refused the token goes on until it ends; what is asked with it then signs out. */
  async #renew(kept: Kept): Promise<void> {
    const issued = await next(kept);
    // Who has signed out meanwhile stays out.
    if (issued && this.#kept === kept) this.#keep(issued);
  }

  #keep(issued: { token: string; expiresInMs: number; refresh?: Refresh | undefined }): void {
    const { token, expiresInMs, refresh } = issued;
    this.#kept = { token, expiresAt: Date.now() + expiresInMs, refresh };
    sessionStorage.setItem(KEY, JSON.stringify(this.#kept));
  }
}

const RENEW_BELOW_MS = 150_000;

/** Undefined where it is refused. */
async function next({ token, refresh }: Kept) {
  if (refresh) return refreshed(refresh).catch(() => undefined);
  const renewing = createHush({ url: location.origin, token });
  const answer = await renewing.request('POST /api/sign-in/renewal', {});
  return answer.ok ? answer.value : undefined;
}

function read(): Kept | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? '') as Kept;
    return kept.expiresAt > Date.now() || kept.refresh ? kept : undefined;
  } catch {
    return undefined;
  }
}

export const session = new Session();
