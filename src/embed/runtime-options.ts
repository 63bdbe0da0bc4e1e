/** What `Runtime.open` takes: where to work, with which model, who answers, and the parts an embedder brings along. */
import type { Clock } from "../base/clock.ts";
import type { IdSource } from "../base/ids.ts";
import type { FileSystem } from "../ports/file-system.ts";
import type { Log } from "../ports/log.ts";
import type { ModelClient } from "../ports/model-client.ts";
import type { Search } from "../ports/search.ts";
import type { Secrets } from "../ports/secrets.ts";
import type { SessionStore } from "../ports/session-store.ts";
import type { Terminals } from "../ports/terminals.ts";
import type { AgentProfile } from "../protocol/agent-profile.ts";
import type { AgentEvent } from "../protocol/events.ts";
import type { ApprovalPolicy } from "../protocol/permissions.ts";
import type { ModelSettings } from "../runtime/context-builder.ts";
import type { PermissionHandler } from "../runtime/permission-gate.ts";
import type { QuestionHandler } from "../runtime/question-desk.ts";
import type { Connection } from "./model-selector.ts";

/** Exactly these of the tools, and what is always on. */
export type ToolSelection = readonly {
  readonly name: string;
  readonly enabled?: boolean | undefined;
}[];

/** Parts an embedder may replace; what is left out is made for Node. */
export interface RuntimeAdapters {
  readonly fileSystem?: FileSystem;
  readonly search?: Search;
  readonly terminals?: Terminals;
  readonly secrets?: Secrets;
  /** Endpoint and key of a provider, as the embedder's settings have them. */
  readonly connection?: (provider: string) => Connection;
  /** A client for a provider of the embedder's own; undefined: the built-in ones. */
  readonly modelClient?: (provider: string, name: string) => ModelClient | undefined;
  /**
   * How model servers are reached; default: Node's HTTP client. An editor whose settings for proxies and certificates
   * hold for its global `fetch` hands that over.
   */
  readonly fetch?: typeof fetch;
  readonly log?: Log;
  readonly clock?: Clock;
  readonly ids?: IdSource;
}

export interface RuntimeOptions {
  /**
   * From an agent file. Fills in what the other options leave out; its limits hold in any case. A resumed session has
   * the one it was opened with.
   */
  readonly agent?: AgentProfile;
  /** The working directory; tools are at home in it and in `folders`. An agent's own `work_dir` wins. */
  readonly cwd: string;
  /** Further workspace folders. */
  readonly folders?: readonly string[];
  /** `provider/name`. For a resumed session: the model to go on with; unset: the one it had. */
  readonly model?: string;
  /** Overrides the provider's endpoint. */
  readonly baseUrl?: string;
  /** Overrides what the environment or `adapters.secrets` have. */
  readonly apiKey?: string;
  /** Name of the environment variable with the key, where it is not the provider's usual one. */
  readonly apiKeyEnv?: string;
  readonly approval?: ApprovalPolicy;
  /** Answers every permission request with "allowed". */
  readonly allowAll?: boolean;
  /** A person answers permissions and questions through `submit`. Without it and without handlers they are refused. */
  readonly attended?: boolean;
  readonly onPermission?: PermissionHandler;
  readonly onQuestion?: QuestionHandler;
  /** Hears everything from the very first event on; `on` hears what comes after `open`. */
  readonly onEvent?: (event: AgentEvent) => void;
  readonly maxSteps?: number;
  /** How the model acts. Default: the agent's, else `tools`. */
  readonly interface?: AgentProfile["interface"];
  readonly store?: SessionStore | "memory" | "file";
  /** Where the file store lives; default `$CODEPILOT_HOME`, else `~/.codepilot`. */
  readonly home?: string;
  /** The folder under which a new session is listed; default `cwd`. */
  readonly listedUnder?: string;
  /** Name for a new session. */
  readonly sessionId?: string;
  /** Opens this session instead of making one. */
  readonly resume?: string;
  readonly modelSettings?: ModelSettings;
  /** Default: the agent's, else all default tools. */
  readonly tools?: ToolSelection;
  readonly shell?: string;
  /**
   * `lasting`: terminals live in a process of their own, so that a killed or released session finds them again.
   * Default, except for a session in memory, which nobody can come back to: `in-process`.
   */
  readonly terminals?: "lasting" | "in-process";
  /** Variables that the shells get although their names look like secrets. */
  readonly keepEnvironment?: readonly string[];
  /** Asked before every decision; false: only reading is possible. Default: trusted. */
  readonly trusted?: () => boolean;
  readonly adapters?: RuntimeAdapters;
}
