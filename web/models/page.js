// The models that this server has: what they are, what they can do, the memory they need, and whether they are loaded.
import { api } from '../lib/api.js';
import { bytes, number, short } from '../lib/format.js';
import { html, useEffect, useState } from '../lib/html.js';
import { counted, t } from '../lib/language.js';
import { go } from '../lib/router.js';
import { change_settings, settings } from '../lib/settings.js';
import { useStore } from '../lib/store.js';
import { guarded } from '../lib/toast.js';
import { PageFrame } from '../shell/page_frame.js';
import { library, load_models } from './library.js';
import { MemoryBar, plan_at } from './memory_bar.js';

const kSenses = { text: 'Text', image: 'Pictures', audio: 'Sound', video: 'Video' };

/** Contexts to choose from: powers of two up to the model's. */
function contexts(most) {
  const sizes = [];
  for (let size = 2048; size < most; size *= 2) sizes.push(size);
  return [...sizes, most];
}

function ContextPlan({ model, budget }) {
  const sizes = contexts(model.context);
  const [index, set_index] = useState(sizes.length - 1);
  return html`
    <${MemoryBar} plan=${plan_at(model, sizes[index])} budget=${budget}
        label=${t('Memory of {name}', { name: model.name })} />
    <label class="context-slider small">${t('Context')}
      <input type="range" min="0" max=${sizes.length - 1} value=${index} aria-valuetext=${number(sizes[index])}
          onInput=${(event) => set_index(Number(event.target.value))} />
      <span>${counted(sizes[index], '{count} token', '{count} tokens')}</span></label>`;
}

const is_coming = (model) => model.loading || (model.loaded && model.read < 1);

function State({ model }) {
  if (is_coming(model)) {
    const share = model.loading ? undefined : model.read; // what is loaded can be asked, and is still read from the disk
    return html`<span class="state">${t('Loading')} <progress aria-label=${t('Loading')} value=${share}></progress></span>`;
  }
  if (!model.loaded) return html`<span class="state muted">${t('on the disk')}</span>`;
  return html`<span class="state good">${model.busy ? t('loaded, answering') : t('loaded')}</span>`;
}

function Actions({ model }) {
  const act = (work) =>
    guarded(async () => {
      library.update({
        models: library.value.models.map((other) => (other === model ? { ...model, loading: true } : other)),
      });
      try {
        await work(model.name);
      } finally {
        await load_models();
      }
    });
  const chat = guarded(async () => {
    await change_settings({ model: model.name });
    go('chat');
  });
  return html`<div class="row wrap">
    <button type="button" class="primary small" onClick=${chat}>${t('Chat with it')}</button>
    ${
      model.loaded
        ? html`<button type="button" class="small" disabled=${model.loading}
            onClick=${act(api.unload_model)}>${t('Unload')}</button>`
        : html`<button type="button" class="small" disabled=${model.loading}
            onClick=${act(api.load_model)}>${t('Load')}</button>`
    }
  </div>`;
}

function Model({ model, budget, chosen }) {
  const facts = [
    model.parameters &&
      t('{count} parameters', {
        count: typeof model.parameters === 'number' ? short(model.parameters) : model.parameters,
      }),
    model.quantization,
    bytes(model.bytes),
    t('{count} tokens of context', { count: short(model.context) }),
    model.thinking && t('thinks'),
  ].filter(Boolean);
  return html`<article class="card model" aria-label=${model.name}>
    <header><h2 dir="auto">${model.name}</h2>${chosen && html`<span class="tag">${t('used for new chats')}</span>`}<span
        class="spring"></span><${State} model=${model} /></header>
    <p class="muted small">${facts.join(' · ')}</p>
    <ul class="tags">${model.modalities.map((sense) => html`<li class="tag">${t(kSenses[sense] ?? sense)}</li>`)}</ul>
    ${model.plan && html`<${ContextPlan} model=${model} budget=${budget} />`}
    <${Actions} model=${model} />
  </article>`;
}

export function Page({ open_sidebar }) {
  const { models, memory, machine, loaded } = useStore(library);
  const { model: chosen } = useStore(settings);
  const loading = models.some(is_coming);
  useEffect(guarded(load_models), []);
  useEffect(() => {
    const timer = setInterval(() => load_models().catch(() => {}), loading ? 500 : 5000);
    return () => clearInterval(timer);
  }, [loading]);
  const current = chosen || models.find((model) => model.default)?.name;
  return html`<${PageFrame} title=${t('Models')} open_sidebar=${open_sidebar}
      text=${t('GGUF files in the library’s folder appear here at once. A model is loaded by the first question to it.')}>
    ${
      machine &&
      html`<dl class="facts">
      <div><dt>${t('Kernels')}</dt><dd>${machine.isa || machine.kernels}</dd></div>
      <div><dt>${t('Threads')}</dt><dd>${number(machine.threads)}</dd></div>
      ${memory && html`<div><dt>${t('Memory for models')}</dt><dd>${t('{used} of {budget}', { used: bytes(memory.used), budget: bytes(memory.budget) })}</dd></div>`}
    </dl>`
    }
    ${models.map(
      (model) => html`<${Model} key=${model.name} model=${model} budget=${memory?.budget}
        chosen=${model.name === current} />`,
    )}
    ${
      loaded &&
      !models.length &&
      html`<p
        class="note bad">${t('There is no model. Put a GGUF file into the library’s folder; it appears at once.')}</p>`
    }
  <//>`;
}
