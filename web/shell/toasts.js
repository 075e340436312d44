// Messages at the edge, and the bar that says when the server is away.
import { connection } from '../lib/api.js';
import { html } from '../lib/html.js';
import { t } from '../lib/language.js';
import '../lib/lost_server.js';
import { useStore } from '../lib/store.js';
import { dismiss, toasts } from '../lib/toast.js';
import { IconButton } from './icons.js';

export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${useStore(toasts).map(
      ({ id, text, kind }) => html`<div key=${id} class=${`toast ${kind}`}>
      <span>${text}</span>
      <${IconButton} name="close" label=${t('Close')} onClick=${() => dismiss(id)} />
    </div>`,
    )}
  </div>`;
}

export function ConnectionBar() {
  const { online } = useStore(connection);
  return html`<div class="connection" role="alert" hidden=${online}>
    ${!online && t('The server cannot be reached. It is tried again every few seconds; nothing you wrote is lost.')}
  </div>`;
}
