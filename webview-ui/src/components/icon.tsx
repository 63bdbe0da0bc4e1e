/** A codicon. It is never the only thing that says something: what it stands next to has words or a label. */
export function Icon({ name, spin = false }: { name: string; spin?: boolean }) {
  return <span className={`codicon codicon-${name}${spin ? " spin" : ""}`} aria-hidden="true" />;
}

interface IconButtonProps {
  icon: string;
  label: string;
  onClick: () => void;
  disabled?: boolean;
  /** For a button that shows and hides something. */
  expanded?: boolean;
  className?: string;
}

export function IconButton({ icon, label, onClick, disabled = false, expanded, className = "" }: IconButtonProps) {
  return (
    <button
      type="button"
      className={`icon-button ${className}`}
      aria-label={label}
      title={label}
      aria-expanded={expanded}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
