import { type GuardState, guardTexts } from './guard-state.ts';
import { findCall, type GuardedCall, isHandle } from './guarded-call.ts';
import { Lease, type LeaseOptions } from './lease.ts';
import type { HushError } from './result.ts';

export interface GuardOptions extends Omit<LeaseOptions, 'signal'> {
  /**
   * The fields to guard; by default those for card data by `autocomplete`, or with
   * `data-hush-guard`.
   */
  readonly fields?: Iterable<HTMLInputElement>;
  /** Element that shows the state; by default one is inserted before the form. */
  readonly status?: HTMLElement;
  readonly texts?: Partial<Readonly<Record<GuardState, string>>>;
  /** Recording resumes after no guarded field had the focus for this long. Default 20 s. */
  readonly idleMs?: number;
  readonly onState?: (state: GuardState, error?: HushError) => void;
}

export interface Guard {
  readonly state: GuardState;
  /** Lets recording resume, for example after a submit that a script handled. */
  release(): Promise<void>;
  /** Releases the pause and restores the form: fields that shipped shut are shut. */
  dispose(): Promise<void>;
}

const CARD_FIELDS =
  'input[data-hush-guard], input[autocomplete~="cc-number"], input[autocomplete~="cc-csc"], ' +
  'input[autocomplete~="cc-exp"], input[autocomplete~="cc-exp-month"], ' +
  'input[autocomplete~="cc-exp-year"]';
const DEFAULT_IDLE_MS = 20_000;

/** Guarded fields, their guards, and their state before. */
const guarded = new WeakMap<HTMLInputElement, { readonly by: Guard; readonly before: Shut }>();

interface Shut {
  readonly readOnly: boolean;
  readonly disabled: boolean;
}

/**
 * Guards the card fields of a payment form: nothing can be typed into them until Hush has confirmed
 * that the call is not recorded, even if the call is not found, Hush does not answer, or the
 * look-up throws. The pause is renewed while the agent is in the fields, and released after the
 * submit, after leaving, or when the page goes. The typed values are never read.
 *
 * Ship the fields `readonly` (or `disabled`): if the script fails to load, the form stays shut.
 * @throws Error if the form has no such field: nothing would be guarded
 */
export function guardFields(
  form: HTMLFormElement,
  call: GuardedCall,
  options: GuardOptions = {},
): Guard {
  const guard = new FieldGuard(form, call, options);
  guard.attach();
  return guard;
}

class FieldGuard implements Guard {
  readonly #form: HTMLFormElement;
  readonly #call: GuardedCall;
  readonly #options: GuardOptions;
  readonly #fields: readonly HTMLInputElement[];
  readonly #status: HTMLElement;
  readonly #detach = new AbortController();
  #state: GuardState = 'looking';
  #lease: Lease | undefined;
  #taking: AbortController | undefined;
  #working: Promise<void> = Promise.resolve();
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(form: HTMLFormElement, call: GuardedCall, options: GuardOptions) {
    this.#form = form;
    this.#call = call;
    this.#options = options;
    this.#fields = [...(options.fields ?? form.querySelectorAll<HTMLInputElement>(CARD_FIELDS))];
    if (this.#fields.length === 0) throw new Error('guardFields: the form has no card fields');
    this.#status = options.status ?? statusBefore(form);
  }

  get state(): GuardState {
    return this.#state;
  }

  attach(): void {
    const { signal } = this.#detach;
    for (const field of this.#fields) {
      const { readOnly, disabled } = field;
      const before = guarded.get(field)?.before ?? { readOnly, disabled };
      guarded.set(field, { by: this, before });
      // A disabled field could not receive the focus.
      field.readOnly = true;
      field.disabled = false;
      for (const type of ['focus', 'pointerdown'] as const) {
        field.addEventListener(type, () => this.#enter(), { signal });
      }
      field.addEventListener('blur', () => this.#leaveLater(), { signal });
    }
    this.#form.addEventListener('submit', () => this.#submitted(), { signal });
    const view = this.#form.ownerDocument.defaultView;
    view?.addEventListener('pagehide', () => this.#pageGoes(), { signal });
    if (isHandle(this.#call)) this.#show('recording');
    else this.#work(() => this.#lookFirst());
    if (this.#isInField) this.#enter();
  }

  release(): Promise<void> {
    return this.#release();
  }

  async dispose(): Promise<void> {
    this.#detach.abort();
    await this.#release();
    for (const field of this.#fields) {
      const own = guarded.get(field);
      if (own?.by !== this) continue;
      guarded.delete(field);
      Object.assign(field, own.before);
    }
    if (!this.#options.status) this.#status.remove();
  }

  #enter(): void {
    clearTimeout(this.#idle);
    if (this.#state === 'paused' || this.#state === 'pausing') return;
    // An agent who returns during the release waits for it, and pauses anew.
    this.#work(() => this.#pause());
  }

  #work(task: () => Promise<void>): void {
    this.#working = this.#working.then(task);
  }

  /** Tells the agent before a field is entered. */
  async #lookFirst(): Promise<void> {
    this.#show('looking');
    const found = await findCall(this.#call, this.#detach.signal);
    if (found.ok) this.#show('recording');
    else this.#show('noCall', found.error);
  }

  async #pause(): Promise<void> {
    if (this.#lease || this.#detach.signal.aborted) return;
    this.#show('pausing');
    const taking = new AbortController();
    const signal = AbortSignal.any([taking.signal, this.#detach.signal]);
    this.#taking = taking;
    const found = await findCall(this.#call, signal);
    if (!found.ok) {
      this.#show('noCall', found.error);
      return;
    }
    const taken = await Lease.take(found.value, { ...this.#options, signal });
    this.#taking = undefined;
    if (!taken.ok) {
      this.#show('failed', taken.error);
      return;
    }
    const lease = taken.value;
    this.#lease = lease;
    lease.lost.addEventListener('abort', () => this.#lost(lease));
    this.#show('paused');
    if (!this.#isInField) this.#leaveLater();
  }

  get #isInField(): boolean {
    return this.#fields.includes(this.#form.ownerDocument.activeElement as HTMLInputElement);
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

  /** Runs after the form's own listeners, and any navigation that they start. */
  #submitted(): void {
    setTimeout(() => void this.#release(), 0);
  }

  /** Waits for nothing: a pause being taken is abandoned, and released if it holds. */
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
      if (guarded.get(field)?.by !== this) continue;
      field.readOnly = state !== 'paused';
      field.setAttribute('aria-busy', String(state === 'pausing'));
    }
    this.#status.dataset.hushState = state;
    const text = this.#options.texts?.[state] ?? guardTexts[state];
    this.#status.textContent = state === 'noCall' && error ? `${text} (${error.message})` : text;
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
