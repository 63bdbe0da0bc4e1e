/** What the runtime has to say. */
import type { NoticeEntry } from "../../../src/protocol/state.ts";
import { Clamped } from "./clamped.tsx";
import { Icon } from "./icon.tsx";

const noticeIcons = { info: "info", warning: "warning", error: "error" };
const noticeWords = { info: "Note", warning: "Warning", error: "Error" };

export function Notice({ rowKey, notice }: { rowKey: string; notice: NoticeEntry }) {
  return (
    <div className={`notice ${notice.level}`}>
      <Icon name={noticeIcons[notice.level]} />
      <div>
        <p>
          <span className="visually-hidden">{noticeWords[notice.level]}: </span>
          <Clamped text={notice.message} chars={1_000} stateKey={rowKey} />
        </p>
        {notice.next && <p className="meta">{notice.next}</p>}
      </div>
    </div>
  );
}
