/**
 * Follows the timeline's scroller: a person who goes up or opens something lets go of the bottom, reaching it holds on
 * again, and a resize keeps what was held. The list corrects its position by itself whenever rows turn out higher or
 * lower than guessed, so going up counts right after something a person does, or when nothing has changed its height
 * for a while: then somebody else has moved the view, as a search in the page or a screen reader does.
 */
const BOTTOM_SLACK_PX = 24;
const INTENT_MS = 400;
/** What was opened has been drawn by then. */
const OPENED_MS = 150;
/** The list has made its corrections by then. */
const SETTLED_MS = 200;
const OPENERS = "[aria-expanded=false], details:not([open]) > summary";
const UP_KEYS = new Set(["ArrowUp", "PageUp", "Home"]);

export function watcher(
  stuck: { current: boolean },
  setAtBottom: (value: boolean) => void,
  toBottom: () => void,
  /** Whether the bottom of the rows is the end of the session, to be held on to. */
  isEnd: () => boolean,
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
      let intent = Number.NEGATIVE_INFINITY;
      let letGo = Number.NEGATIVE_INFINITY;
      let dragging = false;
      let height = element.scrollHeight;
      let changed = performance.now();
      const measure = (): void => {
        if (element.scrollHeight === height) return;
        height = element.scrollHeight;
        changed = performance.now();
      };
      const meant = (): void => {
        intent = performance.now();
      };
      /** At once: a fast stream would pull the view back before the first step of a smooth scroll is seen. */
      const up = (): void => {
        meant();
        if (element.scrollTop <= 0) return;
        stuck.current = false;
        letGo = performance.now();
      };
      const turned = (event: WheelEvent): void => {
        if (event.deltaY < 0) up();
        else letGo = Number.NEGATIVE_INFINITY;
      };
      element.addEventListener("wheel", turned, options);
      const setDragging = (value: boolean): void => {
        dragging = value;
      };
      element.addEventListener("touchmove", meant, options);
      element.addEventListener("keydown", (event) => UP_KEYS.has(event.key) && up(), options);
      // The focus may go to something further up.
      window.addEventListener("keydown", (event) => event.key === "Tab" && meant(), options);
      // The scroll bar belongs to the element itself; its rows are children.
      element.addEventListener("pointerdown", (event) => setDragging(event.target === element), options);
      window.addEventListener("pointerup", () => setDragging(false), options);
      const isAtBottom = (): boolean =>
        element.scrollHeight - element.scrollTop - element.clientHeight < BOTTOM_SLACK_PX;
      // What somebody opens stays where it was clicked, also where it is high and the list stands at its end.
      const opened = (event: Event): void => {
        if (!stuck.current || !(event.target instanceof Element) || !event.target.closest(OPENERS)) return;
        stuck.current = false;
        setTimeout(() => {
          if (stop?.signal.aborted) return;
          stuck.current = isAtBottom() && isEnd();
          setAtBottom(stuck.current);
        }, OPENED_MS);
      };
      element.addEventListener("click", opened, options);
      element.addEventListener(
        "scroll",
        () => {
          measure();
          const bottom = isAtBottom();
          const now = performance.now();
          const byPerson = dragging || now - intent < INTENT_MS;
          // The scroll event of the last step down may come after the person has turned round.
          const leaving = now - letGo < INTENT_MS;
          const byOthers = !bottom && now - changed > SETTLED_MS;
          if (element.scrollTop < top && (byPerson || byOthers)) stuck.current = false;
          else if (bottom && !leaving && isEnd()) stuck.current = true;
          top = element.scrollTop;
          setAtBottom(stuck.current);
        },
        // Before the list itself, which may draw other rows at once.
        { ...options, capture: true },
      );
      const resized = new ResizeObserver(() => {
        measure();
        changed = performance.now();
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
