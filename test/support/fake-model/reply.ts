/** What the fake model answers, described without regard to a wire format, and the faults it can be asked for. */

export type WireFormat = "openai" | "openai-chat" | "anthropic";

/** A list gives the deltas; a string is cut into deltas of `deltaSize` characters. */
export type Streamed = string | readonly string[];

export type FakePart =
  | { readonly text: Streamed }
  /** `sealed`: the signature or encrypted content that has to come back. */
  | { readonly reasoning: Streamed; readonly sealed?: string }
  /** Anthropic only. */
  | { readonly redactedReasoning: string }
  | { readonly refusal: Streamed }
  /** A string is sent as it is, valid JSON or not. */
  | { readonly toolCall: { readonly name: string; readonly arguments: unknown; readonly id?: string } }
  | { readonly custom: { readonly name: string; readonly input: string; readonly id?: string } };

export interface FakeUsage {
  /** All input tokens, cached ones included. */
  readonly input: number;
  readonly cached?: number;
  readonly output: number;
  readonly reasoning?: number;
}

export interface FakeReply {
  readonly parts?: readonly FakePart[];
  readonly usage?: FakeUsage;
  readonly stop?: "end" | "truncated" | "refused";
  /** Answers with this status and body (a string as it is, all else as JSON) instead of a stream. */
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent in the stream after the parts, instead of its end. */
  readonly streamError?: { readonly code: string; readonly message: string };
  /** The stream as it is, instead of `parts`. */
  readonly raw?: string | Uint8Array;

  /** Characters a delta, for what is given as one string. Default 16. */
  readonly deltaSize?: number;
  /** Bytes a write; a list is used in turn. Default: everything in one. */
  readonly chunkSize?: number | readonly number[];
  /** Before the headers. */
  readonly delayMs?: number;
  /** Between writes. */
  readonly chunkDelayMs?: number;
  /** After so many bytes: cut the connection, fall silent, or end as if all were well. */
  readonly fault?: { readonly afterBytes: number; readonly ending: "cut" | "hang" | "end" };
  /** Never answers, not even with headers. */
  readonly silent?: boolean;
  /** All is sent, but the connection stays open. */
  readonly neverClose?: boolean;
}

export type ErrorKind = "auth" | "unknown-model" | "rate-limit" | "server" | "overloaded" | "overflow" | "bad-request";

/** An error as the real API words it. */
export function errorReply(format: WireFormat, kind: ErrorKind, headers: Record<string, string> = {}): FakeReply {
  const [status, type, code, message] = format === "anthropic" ? anthropicErrors[kind] : openAiErrors[kind];
  const error = format === "anthropic" ? { type, message } : { message, type, param: null, code };
  return { status, headers, body: format === "anthropic" ? { type: "error", error } : { error } };
}

type ErrorShape = readonly [status: number, type: string, code: string | null, message: string];

const openAiErrors: Record<ErrorKind, ErrorShape> = {
  auth: [401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided: sk-test-*****1234."],
  "unknown-model": [404, "invalid_request_error", "model_not_found", "The model `nope` does not exist."],
  "rate-limit": [429, "requests", "rate_limit_exceeded", "Rate limit reached for requests."],
  server: [500, "server_error", null, "The server had an error while processing your request."],
  overloaded: [503, "service_unavailable_error", null, "The engine is currently overloaded, please try again later."],
  overflow: [
    400,
    "invalid_request_error",
    "context_length_exceeded",
    "Your input exceeds the context window of this model.",
  ],
  "bad-request": [400, "invalid_request_error", null, "Invalid value: 'purple'."],
};

const anthropicErrors: Record<ErrorKind, ErrorShape> = {
  auth: [401, "authentication_error", null, "invalid x-api-key"],
  "unknown-model": [404, "not_found_error", null, "model: nope"],
  "rate-limit": [429, "rate_limit_error", null, "This request would exceed your organization's rate limit."],
  server: [500, "api_error", null, "Internal server error"],
  overloaded: [529, "overloaded_error", null, "Overloaded"],
  overflow: [400, "invalid_request_error", null, "prompt is too long: 201312 tokens > 200000 maximum"],
  "bad-request": [400, "invalid_request_error", null, "messages: Input should be a valid list"],
};

export function deltasOf(streamed: Streamed, size = 16): readonly string[] {
  if (typeof streamed !== "string") return streamed;
  const characters = [...streamed];
  const deltas: string[] = [];
  for (let at = 0; at < characters.length; at += size) deltas.push(characters.slice(at, at + size).join(""));
  return deltas;
}

export function argumentsTextOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
