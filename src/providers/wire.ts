/** Reading JSON that came off a wire: nothing is what it should be until it was looked at. */
import type { Json } from "../base/json.ts";

export type WireObject = { readonly [key: string]: unknown };

const nothing: WireObject = {};

export function isObject(value: unknown): value is WireObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object, or an empty one. */
export function objectOf(value: unknown): WireObject {
  return isObject(value) ? value : nothing;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The string, or an empty one. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The number, or 0. */
export function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

/** Parses; `undefined` where it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What `JSON.parse` made is `Json` by construction; this only says so to the compiler. */
export function asJson(value: unknown): Json {
  return value as Json;
}

/** The free text of a custom tool in the clothes of a function call: one string argument `input`. */
export function wrapInput(input: string): string {
  return JSON.stringify({ input });
}

/** The free text in such arguments; what is not of that form is taken as the text itself. */
export function unwrapInput(argumentsText: string): string {
  const parsed = parseJson(argumentsText);
  return isObject(parsed) && typeof parsed.input === "string" ? parsed.input : argumentsText;
}

/** The schema of a custom tool that is offered as a function. */
export const inputSchema = {
  type: "object",
  properties: { input: { type: "string", description: "The whole input, as free text." } },
  required: ["input"],
  additionalProperties: false,
};

/**
 * Arguments as an object, for wire formats that refuse a call whose arguments are not one. The model has to
 * recognise its own malformed call, so the text stays in it.
 */
export function argumentsObject(argumentsText: string): WireObject {
  if (argumentsText.trim() === "") return {};
  const parsed = parseJson(argumentsText);
  return isObject(parsed) ? parsed : { malformed_arguments: argumentsText };
}

export function dataUrl(image: { readonly mediaType: string; readonly data: string }): string {
  return `data:${image.mediaType};base64,${image.data}`;
}
