// The same request as a program would send it, folded below each task.
import { copy_and_tell } from '../lib/clipboard.js';
import { html, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { chat_programs, sound_programs } from './programs.js';

/** body: of a chat completion; or form: {path, fields, method} of a sound. */
export function Snippet({ body, form }) {
  const [shown, set_shown] = useState('curl');
  const [open, set_open] = useState(false);
  const texts = open && (form ? sound_programs(form) : chat_programs(body));
  const tab = (name) => html`<button type="button" class="small" role="tab" aria-selected=${String(name === shown)}
    onClick=${() => set_shown(name)}>${name}</button>`;
  return html`<details class="snippet card" onToggle=${(event) => set_open(event.target.open)}>
    <summary>${t('The same from a program')}</summary>
    ${texts && html`
      <div role="tablist" aria-label=${t('Language of the program')}>${Object.keys(texts).map(tab)}</div>
      <div class="code" dir="ltr" role="tabpanel"><pre tabindex="0"><code>${texts[shown]}</code></pre></div>
      <div class="row end">
        <button type="button" class="small" onClick=${() => copy_and_tell(texts[shown])}>${t('Copy')}</button>
      </div>`}
  </details>`;
}
