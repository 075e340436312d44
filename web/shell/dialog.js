// A dialog in the middle of the page: the browser's own <dialog>, which keeps the keyboard inside and gives it back.
import { html, render, useEffect, useRef } from '../lib/html.js';
import { t } from '../lib/language.js';
import { IconButton } from './icons.js';

export function Dialog({ title, on_close, children, wide }) {
  const element = useRef();
  useEffect(() => element.current.showModal(), []);
  const outside = (event) => event.target === element.current && element.current.close();
  return html`<dialog ref=${element} class=${wide ? 'wide' : ''} aria-label=${title} onClose=${on_close}
      onMouseDown=${outside}>
    <div class="dialog-body">
      <header><h2>${title}</h2><${IconButton} name="close" label=${t('Close')}
          onClick=${() => element.current.close()} /></header>
      ${children}
    </div>
  </dialog>`;
}

/** Shows a dialog until it is closed; draw gets a function that closes it with a value. */
function ask(title, draw) {
  return new Promise((resolve) => {
    const host = document.body.appendChild(document.createElement('div'));
    let answer = null;
    const end = () => {
      render(null, host);
      host.remove();
      resolve(answer);
    };
    const close = (value) => {
      answer = value;
      host.querySelector('dialog').close();
    };
    render(html`<${Dialog} title=${title} on_close=${end}>${draw(close)}<//>`, host);
  });
}

/** Whether the user agrees to what cannot be undone: Enter alone does not. */
export const ask_yes = (title, text, label) =>
  ask(
    title,
    (close) => html`<p>${text}</p>
  <footer>
    <button type="button" autofocus onClick=${() => close(false)}>${t('Cancel')}</button>
    <button type="button" class="danger" onClick=${() => close(true)}>${label}</button>
  </footer>`,
  );

/** A line of text, or null. */
export const ask_text = (title, value) =>
  ask(title, (close) => {
    const submit = (event) => {
      event.preventDefault();
      close(event.target.elements.answer.value);
    };
    return html`<form onSubmit=${submit}>
    <input name="answer" value=${value} aria-label=${title} autofocus autocomplete="off" />
    <footer><button type="button" onClick=${() => close(null)}>${t('Cancel')}</button><button
        class="primary">${t('Save')}</button></footer>
  </form>`;
  });
