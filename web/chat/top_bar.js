// Above the messages: which model answers, how full its context is, and what can be done with the conversation.
import { number, percent, short } from '../lib/format.js';
import { html } from '../lib/html.js';
import { t } from '../lib/language.js';
import { settings } from '../lib/settings.js';
import { shown } from '../lib/shortcuts.js';
import { useStore } from '../lib/store.js';
import { guarded } from '../lib/toast.js';
import { export_one, remove, rename } from '../conversations/list.js';
import { library, model_named } from '../models/library.js';
import { Bar } from '../shell/bar.js';
import { IconButton } from '../shell/icons.js';
import { Menu } from '../shell/menu.js';

function ModelPicker({ conversation }) {
  const { models } = useStore(library);
  useStore(settings);
  const current = model_named(conversation.settings.model)?.name ?? '';
  const choose = guarded((event) => conversation.change({ settings: { model: event.target.value } }));
  const unknown = conversation.settings.model && !models.some((model) => model.name === conversation.settings.model);
  return html`<label class="model-picker"><span class="hidden">${t('Model')}</span>
    <select value=${unknown ? conversation.settings.model : current} onChange=${choose}>
      ${
        unknown &&
        html`<option
          value=${conversation.settings.model}>${t('{name} (not here)', { name: conversation.settings.model })}</option>`
      }
      ${models.map((model) => html`<option value=${model.name}>${model.name}</option>`)}
    </select>
  </label>`;
}

/** How many tokens the conversation has, beside those the model can hold. */
function ContextMeter({ conversation }) {
  const { models } = useStore(library);
  const context = models.length && model_named(conversation.settings.model)?.context;
  const last = conversation.branch.findLast((message) => message.usage);
  if (!context || !last) return null;
  const used = last.usage.prompt + last.usage.completion;
  const part = Math.min(1, used / context);
  const label = t('Context: {used} of {all} tokens', { used: number(used), all: number(context) });
  return html`<div class=${`context ${part > 0.85 ? 'full' : ''}`} title=${label}>
    <${Bar} value=${part} label=${label} /><b>${part < 0.01 ? short(used) : percent(part)}</b>
  </div>`;
}

export function TopBar({ conversation, open_sidebar, panel, toggle_panel }) {
  const entry = { id: conversation.id, title: conversation.title };
  return html`<header class="top-bar">
    <span class="opener"><${IconButton} name="menu" label=${t('Side bar')} onClick=${open_sidebar} /></span>
    <${ModelPicker} conversation=${conversation} />
    <h1 class="title" dir="auto">${conversation.title || t('New chat')}</h1>
    <${ContextMeter} conversation=${conversation} />
    <${IconButton} name="sliders" label=${`${t('Settings of this chat')} (${shown('mod+.')})`}
        aria-pressed=${String(panel)} onClick=${toggle_panel} />
    ${
      conversation.id &&
      html`<${Menu} label=${t('Actions for this chat')} items=${[
        { label: t('Rename'), icon: 'edit', run: guarded(() => rename(entry)) },
        { label: t('Export as JSON'), icon: 'save', run: guarded(() => export_one(entry, 'json')) },
        { label: t('Export as Markdown'), icon: 'save', run: guarded(() => export_one(entry, 'markdown')) },
        { label: t('Delete'), icon: 'trash', danger: true, run: guarded(() => remove(entry)) },
      ]} />`
    }
  </header>`;
}
