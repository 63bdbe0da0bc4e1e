/** Words: the person's, the model's, its thoughts, and notices of the runtime. */
import { memo } from "react";
import type { Image } from "../../../src/protocol/items.ts";
import type { NoticeEntry } from "../../../src/protocol/state.ts";
import { formatDuration, formatRunning, formatTime } from "../logic/format.ts";
import { splitBlocks } from "../logic/markdown-blocks.ts";
import type { Row } from "../logic/rows.ts";
import { usePanel, usePanelState } from "../store.ts";
import { Icon } from "./icon.tsx";
import { MarkdownBlock } from "./markdown.tsx";
import { useNow } from "./use-now.ts";

type RowOf<K extends Row["kind"]> = Extract<Row, { kind: K }>;

export function TurnHead({ row }: { row: RowOf<"turn"> }) {
  const { input, startedAt } = row.turn;
  return (
    <div className="turn-head">
      <h2>
        <span className="visually-hidden">Turn {row.ordinal}: </span>
        <span className="who">You</span>
        <time dateTime={new Date(startedAt).toISOString()}>{formatTime(startedAt)}</time>
      </h2>
      {input && <UserBubble text={input.text} images={input.images} />}
    </div>
  );
}

export function UserMessage({ row }: { row: RowOf<"user"> }) {
  return (
    <div className="turn-head steer">
      <h3>
        <span className="who">You, while it worked</span>
        <time dateTime={new Date(row.at).toISOString()}>{formatTime(row.at)}</time>
      </h3>
      <UserBubble text={row.item.text} images={row.item.images} />
    </div>
  );
}

function UserBubble({ text, images }: { text: string; images?: readonly Image[] | undefined }) {
  return (
    <div className="user-bubble" dir="auto">
      {text}
      {images && images.length > 0 && (
        <ul className="thumbnails" aria-label="Attached images">
          {images.map((image, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a sent message does not change.
            <li key={index}>
              <img src={`data:${image.mediaType};base64,${image.data}`} alt={`Attachment ${index + 1}`} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

const cuts = {
  "token-limit": "The answer was cut at the model's output limit.",
  interrupted: "The answer was stopped here.",
};

export const TextRow = memo(function TextRow({ row }: { row: RowOf<"text"> }) {
  return (
    <div className="markdown" dir="auto">
      {row.blocks.map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: blocks only ever grow at the end.
        <MarkdownBlock key={index} block={block} />
      ))}
      {row.incomplete && (
        <p className="cut">
          <Icon name="warning" /> {cuts[row.incomplete]}
        </p>
      )}
    </div>
  );
});

export function Reasoning({ row }: { row: RowOf<"reasoning"> }) {
  const panel = usePanel();
  const open = usePanelState((state) => state.expanded[row.key] ?? false);
  const words = row.streaming ? (
    <Thinking since={row.startedAt} />
  ) : row.durationMs === null || row.durationMs < 100 ? (
    "Thought"
  ) : (
    `Thought for ${formatDuration(row.durationMs)}`
  );
  return (
    <details className="reasoning" open={open} onToggle={(event) => panel.toggle(row.key, event.currentTarget.open)}>
      <summary>
        <Icon name="chevron-right" />
        {words}
      </summary>
      {open && (
        <div className="markdown quiet" dir="auto">
          {splitBlocks(row.text).map((block, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: blocks only ever grow at the end.
            <MarkdownBlock key={index} block={block} />
          ))}
        </div>
      )}
    </details>
  );
}

function Thinking({ since }: { since: number }) {
  return (
    <>
      Thinking <span className="meta">{formatRunning(useNow(true) - since)}</span>
    </>
  );
}

export function Working({ row }: { row: RowOf<"working"> }) {
  const elapsed = useNow(true) - row.startedAt;
  return (
    <div className="working">
      <Icon name="loading" spin />
      Waiting for the model
      {elapsed >= 3_000 && <span className="meta">{formatRunning(elapsed)}</span>}
    </div>
  );
}

export function Retry({ row }: { row: RowOf<"retry"> }) {
  const { retry } = row;
  const left = Math.max(0, Math.ceil((retry.at + retry.delayMs - useNow(true)) / 1000));
  return (
    <div className="notice warning">
      <Icon name="sync" />
      <div>
        <p>{retry.message}</p>
        <p className="meta">
          {left > 0 ? `Trying again in ${left} s` : "Trying again now"} (attempt {retry.attempt} of {retry.maxAttempts})
        </p>
      </div>
    </div>
  );
}

const noticeIcons = { info: "info", warning: "warning", error: "error" };
const noticeWords = { info: "Note", warning: "Warning", error: "Error" };

export function Notice({ notice }: { notice: NoticeEntry }) {
  return (
    <div className={`notice ${notice.level}`}>
      <Icon name={noticeIcons[notice.level]} />
      <div>
        <p>
          <span className="visually-hidden">{noticeWords[notice.level]}: </span>
          {notice.message}
        </p>
        {notice.next && <p className="meta">{notice.next}</p>}
      </div>
    </div>
  );
}
