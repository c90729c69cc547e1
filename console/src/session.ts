import { createHush, type Hush, type Operations } from '@hush/client';
import { CodeFlowError, finishCodeFlow, type Refresh, refreshed } from './code-flow.ts';

export type Me = Operations['GET /api/me']['answer'];
export type Permission = Me['permissions'][number];

const KEY = 'hush-token';

interface Kept {
  readonly token: string;
  readonly expiresAt: number;
  readonly renewAt: number;
  /** Source of the next token: Hush, the external issuer of this one, or none. */
  readonly refresh: Refresh | 'hush' | undefined;
}

type Issued = Pick<Kept, 'token' | 'refresh'> & { readonly expiresInMs: number };

/** The signed-in user of this tab. */
class Session {
  #kept: Kept | undefined = read();
  #renewal: Promise<void> | undefined;
  readonly #onSignedOut = new Set<() => void>();

  readonly hush: Hush = createHush({ url: location.origin });
  readonly #withToken: Hush = createHush({
    url: location.origin,
    token: () => this.#token(),
    // A token that is no longer valid, after a night's sleep or a new user list, signs the user
    // out.
    fetch: async (...asked) => {
      const response = await fetch(...asked);
      if (response.status === 401) this.signOut();
      return response;
    },
  });

  /** A client with the token, if there is one. */
  get client(): Hush {
    return this.#kept ? this.#withToken : this.hush;
  }

  async signIn(username: string, password: string): Promise<string | undefined> {
    const answer = await this.hush.request('POST /api/sign-in', { body: { username, password } });
    if (!answer.ok) return answer.error.message;
    this.#keep({ ...answer.value, refresh: 'hush' });
    return undefined;
  }

  /** Creates the first admin and signs in. @returns the reason for a failure */
  async becomeFirstAdmin(
    body: Operations['POST /api/sign-in/first-admin']['body'],
  ): Promise<string | undefined> {
    const answer = await this.hush.request('POST /api/sign-in/first-admin', { body });
    if (!answer.ok) return answer.error.message;
    return this.signIn(body.name, body.password);
  }

  /** Completes a sign-in if the user returns from an issuer. */
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

  /** @returns a function that removes the listener */
  onSignedOut(listener: () => void): () => void {
    this.#onSignedOut.add(listener);
    return () => this.#onSignedOut.delete(listener);
  }

  /** Returns the token; the first request in its second half renews it. */
  async #token(): Promise<string> {
    const kept = this.#kept;
    if (!kept) return '';
    if (Date.now() >= kept.renewAt && canBeRenewed(kept)) {
      this.#renewal ??= this.#renew(kept).finally(() => {
        this.#renewal = undefined;
      });
      await this.#renewal;
    }
    return this.#kept?.token ?? '';
  }

  /**
   * Renews the token. If that is refused, the token stays in use and is renewed again after half of
   * its remaining life; a request after its end signs the user out.
   */
  async #renew(kept: Kept): Promise<void> {
    const issued = await next(kept);
    // A user who signed out meanwhile stays signed out.
    if (this.#kept !== kept) return;
    this.#keep(issued ?? { ...kept, expiresInMs: kept.expiresAt - Date.now() });
  }

  #keep({ token, expiresInMs, refresh }: Issued): void {
    const now = Date.now();
    const [renewAt, expiresAt] = [now + expiresInMs / 2, now + expiresInMs];
    this.#kept = { token, expiresAt, renewAt, refresh };
    sessionStorage.setItem(KEY, JSON.stringify(this.#kept));
  }
}

/** Returns undefined if the renewal is refused. */
async function next({ token, refresh }: Kept): Promise<Issued | undefined> {
  if (refresh !== 'hush') return refresh && refreshed(refresh).catch(() => undefined);
  const renewing = createHush({ url: location.origin, token });
  const answer = await renewing.request('POST /api/sign-in/renewal', {});
  return answer.ok ? { ...answer.value, refresh } : undefined;
}

/** Hush renews a valid token; an issuer looks only at its own refresh token. */
function canBeRenewed({ expiresAt, refresh }: Kept): boolean {
  return refresh === 'hush' ? expiresAt > Date.now() : refresh !== undefined;
}

function read(): Kept | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? '') as Kept;
    return kept.expiresAt > Date.now() || canBeRenewed(kept) ? kept : undefined;
  } catch {
    return undefined;
  }
}

export const session = new Session();
