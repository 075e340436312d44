// Settings of the page: look, language, what new chats begin with, the key, and what is kept.
import { api, key, set_key } from '../lib/api.js';
import { html } from '../lib/html.js';
import { choose_language, kLanguages, language, t } from '../lib/language.js';
import { go } from '../lib/router.js';
import { change_settings, settings } from '../lib/settings.js';
import { useStore } from '../lib/store.js';
import { choose_theme, theme } from '../lib/theme.js';
import { guarded } from '../lib/toast.js';
import { load_list } from '../conversations/list.js';
import { library } from '../models/library.js';
import { ask_yes } from './dialog.js';
import { IconButton } from './icons.js';
import { PageFrame } from './page_frame.js';

const save = guarded((part) => change_settings(part));
const save_default = (part) => save((now) => ({ defaults: { ...now.defaults, ...part } }));

const Choice = ({ label, value, options, on_change }) => html`<label class="field inline">${label}
  <select value=${value}
      onChange=${(event) => on_change(event.target.value)}>${options.map(
        ([name, text]) => html`<option
      value=${name}>${text}</option>`,
      )}</select></label>`;

const Check = ({ label, checked, on_change }) =>
  html`<label class="check"><input type="checkbox" checked=${checked}
      onChange=${(event) => on_change(event.target.checked)} />${label}</label>`;

function Presets({ presets }) {
  const remove = (name) => save((now) => ({ presets: now.presets.filter((preset) => preset.name !== name) }));
  if (!presets.length) return html`<p class="muted">${t('Presets are saved from the settings of a chat.')}</p>`;
  return html`<ul class="plain">${presets.map(
    ({ name }) => html`<li class="row" key=${name}><span dir="auto">${name}</span><span class="spring"></span>
    <${IconButton} name="trash" label=${t('Delete {name}', { name })} onClick=${() => remove(name)} /></li>`,
  )}</ul>`;
}

const delete_all = guarded(async () => {
  if (
    !(await ask_yes(
      t('Delete all conversations?'),
      t('All conversations and their media are deleted for good, for everyone who uses this key.'),
      t('Delete all'),
    ))
  )
    return;
  await api.delete_all();
  await load_list();
  go('chat');
});

const store_key = (event) => {
  event.preventDefault();
  set_key(event.target.elements.key.value.trim());
  location.reload(); // nothing of another key's owner stays in this tab
};

export function Page({ open_sidebar }) {
  const now = useStore(settings);
  const { models } = useStore(library);
  return html`<${PageFrame} title=${t('Settings')} open_sidebar=${open_sidebar}>
    <section class="card stack"><h2>${t('Look and language')}</h2>
      <${Choice} label=${t('Colours')} value=${useStore(theme)} on_change=${choose_theme} options=${[
        ['system', t('As the system has them')],
        ['light', t('Light')],
        ['dark', t('Dark')],
      ]} />
      <${Choice} label=${t('Language')} value=${useStore(language)} on_change=${guarded(choose_language)}
          options=${Object.entries(kLanguages)} />
      <${Check} label=${t('Show the figures of each answer')}
          checked=${now.show_figures} on_change=${(show_figures) => save({ show_figures })} />
      <${Check} label=${t('Ask before a conversation is deleted')}
          checked=${now.confirm_delete} on_change=${(confirm_delete) => save({ confirm_delete })} />
    </section>
    <section class="card stack"><h2>${t('New chats begin with')}</h2>
      <${Choice} label=${t('Model')} value=${now.model} on_change=${(model) => save({ model })}
          options=${[['', t('The server’s first')], ...models.map(({ name }) => [name, name])]} />
      <label class="field">${t('System prompt')}<textarea key=${now.defaults.system} rows="3" dir="auto"
          onChange=${(event) => save_default({ system: event.target.value })}>${now.defaults.system}</textarea></label>
      <${Check} label=${t('Keep the probability of each token')}
          checked=${now.defaults.probabilities} on_change=${(probabilities) => save_default({ probabilities })} />
    </section>
    <section class="card stack"><h2>${t('Presets')}</h2><${Presets} presets=${now.presets} /></section>
    <section class="card stack"><h2>${t('Key')}</h2>
      <form class="row" onSubmit=${guarded(store_key)}><input name="key" type="password" value=${key()} aria-label=${t('Key')}
          autocomplete="current-password"
          placeholder=${t('Only for servers that want one')} /><button>${t('Save')}</button></form>
    </section>
    <section class="card stack"><h2>${t('Data')}</h2>
      <p class="muted">${t('Conversations are kept by the server, in its database on this machine, and nowhere else.')}</p>
      <div><button type="button" class="danger" onClick=${delete_all}>${t('Delete all conversations')}</button></div>
    </section>
  <//>`;
}
