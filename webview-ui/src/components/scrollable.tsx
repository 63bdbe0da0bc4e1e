import type { ReactNode, Ref } from "react";

/** Something wider or higher than its place: the keyboard reaches it to scroll, and a screen reader hears what it is. */
export function Scrollable(props: {
  label: string;
  className: string;
  children: ReactNode;
  ref?: Ref<HTMLDivElement>;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms, and a section would be a landmark each.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it.
    <div ref={props.ref} role="group" className={props.className} tabIndex={0} aria-label={props.label}>
      {props.children}
    </div>
  );
}
