// Controls that the task pages share: a place to drop files, a choice of model, buttons for a result.
import { copy_and_tell } from '../lib/clipboard.js';
import { pick_files, save_file } from '../lib/files.js';
import { html, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { useStore } from '../lib/store.js';
import { library, model_named } from '../models/library.js';
import { icon } from '../shell/icons.js';

export function DropZone({ text, accept, on_files, multiple = true, children }) {
  const [over, set_over] = useState(false);
  const drop = (event) => {
    event.preventDefault();
    set_over(false);
    const files = [...event.dataTransfer.files];
    if (files.length) on_files(multiple ? files : files.slice(0, 1));
  };
  const drag = (event) => {
    event.preventDefault();
    set_over(true);
  };
  const pick = async () => {
    const files = await pick_files(accept, multiple);
    if (files.length) on_files(files);
  };
  return html`<div class=${`drop ${over ? 'over' : ''}`} onDragOver=${drag} onDragLeave=${() => set_over(false)}
      onDrop=${drop}>
    <p class="muted">${text}</p>
    <div class="row wrap"><button type="button"
        onClick=${pick}>${icon('clip')}${t('Choose files')}</button>${children}</div>
  </div>`;
}

/** The models that have a sense; the first that has it is chosen while the user chose none. */
export function useModel(sense) {
  const { models, loaded } = useStore(library);
  const [chosen, set_chosen] = useState('');
  const able = models.filter((model) => model.modalities.includes(sense));
  const fitting = model_named(chosen);
  const name = able.includes(fitting) ? fitting.name : (able[0]?.name ?? '');
  return { name, able, choose: set_chosen, missing: loaded && !able.length };
}

export function ModelChoice({ model, sense }) {
  if (model.missing)
    return html`<p class="note bad"
        role="alert">${sense === 'audio' ? t('No model here can hear. Gemma 4 E2B and E4B do.') : t('No model here can see pictures.')}</p>`;
  return html`<label class="field">${t('Model')}<select value=${model.name}
      onChange=${(event) => model.choose(event.target.value)}>
    ${model.able.map(({ name }) => html`<option value=${name}>${name}</option>`)}</select></label>`;
}

/** content: what is saved, where that is not the text; null while it is not there. */
export function ResultButtons({ text, name, content = text }) {
  return html`<div class="row">
    <button type="button" class="small" disabled=${!text}
        onClick=${() => copy_and_tell(text)}>${icon('copy')}${t('Copy')}</button>
    <button type="button" class="small" disabled=${!content}
        onClick=${() => save_file(name, content)}>${icon('save')}${t('Save as a file')}</button>
  </div>`;
}

/** Start, or stop while it runs. */
export const RunButton = ({ work, label, disabled, on_run }) =>
  work.busy
    ? html`<button type="button" onClick=${work.stop}>${icon('stop')}${t('Stop')}</button>`
    : html`<button type="button" class="primary" disabled=${disabled} onClick=${on_run}>${label}</button>`;

export const Failure = ({ error }) => error && html`<p class="note bad" role="alert">${error}</p>`;
