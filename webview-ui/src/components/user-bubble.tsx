/** What the person said, with the images they attached. */
import type { Image } from "../../../src/protocol/items.ts";
import { Clamped } from "./clamped.tsx";

interface UserBubbleProps {
  rowKey: string;
  text: string;
  images?: readonly Image[] | undefined;
}

export function UserBubble({ rowKey, text, images }: UserBubbleProps) {
  return (
    <div className="user-bubble" dir="auto">
      <Clamped text={text} chars={4_000} stateKey={rowKey} />
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
