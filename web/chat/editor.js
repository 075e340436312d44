// A message that is being edited, in its place.
import { html, useEffect, useRef } from '../lib/html.js';
import { t } from '../lib/language.js';

/** label: of the button that ends it; on_done: with the new text, or null where the user changed his mind. */
export function Editor({ text, label, on_done }) {
  const input = useRef();
  useEffect(() => {
    input.current.focus();
    input.current.setSelectionRange(text.length, text.length);
  }, []);
  const key = (event) => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      on_done(null);
    } else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      on_done(input.current.value);
    }
  };
  return html`<div class="editor">
    <textarea ref=${input} rows=${Math.min(12, text.split('\n').length + 1)} aria-label=${t('Edit the message')}
        onKeyDown=${key} dir="auto">${text}</textarea>
    <div class="row end">
      <button type="button" onClick=${() => on_done(null)}>${t('Cancel')}</button>
      <button type="button" class="primary" onClick=${() => on_done(input.current.value)}>${label}</button>
    </div>
  </div>`;
}
