/** Loads OpenAI's SDK on first use: it costs more to load than the rest of the command line together. */
import type { OpenAI } from "openai";
import { type HttpModelOptions, idleTimeoutOf, noKey } from "./http-client.ts";

export async function loadOpenAi(options: HttpModelOptions): Promise<OpenAI> {
  const sdk = await import("openai/client");
  return new sdk.OpenAI({
    apiKey: options.apiKey || noKey,
    baseURL: options.baseUrl,
    // The SDK would take these from the environment and send them to whatever server this is.
    ...(isOpenAi(options.baseUrl) ? {} : { organization: null, project: null }),
    defaultHeaders: {
      accept: "text/event-stream",
      ...(options.apiKey ? {} : { authorization: null }),
      ...options.headers,
    },
    ...(options.fetch ? { fetch: options.fetch } : {}),
    maxRetries: 0,
    // Until the headers arrive; from then on the stream's own watch counts.
    timeout: idleTimeoutOf(options) + 1000,
    logLevel: "off",
  });
}

/** Is this OpenAI itself, or only a server that speaks its API? */
export function isOpenAi(baseUrl: string): boolean {
  return /(?:^|\.)openai\.com$/.test(new URL(baseUrl).hostname);
}
