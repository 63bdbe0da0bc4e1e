/**
 * Turns whatever goes wrong between us and a model (HTTP status, error objects in a stream, SDK and network
 * errors) into a `ModelFailure`: a class to act on, a message without keys, and what to do next.
 */
import { messageOf, systemCodeOf } from "../base/app-error.ts";
import type { ModelFailure } from "../ports/model-client.ts";
import type { ModelErrorClass } from "../protocol/items.ts";
import { isObject, objectOf, parseJson, textOf } from "./wire.ts";

export interface FailureContext {
  readonly model: string;
  readonly baseUrl: string;
  /** Name of the environment variable which holds the key. */
  readonly apiKeyEnv: string;
  /** What must never be shown. */
  readonly secrets: readonly string[];
}

/** What a server said about its error, whichever form it has. */
export interface ServerError {
  readonly status?: number | undefined;
  readonly code: string;
  readonly message: string;
  readonly headers?: Pick<Headers, "get"> | undefined;
}

const maxMessageLength = 1000;

/** A server of another kind, or a page of one: it has no such path, or nothing to do with what is sent there. */
const notForModels = new Set([404, 405, 406, 415, 426, 501]);
const checkBaseUrl = "Check the base URL (most end in /v1) and whether the server speaks this provider's format.";

const overflowCodes = new Set([
  "context_length_exceeded",
  "exceed_context_size_error",
  "request_too_large",
  "model_context_window_exceeded",
]);
/** Worded by OpenAI, Anthropic, vLLM, Ollama, llama.cpp, OpenRouter, DeepSeek, Gemini's compatible endpoint, … */
const overflowMessage =
  /maximum context length|context[ _](?:length|window|size)[^.]{0,40}(?:exceed|limit|smaller|too)|exceed[^.]{0,40}context|prompt is too long|input is too long|input length and `?max_tokens`? exceed|input token count[^.]*exceeds|too many (?:input )?tokens|reduce the length of the (?:messages|prompt|input)|longer than the model's context|request too large for/i;
const overloadedCodes = new Set(["overloaded_error", "server_is_overloaded", "overloaded", "slow_down"]);
const serverCodes = new Set(["server_error", "api_error", "internal_server_error", "timeout_error"]);
const authCodes = new Set(["invalid_api_key", "authentication_error", "permission_error", "unauthorized"]);
const billingCodes = new Set([
  "insufficient_quota",
  "billing_error",
  "billing_hard_limit_reached",
  "insufficient_balance",
]);
const rateCodes = new Set(["rate_limit_exceeded", "rate_limit_error", "tokens", "requests"]);
const modelCodes = new Set(["model_not_found", "model_not_available", "invalid_model"]);
const unknownModelMessage =
  /model\b[^.]*(?:not found|does not exist|not exist|not available|unknown|not supported|no access|pull)|(?:no such|unknown|invalid) model|not a valid model|try pulling it|^model: /i;

function failure(
  kind: ModelErrorClass,
  message: string,
  options: { next?: string | undefined; retryable?: boolean; retryAfterMs?: number | undefined } = {},
): ModelFailure {
  return {
    class: kind,
    message,
    ...(options.next === undefined ? {} : { next: options.next }),
    ...(options.retryAfterMs === undefined ? {} : { retryAfterMs: options.retryAfterMs }),
    retryable: options.retryable ?? false,
  };
}

