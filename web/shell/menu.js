// A button with a list of actions below it; arrow keys move, Escape closes.
import { html, useEffect, useRef, useState } from '../lib/html.js';
import { icon, IconButton } from './icons.js';

function move(event, list) {
  const items = [...list.querySelectorAll('[role=menuitem]')];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const at = items.indexOf(document.activeElement);
  items[(at + step + items.length) % items.length]?.focus();
}

/** items: {label, icon, run, danger} */
export function Menu({ label, name = 'more', items }) {
  const [open, set_open] = useState(false);
  const holder = useRef();
  useEffect(() => {
    if (!open) return undefined;
    holder.current.querySelector('[role=menuitem]')?.focus();
    const outside = (event) => !holder.current.contains(event.target) && set_open(false);
    addEventListener('pointerdown', outside);
    return () => removeEventListener('pointerdown', outside);
  }, [open]);
  const close = () => {
    set_open(false);
    holder.current.querySelector('button').focus();
  };
  const key = (event) => {
    if (event.key === 'Escape' && open) {
      event.stopPropagation();
      close();
    } else if (open) move(event, holder.current);
  };
  return html`<div class="menu" ref=${holder} onKeyDown=${key}>
    <${IconButton} name=${name} label=${label} aria-haspopup="menu" aria-expanded=${String(open)}
        onClick=${() => set_open(!open)} />
    ${
      open &&
      html`<div class="menu-list" role="menu" aria-label=${label}>
      ${items.filter(Boolean).map(
        (item) => html`<button type="button" role="menuitem" class=${item.danger ? 'danger-text' : ''}
        onClick=${() => {
          close();
          item.run();
        }}>${icon(item.icon)}${item.label}</button>`,
      )}
    </div>`
    }
  </div>`;
}
