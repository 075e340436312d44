// The settings of one conversation: system prompt and presets, thinking, sampling, structure, tools, pictures.
import { html, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { change_settings, settings } from '../lib/settings.js';
import { useStore } from '../lib/store.js';
import { guarded, toast } from '../lib/toast.js';
import { ask_text } from '../shell/dialog.js';
import { icon, IconButton } from '../shell/icons.js';
import { kBudgets } from '../media/attachments.js';
import { SchemaForm } from './schema_form.js';
import { kBuiltin } from './tools.js';

const kSampling = [
  ['temperature', 'Temperature', 0, 2, 0.05, '1'],
  ['top_p', 'Top-p', 0, 1, 0.01, '0.95'],
  ['top_k', 'Top-k', 0, 1000, 1, '64'],
  ['min_p', 'Min-p', 0, 1, 0.01, '0'],
  ['repetition_penalty', 'Repetition penalty', 0.5, 2, 0.05, '1'],
  ['max_tokens', 'Tokens at most', 1, 1_000_000, 1, '∞'],
  ['seed', 'Seed', 0, 4294967295, 1, ''],
];

const kPresetFields = [
  'system',
  'thinking',
  ...kSampling.map(([name]) => name),
  'schema',
  'builtin_tools',
  'tools',
  'image_budget',
  'probabilities',
];

function Presets({ values, set }) {
  const { presets } = useStore(settings);
  const apply = (event) => {
    const preset = presets.find(({ name }) => name === event.target.value);
    if (preset) set(Object.fromEntries(kPresetFields.map((name) => [name, preset.values[name] ?? null])));
    event.target.value = '';
  };
  const save = guarded(async () => {
    const name = (await ask_text(t('Name of the preset'), ''))?.trim();
    if (!name) return;
    const kept = Object.fromEntries(
      kPresetFields.filter((field) => values[field] !== undefined).map((field) => [field, values[field]]),
    );
    const preset = { name, values: kept };
    await change_settings((now) => ({ presets: [...now.presets.filter((other) => other.name !== name), preset] }));
    toast(t('Preset “{name}” is saved.', { name }));
  });
  return html`<div class="row">
    <select aria-label=${t('Use a preset')} onChange=${apply} disabled=${!presets.length}>
      <option value="">${presets.length ? t('Use a preset') : t('No presets yet')}</option>
      ${presets.map(({ name }) => html`<option value=${name}>${name}</option>`)}
    </select>
    <button type="button" class="small" onClick=${save}>${t('Save as preset')}</button>
  </div>`;
}

const NumberField = ({
  field: [name, label, min, max, step, placeholder],
  values,
  set,
}) => html`<label class="field inline">${t(label)}
  <input type="number" min=${min} max=${max} step=${step} placeholder=${placeholder} key=${values[name]}
      defaultValue=${values[name] ?? ''}
    onChange=${(event) => event.target.reportValidity() && set({ [name]: event.target.value === '' ? null : Number(event.target.value) })} /></label>`;

function Tools({ values, set }) {
  const [wrong, set_wrong] = useState('');
  const chosen = values.builtin_tools ?? [];
  const toggle = (name) =>
    set({ builtin_tools: chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name] });
  const own = (event) => {
    try {
      if (event.target.value.trim()) JSON.parse(event.target.value);
      set_wrong('');
      set({ tools: event.target.value });
    } catch (error) {
      set_wrong(error.message);
    }
  };
  return html`
    ${Object.keys(kBuiltin).map(
      (name) => html`<label class="check"><input type="checkbox"
        checked=${chosen.includes(name)} onChange=${() => toggle(name)} /><code>${name}</code></label>`,
    )}
    <label class="field">${t('Your own tools, as JSON; you give their results')}
      <textarea key=${values.tools} rows="3" class="code-input" dir="ltr"
          spellcheck="false" placeholder='[{"name": "…", "description": "…", "parameters": {…}}]'
          onChange=${own}>${values.tools ?? ''}</textarea></label>
    ${wrong && html`<p class="error" role="alert">${wrong}</p>`}`;
}

const Section = ({ title, open, children }) =>
  html`<details class="section"
      open=${open}><summary>${icon('chevron')}${title}</summary><div>${children}</div></details>`;

export function SettingsPanel({ conversation, on_close }) {
  const values = conversation.settings;
  const set = guarded((part) => conversation.change({ settings: part }));
  return html`<aside class="panel" aria-label=${t('Settings of this chat')}>
    <header><h2>${t('Settings of this chat')}</h2><${IconButton} name="close" label=${t('Close')}
        onClick=${on_close} /></header>
    <${Presets} values=${values} set=${set} />
    <label class="field">${t('System prompt')}
      <textarea key=${values.system} rows="4" dir="auto"
          placeholder=${t('What the model should know or be, in this chat')}
          onChange=${(event) => set({ system: event.target.value })}>${values.system ?? ''}</textarea></label>
    <${Section} title=${t('Sampling')} open>
      ${kSampling.map((field) => html`<${NumberField} key=${field[0]} field=${field} values=${values} set=${set} />`)}
      <p class="muted small">${t('Empty: as the model’s makers advise.')}</p>
    <//>
    <${Section} title=${t('Structured answers')} open=${Boolean(values.schema)}><${SchemaForm}
        value=${values.schema ?? ''} set=${(schema) => set({ schema })} /><//>
    <${Section} title=${t('Tools')} open=${Boolean(values.builtin_tools?.length || values.tools)}><${Tools}
        values=${values} set=${set} /><//>
    <${Section} title=${t('Details')} open>
      <label class="check"><input type="checkbox" checked=${Boolean(values.probabilities)}
          onChange=${(event) => set({ probabilities: event.target.checked })} />
        ${t('Keep the probability of each token')}</label>
      <label class="field inline">${t('Tokens for a picture')}
        <select value=${values.image_budget ?? ''}
            onChange=${(event) => set({ image_budget: event.target.value || null })}>
          <option value="">${t('As the model has it')}</option>
          ${kBudgets.map((budget) => html`<option value=${budget}>${budget}</option>`)}
        </select></label>
    <//>
  </aside>`;
}