/** Milliseconds to wait from `retry-after-ms` or `retry-after` (seconds or an HTTP date). */
export function retryAfterMsOf(headers: Pick<Headers, "get"> | undefined, now = Date.now()): number | undefined {
  const precise = Number.parseFloat(headers?.get("retry-after-ms") ?? "");
  if (precise >= 0) return Math.round(precise);
  const value = headers?.get("retry-after")?.trim();
  if (!value) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Math.round(Number.parseFloat(value) * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Reads the forms in which servers wrap an error: `{error: {…}}`, `{error: "…"}`, `{message, code}`, `{detail}`. */
export function readServerError(body: unknown, status?: number, headers?: Pick<Headers, "get">): ServerError {
  const outer = objectOf(body);
  const inner = isObject(outer.error) ? outer.error : outer;
  // OpenRouter puts what the upstream provider said, as JSON text, into `metadata.raw`.
  const raw = textOf(objectOf(inner.metadata).raw);
  const upstream = raw ? (readServerError(parseJson(raw)).message || raw).slice(0, maxMessageLength) : "";
  const said =
    textOf(inner.message) ||
    textOf(outer.error) ||
    textOf(outer.message) ||
    textOf(outer.detail) ||
    (isObject(outer.detail) || Array.isArray(outer.detail) ? JSON.stringify(outer.detail) : "") ||
    (typeof body === "string" ? body : "");
  const code = typeof inner.code === "number" ? inner.code : undefined;
  return {
    status: status ?? code,
    code: textOf(inner.code) || textOf(inner.type),
    message: upstream && !said.includes(upstream) ? `${said}: ${upstream}` : said,
    headers,
  };
}

/** The message for the person: one paragraph, bounded, without keys. */
export function withoutKeys(message: string, secrets: readonly string[]): string {
  let clean = message;
  for (const secret of secrets) if (secret.length >= 4) clean = clean.replaceAll(secret, "[key]");
  return clean
    .replace(/\b(?:sk|pk|rk|gsk|xai)-[\w*.-]{6,}/g, "[key]")
    .replace(/\bBearer\s+[\w.~+/=-]{6,}/gi, "Bearer [key]")
    .trim()
    .slice(0, maxMessageLength);
}

export function failureOfServerError(error: ServerError, context: FailureContext): ModelFailure {
  const { status, code } = error;
  const message =
    withoutKeys(error.message, context.secrets) ||
    (status ? `HTTP status ${status} without a message` : "The server reported an error without saying which.");
  const retryAfterMs = retryAfterMsOf(error.headers);
  const where = context.baseUrl;

  if (overflowCodes.has(code) || status === 413 || ((!status || status < 500) && overflowMessage.test(message))) {
    return failure("context-overflow", message, { next: "Compact the session or start a new one." });
  }
  if (billingCodes.has(code) || status === 402) {
    return failure("rate-limit", message, { next: "Check plan and balance of the account at the provider." });
  }
  if (status === 401 || (code && authCodes.has(code) && status !== 403)) {
    return failure("auth", message, {
      next: `Check the key in ${context.apiKeyEnv} or run “CodePilot: Set API Key”.`,
    });
  }
  if (overloadedCodes.has(code) || status === 502 || status === 503 || status === 504 || status === 529) {
    return failure("overloaded", message, { retryable: true, retryAfterMs });
  }
  if (status === 429 || rateCodes.has(code)) {
    return failure("rate-limit", message, { retryable: true, retryAfterMs });
  }
  if (
    (status && notForModels.has(status)) ||
    modelCodes.has(code) ||
    (status === 400 && unknownModelMessage.test(message))
  ) {
    const aboutModel = modelCodes.has(code) || unknownModelMessage.test(message) || message.includes(context.model);
    return aboutModel
      ? failure("bad-request", `The model ${context.model} does not exist at ${where}: ${message}`, {
          next: "Choose another with “CodePilot: Select Model” or --model.",
        })
      : failure("bad-request", `${where} does not know this request: ${message}`, {
          next: checkBaseUrl,
        });
  }
  if (status === 403) {
    return failure("auth", message, {
      next: `The key in ${context.apiKeyEnv} may not use this model here; choose another model or key.`,
    });
  }
  if (status === 408) return failure("network", message, { retryable: true, retryAfterMs });
  if (status === 409 || status === 425) return failure("overloaded", message, { retryable: true, retryAfterMs });
  if (serverCodes.has(code) || (status !== undefined && status >= 500)) {
    return failure("bad-response", `The server failed: ${message}`, { retryable: true, retryAfterMs });
  }
  if (status !== undefined && status >= 400) return failure("bad-request", message);
  // An error object inside a stream with no code that we know: the request itself was accepted.
  return status === undefined && !code.startsWith("invalid")
    ? failure("bad-response", message, { retryable: true, retryAfterMs })
    : failure("bad-request", message);
}

const certificateCode = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT)/;

/** Node hides the reason of a failed fetch in `cause`, several levels deep; the deepest one says it. */
function rootCause(error: unknown): { code: string | undefined; message: string } {
  let current: unknown = error;
  let code = systemCodeOf(error);
  let message = messageOf(error);
  for (let depth = 0; depth < 6 && typeof current === "object" && current !== null; depth += 1) {
    const list: unknown = (current as { errors?: unknown }).errors;
    const next: unknown = Array.isArray(list) && list.length > 0 ? list[0] : (current as { cause?: unknown }).cause;
    if (next === undefined) break;
    current = next;
    code = systemCodeOf(current) ?? code;
    message = messageOf(current) || message;
  }
  return { code, message };
}

/** For what an SDK or `fetch` throws before a response, or a body while it is read. */
export function failureOfThrown(error: unknown, context: FailureContext): ModelFailure {
  const thrown = objectOf(error);
  if (typeof thrown.status === "number") {
    const headers = thrown.headers as Pick<Headers, "get"> | undefined;
    // OpenAI's SDK unwraps `error`, Anthropic's does not; without JSON the SDK has put the body into the message.
    const body = thrown.error ?? messageOf(error).replace(/^\d{3}\s+/, "");
    return failureOfServerError(readServerError(body, thrown.status, headers), context);
  }
  const { code, message } = rootCause(error);
  const where = context.baseUrl;
  if (code === "ECONNREFUSED") {
    return failure("network", `Nothing answers at ${where}.`, { next: "Is the server running?", retryable: true });
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return failure("network", `The host of ${where} can not be found.`, {
      next: "Check the base URL and the network connection.",
      retryable: true,
    });
  }
  if (code !== undefined && certificateCode.test(code)) {
    return failure("network", `The certificate of ${where} is not trusted: ${withoutKeys(message, context.secrets)}`, {
      next: "Set NODE_EXTRA_CA_CERTS to your organisation's certificate and start again.",
    });
  }
  if (code === "ERR_INVALID_URL" || message.includes("Invalid URL")) {
    return failure("bad-request", `${where} is not a URL.`, { next: "Check the base URL." });
  }
  const reason = withoutKeys(code && !message.includes(code) ? `${message} (${code})` : message, context.secrets);
  return failure("network", `The connection to ${where} failed: ${reason}`, { retryable: true });
}

export function cutStream(context: FailureContext): ModelFailure {
  return failure("network", `${context.baseUrl} ended the response before it was complete.`, { retryable: true });
}

export function silentStream(context: FailureContext, idleTimeoutMs: number): ModelFailure {
  const seconds = Math.round(idleTimeoutMs / 1000);
  return failure("network", `${context.baseUrl} sent nothing for ${seconds} seconds.`, { retryable: true });
}

export function endlessStream(context: FailureContext, maxBytes: number): ModelFailure {
  return failure("bad-response", `${context.baseUrl} sent more than ${maxBytes / 1024 / 1024} MB in one response.`, {
    next: "Send the task again, or choose another model.",
  });
}

export function unreadableResponse(detail: string, options: { next?: string } = {}): ModelFailure {
  return failure("bad-response", detail.slice(0, maxMessageLength), { ...options, retryable: true });
}

/** Some other server's page, with status 200. */
export function noEventStream(beginning: string, context: FailureContext): ModelFailure {
  const said = withoutKeys(beginning, context.secrets).slice(0, 200);
  return unreadableResponse(`${context.baseUrl} did not answer with an event stream, but: ${said}`, {
    next: checkBaseUrl,
  });
}
