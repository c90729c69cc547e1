import type { CallHandle } from './calls.ts';
import { Lease, type LeaseOptions } from './lease.ts';
import type { HushError } from './result.ts';

/**
 * What the recorder does, as far as Hush has confirmed it. `recording`: nobody here keeps it from
 * recording. `failed`: it could not be paused, or that can no longer be relied on.
 */
export type GuardState = 'recording' | 'pausing' | 'paused' | 'resuming' | 'failed';

/** What the agent reads; `guardFields` takes others. */
export const guardTexts: Readonly<Record<GuardState, string>> = {
  recording: 'The call is being recorded.',
  pausing: 'Pausing the recording. Please wait before you type.',
  paused: 'The recording is paused. Card data can be entered.',
  resuming: 'Resuming the recording.',
  failed: 'The recording could not be paused. Do not enter card data.',
};

export interface GuardOptions extends Omit<LeaseOptions, 'signal'> {
  /** The fields to guard; else those for card data by `autocomplete`, or with `data-hush-guard`. */
  readonly fields?: Iterable<HTMLInputElement>;
  /** Where the state is shown; else an element is put before the form. */
  readonly status?: HTMLElement;
  readonly texts?: Partial<Readonly<Record<GuardState, string>>>;
  /** After nobody was in a guarded field for so long, recording goes on. Default 20 s. */
  readonly idleMs?: number;
  readonly onState?: (state: GuardState, error?: HushError) => void;
}

export interface Guard {
  readonly state: GuardState;
  /** Recording may go on: after a submit that was handled by a script, for one. */
  release(): Promise<void>;
  /** The same, and the form is as it was before. */
  dispose(): Promise<void>;
}

const CARD_FIELDS =
  'input[data-hush-guard], input[autocomplete~="cc-number"], input[autocomplete~="cc-csc"], ' +
  'input[autocomplete~="cc-exp"], input[autocomplete~="cc-exp-month"], ' +
  'input[autocomplete~="cc-exp-year"]';
const DEFAULT_IDLE_MS = 20_000;

/**
 * Guards the card fields of a payment form: nothing can be typed into them before Hush has
 * confirmed that the call is not recorded; the pause is kept alive while the agent is at it, and
 * given back after the submit, after leaving, or when the page goes. What is typed is never looked
 * at.
 */
export function guardFields(
  form: HTMLFormElement,
  call: CallHandle,
  options: GuardOptions = {},
): Guard {
  const guard = new FieldGuard(form, call, options);
  guard.attach();
  return guard;
}

class FieldGuard implements Guard {
  readonly #form: HTMLFormElement;
  readonly #call: CallHandle;
  readonly #options: GuardOptions;
  readonly #fields: readonly HTMLInputElement[];
  readonly #wasReadOnly = new Map<HTMLInputElement, boolean>();
  readonly #status: HTMLElement;
  readonly #detach = new AbortController();
  #state: GuardState = 'recording';
  #lease: Lease | undefined;
  #taking: AbortController | undefined;
  #working: Promise<void> = Promise.resolve();
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(form: HTMLFormElement, call: CallHandle, options: GuardOptions) {
    this.#form = form;
    this.#call = call;
    this.#options = options;
    this.#fields = [...(options.fields ?? form.querySelectorAll<HTMLInputElement>(CARD_FIELDS))];
    this.#status = options.status ?? statusBefore(form);
  }

  get state(): GuardState {
    return this.#state;
  }

  attach(): void {
    const { signal } = this.#detach;
    for (const field of this.#fields) {
      this.#wasReadOnly.set(field, field.readOnly);
      field.readOnly = true;
      for (const type of ['focus', 'pointerdown'] as const) {
        field.addEventListener(type, () => this.#enter(), { signal });
      }
      field.addEventListener('blur', () => this.#leaveLater(), { signal });
    }
    this.#form.addEventListener('submit', () => this.#submitted(), { signal });
    const view = this.#form.ownerDocument.defaultView;
    view?.addEventListener('pagehide', () => this.#pageGoes(), { signal });
    this.#show('recording');
  }

  release(): Promise<void> {
    return this.#release();
  }

  async dispose(): Promise<void> {
    this.#detach.abort();
    await this.#release();
    for (const [field, readOnly] of this.#wasReadOnly) field.readOnly = readOnly;
    if (!this.#options.status) this.#status.remove();
  }

  #enter(): void {
    clearTimeout(this.#idle);
    if (this.#state === 'paused' || this.#state === 'pausing') return;
    // Whoever comes back while it is being given back waits for that, and pauses anew.
    this.#working = this.#working.then(() => this.#pause());
  }

  async #pause(): Promise<void> {
    if (this.#lease) return;
    this.#show('pausing');
    const taking = new AbortController();
    this.#taking = taking;
    const taken = await Lease.take(this.#call, { ...this.#options, signal: taking.signal });
    this.#taking = undefined;
    if (!taken.ok) {
      this.#show('failed', taken.error);
      return;
    }
    const lease = taken.value;
    this.#lease = lease;
    lease.lost.addEventListener('abort', () => this.#lost(lease));
    this.#show('paused');
    if (!this.#fields.includes(this.#form.ownerDocument.activeElement as HTMLInputElement)) {
      this.#leaveLater();
    }
  }

  #lost(lease: Lease): void {
    if (this.#lease !== lease) return;
    this.#lease = undefined;
    this.#show('failed', lease.lost.reason as HushError);
    void lease.release();
  }

  #leaveLater(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      void this.#release();
    }, this.#options.idleMs ?? DEFAULT_IDLE_MS);
  }

  /** Behind the form's own listeners, and the navigation that they may begin. */
  #submitted(): void {
    setTimeout(() => void this.#release(), 0);
  }

  /** It waits for nothing: what is being taken is given up, and given back where it holds. */
  #pageGoes(): void {
    this.#taking?.abort();
    void this.#lease?.abandon();
    void this.#release();
  }

  #release(): Promise<void> {
    clearTimeout(this.#idle);
    this.#working = this.#working.then(async () => {
      const lease = this.#lease;
      if (!lease) {
        if (this.#state === 'failed') this.#show('recording');
        return;
      }
      this.#lease = undefined;
      this.#show('resuming');
      await lease.release();
      this.#show('recording');
    });
    return this.#working;
  }

  #show(state: GuardState, error?: HushError): void {
    this.#state = state;
    for (const field of this.#fields) {
      field.readOnly = state !== 'paused' || this.#wasReadOnly.get(field) === true;
      field.setAttribute('aria-busy', String(state === 'pausing'));
    }
    this.#status.dataset.hushState = state;
    this.#status.textContent = this.#options.texts?.[state] ?? guardTexts[state];
    this.#options.onState?.(state, error);
  }
}

function statusBefore(form: HTMLFormElement): HTMLElement {
  const status = form.ownerDocument.createElement('p');
  status.setAttribute('role', 'status');
  status.setAttribute('aria-live', 'polite');
  form.before(status);
  return status;
}
