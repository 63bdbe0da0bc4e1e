/** Select Model: the models that can be had now, from the editor, from servers that list theirs, and the demo. */
import * as vscode from "vscode";
import type { Secrets } from "../../ports/secrets.ts";
import {
  baseUrlOf,
  describeReadiness,
  type ProviderId,
  parseModelId,
  providerIds,
  providers,
} from "../../providers/registry.ts";
import { DEMO_MODEL } from "./model-choice.ts";

const LISTING_LIMIT_MS = 2_500;
const MAX_LISTED = 200;

export interface PickModelInputs {
  readonly current: string;
  readonly baseUrl: Readonly<Record<string, string>>;
  readonly secrets: Secrets;
  readonly environment: NodeJS.ProcessEnv;
}

interface ModelRow extends vscode.QuickPickItem {
  readonly model?: string;
  readonly action?: "write" | "key";
}

export type PickedModel = { readonly kind: "model"; readonly model: string } | { readonly kind: "set-key" } | undefined;

/** The list is open at once and grows as servers answer. */
export async function pickModel(inputs: PickModelInputs): Promise<PickedModel> {
  const picker = vscode.window.createQuickPick<ModelRow>();
  picker.title = "Select Model";
  picker.placeholder = "Model for this session and for new tasks";
  picker.matchOnDescription = true;
  picker.busy = true;
  const groups: ModelRow[][] = [];
  const show = () => {
    // The model in use is where the list starts, until the person has begun to look for another.
    const active = picker.value === "" ? inputs.current : picker.activeItems[0]?.model;
    picker.items = [...groups.flat(), ...fixedRows(inputs.current)];
    const again = picker.items.find((row) => active !== undefined && row.model === active);
    if (again) picker.activeItems = [again];
  };
  show();
  const closing = new AbortController();
  const listings = [editorRows(), ...serverIds.map((provider) => serverRows(provider, inputs, closing.signal))];
  const loaded = listings.map(async (listing) => {
    const rows = await listing.catch(() => []);
    if (closing.signal.aborted || rows.length === 0) return;
    groups.push(rows);
    show();
  });
  void Promise.all(loaded).then(() => {
    if (!closing.signal.aborted) picker.busy = false;
  });
  const row = await chosen(picker);
  closing.abort();
  picker.dispose();
  if (row?.action === "key") return { kind: "set-key" };
  if (row?.action === "write") return writeModel(inputs.current);
  return row?.model === undefined ? undefined : { kind: "model", model: row.model };
}

function chosen(picker: vscode.QuickPick<ModelRow>): Promise<ModelRow | undefined> {
  return new Promise((resolve) => {
    picker.onDidAccept(() => resolve(picker.activeItems[0]));
    picker.onDidHide(() => resolve(undefined));
    picker.show();
  });
}

async function writeModel(current: string): Promise<PickedModel> {
  const model = await vscode.window.showInputBox({
    title: "Select Model",
    prompt: `provider/name, where provider is one of ${[...providerIds, "vscode"].join(", ")}`,
    value: current,
    validateInput: (value) => {
      if (value.startsWith("vscode/")) return undefined;
      const parsed = parseModelId(value.trim());
      return parsed.kind === "invalid" ? `${parsed.message} ${parsed.next}` : undefined;
    },
  });
  return model === undefined ? undefined : { kind: "model", model: model.trim() };
}

function fixedRows(current: string): ModelRow[] {
  return [
    heading("Demonstration"),
    { ...rowOf(DEMO_MODEL, current, "a scripted model over real tools, for trying CodePilot out"), label: "Demo" },
    heading("More"),
    { label: "$(edit) Write a model's name…", action: "write", alwaysShow: true },
    { label: "$(key) Set an API key…", action: "key", alwaysShow: true },
  ];
}

async function editorRows(): Promise<ModelRow[]> {
  const models = await vscode.lm.selectChatModels();
  if (models.length === 0) return [];
  return [
    heading("Language models of the editor"),
    ...models.map((model) => ({
      label: model.name,
      description: `vscode/${model.id}`,
      detail: `${model.vendor}, ${model.maxInputTokens.toLocaleString()} tokens`,
      model: `vscode/${model.id}`,
    })),
  ];
}

const serverIds = providerIds.filter((provider) => providers[provider].endpoint !== undefined);

/** Nothing for a provider without a key or an endpoint of its own. */
async function serverRows(provider: ProviderId, inputs: PickModelInputs, closing: AbortSignal): Promise<ModelRow[]> {
  const endpoint = providers[provider].endpoint;
  if (!endpoint) return [];
  const { environment } = inputs;
  const baseUrl = baseUrlOf(provider, inputs.baseUrl[provider], environment);
  const apiKey = await inputs.secrets.get(endpoint.apiKeyEnv);
  if (describeReadiness({ provider, baseUrl, apiKey }, environment).kind !== "ready") return [];
  // One account has both wire formats; its models are listed once, unless Chat Completions goes elsewhere.
  if (provider === "openai-chat" && baseUrl === baseUrlOf("openai", inputs.baseUrl.openai, environment)) {
    if (baseUrl === endpoint.defaultBaseUrl) return [];
  }
  const names = await listModels(provider, baseUrl, apiKey, closing);
  if (names.length === 0) return [];
  return [
    heading(`${providers[provider].title}, ${new URL(baseUrl).host}`),
    ...names.slice(0, MAX_LISTED).map((name) => rowOf(`${provider}/${name}`, inputs.current)),
  ];
}

async function listModels(
  provider: ProviderId,
  baseUrl: string,
  apiKey: string | undefined,
  closing: AbortSignal,
): Promise<string[]> {
  const anthropic = provider === "anthropic";
  const url = anthropic ? `${baseUrl}/v1/models` : `${baseUrl}/models`;
  const keyHeaders = anthropic ? { "x-api-key": apiKey ?? "" } : { authorization: `Bearer ${apiKey}` };
  const response = await fetch(url, {
    headers: { ...(apiKey ? keyHeaders : {}), ...(anthropic ? { "anthropic-version": "2023-06-01" } : {}) },
    signal: AbortSignal.any([closing, AbortSignal.timeout(LISTING_LIMIT_MS)]),
  });
  if (!response.ok) return [];
  const body = (await response.json()) as { data?: unknown };
  const entries = Array.isArray(body.data) ? body.data : [];
  return entries
    .flatMap((entry: unknown) => {
      const id = (entry as { id?: unknown } | null)?.id;
      return typeof id === "string" ? [id] : [];
    })
    .sort();
}

function heading(label: string): ModelRow {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

function rowOf(model: string, current: string, detail?: string): ModelRow {
  return {
    label: model.slice(model.indexOf("/") + 1),
    description: model === current ? `${model}, in use` : model,
    ...(detail ? { detail } : {}),
    model,
  };
}
