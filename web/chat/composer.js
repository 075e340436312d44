// Where the user writes: text that grows, media by button, drop, paste, camera and microphone; thinking; send or stop.
import { html, useEffect, useLayoutEffect, useRef, useState } from '../lib/html.js';
import { pick_files } from '../lib/files.js';
import { t } from '../lib/language.js';
import { useStore } from '../lib/store.js';
import { guarded, toast } from '../lib/toast.js';
import { Attachment } from '../media/attachments.js';
import { CameraDialog } from '../media/camera.js';
import { RecordButton } from '../media/record_button.js';
import { can, library, model_named } from '../models/library.js';
import { icon, IconButton } from '../shell/icons.js';
import { ask } from './answer.js';
import { draft_of, useDraft } from './drafts.js';

const kAccept =
  'image/*,audio/*,video/*,.pdf,.docx,.txt,.md,.csv,.json,.html,.xml,.py,.js,.ts,.c,.cpp,.h,.rs,.go,.java';
const kEfforts = [
  ['off', 'Off'],
  ['low', 'Short'],
  ['medium', 'Medium'],
  ['high', 'Long'],
];

function useDrop(add) {
  const [over, set_over] = useState(false);
  useEffect(() => {
    const has_files = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
    const drag = (event) => {
      if (!has_files(event)) return;
      event.preventDefault();
      set_over(true);
    };
    const leave = (event) => event.relatedTarget ?? set_over(false);
    const drop = (event) => {
      set_over(false);
      if (!has_files(event)) return;
      event.preventDefault();
      add([...event.dataTransfer.files]);
    };
    const pairs = [
      ['dragover', drag],
      ['dragleave', leave],
      ['drop', drop],
    ];
    for (const [name, handler] of pairs) addEventListener(name, handler);
    return () => pairs.forEach(([name, handler]) => removeEventListener(name, handler));
  });
  return over;
}

function ThinkingPicker({ conversation }) {
  const change = guarded((event) => conversation.change({ settings: { thinking: event.target.value } }));
  return html`<label class="thinking-picker" title=${t('Thinking before the answer')}>${icon('thought')}<span
      class="hidden">${t('Thinking')}</span>
    <select value=${conversation.settings.thinking} onChange=${change}>
      ${kEfforts.map(
        ([value, label]) => html`<option
          value=${value}>${value === 'off' ? t('No thinking') : `${t('Thinking')}: ${t(label)}`}</option>`,
      )}
    </select></label>`;
}

export function Composer({ conversation }) {
  useStore(library);
  const draft = useDraft(conversation);
  const { text, files, awaited } = draft.value;
  const { uploading } = draft;
  const [camera, set_camera] = useState(false);
  const input = useRef();
  const add = (added) => draft.add(added, conversation.settings.image_budget);
  const model = model_named(conversation.settings.model);
  const over = useDrop(add);
  const ready = !conversation.awaits_answer && !uploading && (text.trim() || files.length);
  useLayoutEffect(() => {
    input.current.style.height = 'auto';
    input.current.style.height = `${Math.min(input.current.scrollHeight, innerHeight * 0.4)}px`;
  }, [text]);
  useLayoutEffect(() => {
    // For tests/page/speed_test.mjs: since when the page can be typed into.
    if (!performance.getEntriesByName('composer').length) performance.mark('composer');
    return () => draft.update({ awaited: false });
  }, []);
  useEffect(() => {
    if (innerWidth > 800) input.current.focus();
  }, []);
  const missing = files
    .map(({ part }) => part?.kind)
    .find((kind) => ['image', 'audio', 'video'].includes(kind) && !can(model, kind));
  const send = guarded(async () => {
    if (!ready) return;
    if (missing) {
      toast(
        t('{name} cannot take {kind} files: choose another model, or remove them.', {
          name: model.name,
          kind: t(missing),
        }),
        { kind: 'error' },
      );
      return;
    }
    const content = [...files.map((entry) => entry.part), { type: 'text', text: text.trim() }];
    draft.update({ text: '', files: [] });
    try {
      await ask(conversation, content);
    } catch (error) {
      draft_of(conversation).take_back({ text, files });
      throw error;
    }
  });
  useEffect(() => {
    if (!awaited || uploading) return;
    draft.update({ awaited: false });
    send();
  }, [awaited, uploading]);
  const key = (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (uploading) draft.update({ awaited: !conversation.awaits_answer });
    else send();
  };
  const type = (event) => draft.update({ text: event.target.value, awaited: false });
  const send_label = awaited ? t('Sent when the files are there') : t('Send');
  const paste = (event) => {
    const pasted = [...event.clipboardData.files];
    if (!pasted.length) return;
    event.preventDefault();
    add(pasted);
  };
  return html`<div class=${`composer ${over ? 'over' : ''}`}>
    ${over && html`<div class="drop-hint">${t('Drop files here')}</div>`}
    ${
      files.length > 0 &&
      html`<div class="attachments">
      ${files.map(
        (entry) => html`<${Attachment} key=${entry.file} entry=${entry}
            model=${model} on_remove=${() => draft.replace(entry, null)}
        on_change=${(part) => draft.replace(entry, { ...entry, part })} />`,
      )}
    </div>`
    }
    <textarea id="composer" ref=${input} rows="1" dir="auto" value=${text} placeholder=${t('Write a message')}
        aria-label=${t('Write a message')}
      onInput=${type} onKeyDown=${key} onPaste=${paste}></textarea>
    <div class="composer-bar">
      <${IconButton} name="clip" label=${t('Add files')}
          onClick=${async () => add(await pick_files(kAccept))} />
      <${IconButton} name="camera" label=${t('Take a picture')} onClick=${() => set_camera(true)} />
      <${RecordButton} on_file=${(file) => add([file])} />
      ${model?.thinking && html`<${ThinkingPicker} conversation=${conversation} />`}
      <span class="spring"></span>
      ${
        conversation.busy
          ? html`<button type="button" class="send stop" aria-label=${t('Stop the answer')}
              title=${t('Stop the answer')} onClick=${() => conversation.stop()}>${icon('stop')}</button>`
          : html`<button type="button" class="send" aria-label=${send_label} title=${send_label} disabled=${!ready}
              aria-busy=${String(awaited)} onClick=${send}>${icon('send')}</button>`
      }
    </div>
    ${camera && html`<${CameraDialog} on_close=${() => set_camera(false)} on_picture=${(file) => add([file])} />`}
  </div>`;
}
