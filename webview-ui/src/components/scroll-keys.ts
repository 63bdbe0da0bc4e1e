/** Ctrl+Home and Ctrl+End (on macOS ⌘↑ and ⌘↓) in the timeline: to the first entry of the session, and to its end. */
export function onEdgeKeys(element: HTMLElement, go: { toFirst: () => void; toLatest: () => void }): () => void {
  const pressed = (event: KeyboardEvent): void => {
    // In a field they move the caret.
    if (event.target instanceof Element && event.target.closest("input, textarea")) return;
    const to = event.ctrlKey
      ? { Home: go.toFirst, End: go.toLatest }[event.key]
      : event.metaKey
        ? { ArrowUp: go.toFirst, ArrowDown: go.toLatest }[event.key]
        : undefined;
    if (!to) return;
    event.preventDefault();
    to();
  };
  element.addEventListener("keydown", pressed);
  return () => element.removeEventListener("keydown", pressed);
}
