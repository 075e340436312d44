// Keyboard shortcuts: one table, which the help shows too.
const kMac = /Mac|iPhone|iPad/.test(navigator.platform);

const table = new Map();

/** keys: 'mod+shift+o' (mod is Ctrl, on a Mac Cmd), '/' (not while typing) */
export function shortcut(keys, label, run) {
  table.set(keys, { keys, label, run });
  return () => table.delete(keys);
}

export const shortcuts = () => [...table.values()];

export const shown = (keys) =>
  keys
    .split('+')
    .map(
      (part) =>
        ({ mod: kMac ? '⌘' : 'Ctrl', shift: kMac ? '⇧' : 'Shift', alt: kMac ? '⌥' : 'Alt', escape: 'Esc' })[part] ??
        part.toUpperCase(),
    )
    .join(kMac ? '' : '+');

/** Where an arrow key leads in a row: 1 to what follows, -1 to what comes before; 0 for other keys. */
export function arrow_step({ key, currentTarget }) {
  const right = getComputedStyle(currentTarget).direction === 'rtl' ? -1 : 1;
  return { ArrowRight: right, ArrowLeft: -right }[key] ?? 0;
}

function pressed(event) {
  const parts = [];
  if (kMac ? event.metaKey : event.ctrlKey) parts.push('mod');
  if (event.altKey) parts.push('alt');
  if ((event.shiftKey && event.key.length > 1) || (event.shiftKey && parts.length)) parts.push('shift');
  return [...parts, event.key.toLowerCase()].join('+');
}

const typing = (target) => target.closest?.('input, textarea, select, [contenteditable]');

addEventListener('keydown', (event) => {
  const entry = table.get(pressed(event));
  if (!entry || (typing(event.target) && !entry.keys.includes('mod') && entry.keys !== 'escape')) return;
  if (entry.run(event) === false) return;
  event.preventDefault();
});
