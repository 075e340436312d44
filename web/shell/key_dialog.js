// Asks for the key of a server that wants one, and says when it was wrong.
import { connection, key, set_key } from '../lib/api.js';
import { html, useEffect, useRef, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { useStore } from '../lib/store.js';

/** A dialog that stays: without the key nothing can be done behind it. */
function Gate({ children }) {
  const element = useRef();
  const show = () => element.current?.showModal();
  useEffect(show, []);
  return html`<dialog ref=${element} class="gate" aria-label=${t('Key')} onCancel=${(event) => event.preventDefault()}
      onClose=${show}>${children}</dialog>`;
}

function KeyForm() {
  const [error, set_error] = useState(() => key() && t('The key was not accepted. Check it for missing characters.'));
  const submit = (event) => {
    event.preventDefault();
    try {
      set_key(event.target.elements.key.value.trim());
      location.reload();
    } catch (failure) {
      set_error(failure.message);
    }
  };
  return html`<form class="dialog-body" onSubmit=${submit}>
    <h2>${t('This server wants a key')}</h2>
    ${error && html`<p class="error" role="alert">${error}</p>`}
    <label class="field">${t('Key')}<input name="key" type="password"
        autocomplete="current-password" required autofocus /></label>
    <p class="muted small">${t('It is kept until this tab is closed, and sent with each request to this server alone.')}</p>
    <button class="primary">${t('Go on')}</button>
  </form>`;
}

export const KeyDialog = () => useStore(connection).needs_key && html`<${Gate}><${KeyForm} /><//>`;
