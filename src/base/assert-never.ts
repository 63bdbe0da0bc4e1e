/** Makes the compiler list the cases that a switch forgot. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
