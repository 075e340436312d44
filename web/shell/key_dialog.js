// Asks for the key of a server that wants one, and says when it was wrong.
import { connection, key, set_key } from '../lib/api.js';
import { html } from '../lib/html.js';
import { t } from '../lib/language.js';
import { useStore } from '../lib/store.js';

export function KeyDialog() {
  const { needs_key } = useStore(connection);
  if (!needs_key) return null;
  const submit = (event) => {
    event.preventDefault();
    set_key(event.target.elements.key.value.trim());
    location.reload();
  };
  return html`<div class="gate"><form class="card" onSubmit=${submit} aria-label=${t('Key')}>
    <h2>${t('This server wants a key')}</h2>
    ${key() && html`<p class="error"
        role="alert">${t('The key was not accepted. Check it for missing characters.')}</p>`}
    <label class="field">${t('Key')}<input name="key" type="password"
        autocomplete="current-password" required autofocus /></label>
    <p class="muted small">${t('It is kept until this tab is closed, and sent with each request to this server alone.')}</p>
    <button class="primary">${t('Go on')}</button>
  </form></div>`;
}
