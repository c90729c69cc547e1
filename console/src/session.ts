import { createHush, type Hush, type Operations } from '@hush/client';
import { CodeFlowError, finishCodeFlow, type Refresh, refreshed } from './code-flow.ts';

export type Me = Operations['GET /api/me']['answer'];
export type Permission = Me['permissions'][number];

const KEY = 'hush-token';

interface Kept {
  readonly token: string;
  readonly expiresAt: number;
  readonly renewAt: number;
  /** Who gives the next one: Hush, the issuer elsewhere that gave this one, or nobody. */
  readonly refresh: Refresh | 'hush' | undefined;
}

type Issued = Pick<Kept, 'token' | 'refresh'> & { readonly expiresInMs: number };

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
    this.#keep({ ...answer.value, refresh: 'hush' });
    return undefined;
  }

  /** Makes the first admin, and signs it in. @returns why it did not work */
  async becomeFirstAdmin(
    body: Operations['POST /api/sign-in/first-admin']['body'],
  ): Promise<string | undefined> {
    const answer = await this.hush.request('POST /api/sign-in/first-admin', { body });
    if (!answer.ok) return answer.error.message;
    return this.signIn(body.name, body.password);
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
    if (Date.now() >= kept.renewAt && canBeRenewed(kept)) {
      this.#renewal ??= this.#renew(kept).finally(() => {
        this.#renewal = undefined;
      });
      await this.#renewal;
    }
    return this.#kept?.token ?? '';
  }

  /**
   * Where it is refused the token goes on until it ends, and is asked for again when half of what
   * is left has passed; what is asked with it in the end signs out.
   */
  async #renew(kept: Kept): Promise<void> {
    const issued = await next(kept);
    // Who has signed out meanwhile stays out.
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

/** Undefined where it is refused. */
async function next({ token, refresh }: Kept): Promise<Issued | undefined> {
  if (refresh !== 'hush') return refresh && refreshed(refresh).catch(() => undefined);
  const renewing = createHush({ url: location.origin, token });
  const answer = await renewing.request('POST /api/sign-in/renewal', {});
  return answer.ok ? { ...answer.value, refresh } : undefined;
}

/** Hush renews a token that holds; an issuer looks at its own refresh token alone. */
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
