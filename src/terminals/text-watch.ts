/** Waits for some text in rendered output: whole lines, progress bars and what is still being written. */
export class TextWatch {
  /** Resolves when the text is there; never rejects. */
  readonly found: Promise<void>;
  readonly #resolve: () => void;
  readonly #text: string;
  readonly #pending: () => string;
  /** Of what is settled, as much as the text may begin in. */
  #carry: string;
  #timer: NodeJS.Timeout | undefined;
  #isFound = false;
  #over = false;

  /** `settled`: what came before; `pending`: what may still change, as it looks now. */
  constructor(text: string, settled: string, pending: () => string) {
    this.#text = text;
    this.#pending = pending;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.found = promise;
    this.#resolve = resolve;
    this.#carry = "";
    this.settled(settled);
    this.look();
  }

  get isFound(): boolean {
    return this.#isFound;
  }

  settled(text: string): void {
    if (this.#over) return;
    const whole = this.#carry + text;
    if (whole.includes(this.#text)) this.#find();
    else this.#carry = this.#text.length > 1 ? whole.slice(1 - this.#text.length) : "";
  }

  /** What may still change has changed. Looked at soon: a flood is not searched at every piece. */
  changed(): void {
    if (this.#over) return;
    this.#timer ??= setTimeout(() => this.look(), 10);
  }

  look(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#over && (this.#carry + this.#pending()).includes(this.#text)) this.#find();
  }

  #find(): void {
    this.#isFound = true;
    this.stop();
    this.#resolve();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#over = true;
  }
}
