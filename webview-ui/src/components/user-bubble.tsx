import type { Image } from "../../../src/protocol/items.ts";

export function UserBubble({ text, images }: { text: string; images?: readonly Image[] | undefined }) {
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
