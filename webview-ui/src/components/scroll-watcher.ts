/**
 * Follows the timeline's scroller: a person who goes up lets go of the bottom, reaching it holds on again, and a resize
 * keeps what was held. The list corrects its position by itself whenever rows turn out higher or lower than guessed, so
 * going up counts only right after something a person does.
 */
const BOTTOM_SLACK_PX = 24;
const INTENT_MS = 400;
const UP_KEYS = new Set(["ArrowUp", "PageUp", "Home", " "]);

export function watcher(
  stuck: { current: boolean },
  setAtBottom: (value: boolean) => void,
  toBottom: () => void,
): { watch: (element: HTMLElement | null) => void } {
  let stop: AbortController | undefined;
  return {
    watch: (element) => {
      stop?.abort();
      stop = undefined;
      if (!element) return;
      stop = new AbortController();
      const options = { signal: stop.signal, passive: true };
      let top = element.scrollTop;
      let intent = 0;
      let dragging = false;
      const meant = (): void => {
        intent = performance.now();
      };
      element.addEventListener("wheel", (event) => event.deltaY < 0 && meant(), options);
      element.addEventListener("touchmove", meant, options);
      element.addEventListener("keydown", (event) => UP_KEYS.has(event.key) && meant(), options);
      // The focus may go to something further up.
      window.addEventListener("keydown", (event) => event.key === "Tab" && meant(), options);
      // The scroll bar belongs to the element itself; its rows are children.
      element.addEventListener("pointerdown", (event) => (dragging = event.target === element), options);
      window.addEventListener("pointerup", () => (dragging = false), options);
      element.addEventListener(
        "scroll",
        () => {
          const bottom = element.scrollHeight - element.scrollTop - element.clientHeight < BOTTOM_SLACK_PX;
          const byPerson = dragging || performance.now() - intent < INTENT_MS;
          if (bottom) stuck.current = true;
          else if (element.scrollTop < top && byPerson) stuck.current = false;
          top = element.scrollTop;
          setAtBottom(stuck.current);
        },
        options,
      );
      const resized = new ResizeObserver(() => {
        if (stuck.current) toBottom();
      });
      resized.observe(element);
      // The rows, with the padding which stands for those outside the document.
      const rows = element.querySelector("[data-testid=virtuoso-item-list]");
      if (rows) resized.observe(rows, { box: "border-box" });
      stop.signal.addEventListener("abort", () => resized.disconnect());
    },
  };
}
