/** Guesses what a file is from its first bytes: enough to say why it is not shown as text. */
interface Signature {
  readonly name: string;
  readonly bytes: readonly number[];
  readonly at?: number;
}

const ascii = (text: string) => [...text].map((char) => char.charCodeAt(0));

const signatures: readonly Signature[] = [
  { name: "PDF document", bytes: ascii("%PDF") },
  { name: "ZIP archive (or a format built on it: jar, docx, xlsx, …)", bytes: [0x50, 0x4b, 0x03, 0x04] },
  { name: "gzip archive", bytes: [0x1f, 0x8b] },
  { name: "xz archive", bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a] },
  { name: "bzip2 archive", bytes: ascii("BZh") },
  { name: "zstd archive", bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { name: "tar archive", bytes: ascii("ustar"), at: 257 },
  { name: "ELF program or library", bytes: [0x7f, 0x45, 0x4c, 0x46] },
  { name: "Windows program", bytes: ascii("MZ") },
  { name: "WebAssembly module", bytes: [0x00, 0x61, 0x73, 0x6d] },
  { name: "Java class file", bytes: [0xca, 0xfe, 0xba, 0xbe] },
  { name: "SQLite database", bytes: ascii("SQLite format 3") },
  { name: "UTF-16 text", bytes: [0xff, 0xfe] },
  { name: "UTF-16 text", bytes: [0xfe, 0xff] },
];

const images: readonly (Signature & { readonly mediaType: string })[] = [
  { name: "PNG image", mediaType: "image/png", bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { name: "JPEG image", mediaType: "image/jpeg", bytes: [0xff, 0xd8, 0xff] },
  { name: "GIF image", mediaType: "image/gif", bytes: ascii("GIF8") },
  { name: "WebP image", mediaType: "image/webp", bytes: ascii("WEBP"), at: 8 },
];

export function guessKind(bytes: Uint8Array): string {
  return signatures.find((signature) => matches(bytes, signature))?.name ?? "binary data";
}

/** An image of a kind that models take; null otherwise. */
export function imageKind(bytes: Uint8Array): { readonly name: string; readonly mediaType: string } | null {
  return images.find((signature) => matches(bytes, signature)) ?? null;
}

function matches(bytes: Uint8Array, { bytes: expected, at = 0 }: Signature): boolean {
  return expected.every((byte, index) => bytes[at + index] === byte);
}

export function formatSize(sizeBytes: number): string {
  if (sizeBytes < 1_000) return sizeBytes === 1 ? "1 byte" : `${sizeBytes} bytes`;
  if (sizeBytes < 1_000_000) return `${(sizeBytes / 1_000).toFixed(1)} kB`;
  return `${(sizeBytes / 1_000_000).toFixed(1)} MB`;
}

/** A path as one word of a shell command. */
export function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) && !path.startsWith("-") ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
