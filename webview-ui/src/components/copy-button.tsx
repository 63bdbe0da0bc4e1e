import { useEffect, useState } from "react";
import { usePanel } from "../store.ts";
import { IconButton } from "./icon.tsx";

const DONE_MS = 1_500;

export function CopyButton({ text, label }: { text: string; label: string }) {
  const panel = usePanel();
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), DONE_MS);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async (): Promise<void> => {
    const copied = await copyText(text);
    setDone(copied);
    panel.announce(copied ? "Copied." : "Copying is not allowed here; select the text instead.");
  };
  return <IconButton icon={done ? "check" : "copy"} label={label} onClick={() => void copy()} />;
}

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No secure context or no permission: the old way works from a click nearly everywhere.
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}
