/** Words of the runtime to the model: part of history, shown to the person as a notice. */
import type { IdSource } from "../base/ids.ts";
import type { NewEvent } from "../protocol/events.ts";

export function remark(ids: IdSource, text: string): NewEvent {
  return { type: "item.finished", item: { kind: "user_message", id: ids.next("item"), text, origin: "runtime" } };
}
