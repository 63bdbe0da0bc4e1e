/** Words and images that come back to the composer because the host could not take them. */
import type { Image, UserInput } from "../../../src/protocol/items.ts";

export interface Written {
  readonly draft: string;
  readonly images: readonly Image[];
}

/** They stand in front of what has been written since, in the order they were sent. */
export function withReturned({ draft, images }: Written, returned: readonly UserInput[]): Written {
  const texts = [...returned.map(({ text }) => text), draft];
  return {
    draft: texts.filter((text) => text !== "").join("\n\n"),
    images: [...returned.flatMap((input) => input.images ?? []), ...images],
  };
}
