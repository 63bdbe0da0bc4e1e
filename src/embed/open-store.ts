/** The session store by its name. */
import { defaultHome, FileSessionStore } from "../node/stores/file-session-store.ts";
import { MemorySessionStore } from "../node/stores/memory-session-store.ts";
import type { SessionStore } from "../ports/session-store.ts";

export function openStore(store: SessionStore | "memory" | "file", home: string | undefined): SessionStore {
  if (store === "memory") return new MemorySessionStore();
  if (store === "file") return new FileSessionStore(home ?? defaultHome(process.env));
  return store;
}
