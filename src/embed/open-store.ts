/** The session store by its name. */
import { AppError } from "../base/app-error.ts";
import { defaultHome, FileSessionStore } from "../node/stores/file-session-store.ts";
import { MemorySessionStore } from "../node/stores/memory-session-store.ts";
import type { SessionStore } from "../ports/session-store.ts";

export function openStore(store: SessionStore | "memory" | "file", home: string | undefined): SessionStore {
  if (store === "memory") return new MemorySessionStore();
  if (store === "file") return new FileSessionStore(home ?? defaultHome(process.env));
  if (typeof store?.create === "function") return store;
  throw new AppError("usage", `${JSON.stringify(store)} is not a store`, {
    next: "Pass “memory”, “file” or a store of your own.",
  });
}
