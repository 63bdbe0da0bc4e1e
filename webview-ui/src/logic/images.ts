/** Which pasted or picked files may be attached. */

export const IMAGE_TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
export const IMAGE_LIMIT_BYTES = 5 * 1024 * 1024;
export const IMAGE_LIMIT_COUNT = 10;

/** Null when it may be attached, else what is wrong with it. */
export function imageProblem(file: { name: string; type: string; size: number }, attached: number): string | null {
  const name = file.name || "The image";
  if (!IMAGE_TYPES.includes(file.type)) return `${name} is not a PNG, JPEG, GIF or WebP image.`;
  if (file.size > IMAGE_LIMIT_BYTES) {
    return `${name} has ${(file.size / 1024 / 1024).toFixed(1)} MB; images may have 5 MB at most.`;
  }
  if (attached >= IMAGE_LIMIT_COUNT) return `Only ${IMAGE_LIMIT_COUNT} images can be attached to one message.`;
  return null;
}
