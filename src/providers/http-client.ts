/** What the clients of all HTTP providers share: their options, and the memory of what a server refuses. */
import { type FailureContext, failureOfThrown } from "./failure.ts";
import { defaultIdleTimeoutMs } from "./stream.ts";
import { textOf } from "./wire.ts";

export interface HttpModelOptions {
  readonly baseUrl: string;
  /** Undefined where none is needed (a server on this machine). */
  readonly apiKey?: string | undefined;
  /** Name of the environment variable to name in messages. */
  readonly apiKeyEnv: string;
  /** Sent with every request, over the SDK's own. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Silence after which a response is given up. */
  readonly idleTimeoutMs?: number | undefined;
  /** How servers are reached. Undefined: the program's global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
}

export function idleTimeoutOf(options: HttpModelOptions): number {
  return options.idleTimeoutMs ?? defaultIdleTimeoutMs;
}

export function failureContext(options: HttpModelOptions, model: string): FailureContext {
  const secrets = [options.apiKey ?? "", ...Object.values(options.headers ?? {})].filter((value) => value.length >= 8);
  return { model, baseUrl: shownUrl(options.baseUrl), apiKeyEnv: options.apiKeyEnv, secrets };
}

/** The URL without user name, password and query. */
export function shownUrl(url: string): string {
  if (!URL.canParse(url)) return url;
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
}

/** The SDKs insist on a key; a server that wants none gets no header either. */
export const noKey = "none";

export interface Refusable<Feature extends string> {
  readonly feature: Feature;
  /** Finds the refusal in what the server said of its status 400 or 422. */
  readonly pattern: RegExp;
}

/**
 * Optional parameters that a server has refused. A refusal is answered by sending the same request once more without
 * the parameter; no other failure is: retrying is the turn loop's business.
 */
export class RefusedFeatures<Feature extends string> {
  readonly #refusable: readonly Refusable<Feature>[];
  readonly #refused = new Set<string>();

  constructor(refusable: readonly Refusable<Feature>[]) {
    this.#refusable = refusable;
  }

  has(feature: Feature, model: string): boolean {
    return this.#refused.has(`${feature} ${model}`);
  }

  /** Notes a refusal; true if the request is worth sending again. */
  note(error: unknown, model: string, context: FailureContext): boolean {
    const status = (error as { status?: unknown } | null)?.status;
    if (status !== 400 && status !== 422) return false;
    const said = `${textOf((error as { param?: unknown }).param)} ${failureOfThrown(error, context).message}`;
    const found = this.#refusable.find(({ feature, pattern }) => pattern.test(said) && !this.has(feature, model));
    if (found) this.#refused.add(`${found.feature} ${model}`);
    return found !== undefined;
  }
}

/** Sends, and sends again as long as the server names one more optional parameter that it refuses. */
export async function sendTolerantly<Feature extends string>(
  refused: RefusedFeatures<Feature>,
  model: string,
  context: FailureContext,
  send: () => Promise<Response>,
): Promise<Response> {
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (!refused.note(error, model, context)) throw error;
    }
  }
}

/** An SDK that is loaded on first use, or ahead of it. */
export class LazySdk<Sdk> {
  readonly #load: () => Promise<Sdk>;
  #sdk: Promise<Sdk> | undefined;

  constructor(load: () => Promise<Sdk>) {
    this.#load = load;
  }

  get(): Promise<Sdk> {
    this.#sdk ??= this.#load();
    return this.#sdk;
  }

  /** Never rejects: what goes wrong shows with the first request. */
  async warmUp(): Promise<void> {
    await this.get().catch(() => undefined);
  }
}
