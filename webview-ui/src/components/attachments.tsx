import type { Image } from "../../../src/protocol/items.ts";
import { imageProblem } from "../logic/images.ts";
import { usePanel, usePanelState } from "../store.ts";
import { IconButton } from "./icon.tsx";

export function Attachments({ onProblem }: { onProblem: (problem: string | null) => void }) {
  const panel = usePanel();
  const images = usePanelState((state) => state.images);
  if (images.length === 0) return null;
  const remove = (at: number): void => {
    panel.set({ images: images.filter((_, index) => index !== at) });
    onProblem(null);
    panel.focusComposer();
  };
  return (
    <ul className="thumbnails" aria-label="Attached images">
      {images.map((image, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: thumbnails hold no state.
        <li key={index}>
          <img src={`data:${image.mediaType};base64,${image.data}`} alt={`Attachment ${index + 1}`} />
          <IconButton icon="close" label={`Remove attachment ${index + 1}`} onClick={() => remove(index)} />
        </li>
      ))}
    </ul>
  );
}

export async function attachFiles(
  files: readonly File[],
  attached: number,
): Promise<{ images: Image[]; problem: string | null }> {
  const images: Image[] = [];
  let problem: string | null = null;
  for (const file of files) {
    const wrong = imageProblem(file, attached + images.length);
    if (wrong === null) images.push({ mediaType: file.type, data: await base64Of(file) });
    else problem = wrong;
  }
  return { images, problem };
}

function base64Of(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(reader.error ?? new Error("The image could not be read"));
    reader.readAsDataURL(file);
  });
}
