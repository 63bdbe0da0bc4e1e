/** Tells of a question that waits where it cannot be seen. */
import { usePanelState } from "../store.ts";
import { Icon } from "./icon.tsx";

export function AttentionBar({ onShow }: { onShow: (rowKey: string) => void }) {
  const permission = usePanelState((state) => state.session?.pendingPermissions[0]);
  const question = usePanelState((state) => state.session?.pendingQuestions[0]);
  const callId = permission?.callId ?? question?.callId;
  if (callId === undefined) return null;
  return (
    <button type="button" className="attention" onClick={() => onShow(`call:${callId}`)}>
      <Icon name="bell" />
      <span className="clip">{permission ? permission.title : question?.question}</span>
      <strong>Show</strong>
    </button>
  );
}
