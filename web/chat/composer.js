// Where the user writes: text that grows, media by button, drop, paste, camera and microphone; thinking; send or stop.
import { html, useEffect, useLayoutEffect, useReducer, useRef, useState } from '../lib/html.js';
import { explain } from '../lib/errors.js';
import { pick_files } from '../lib/files.js';
import { t } from '../lib/language.js';
import { useStore } from '../lib/store.js';
import { guarded, toast } from '../lib/toast.js';
import { Attachment, upload } from '../media/attachments.js';
import { CameraDialog } from '../media/camera.js';
import { RecordButton } from '../media/record_button.js';
import { can, library, model_named } from '../models/library.js';
import { icon, IconButton } from '../shell/icons.js';
import { ask } from './answer.js';

const kAccept = 'image/*,audio/*,video/*,.pdf,.txt,.md,.csv,.json,.html,.xml,.py,.js,.ts,.c,.cpp,.h,.rs,.go,.java';
const kEfforts = [
  ['off', 'Off'],
  ['low', 'Short'],
  ['medium', 'Medium'],
  ['high', 'Long'],
];
const kKeptDrafts = 'drafts';

/** Of conversations: {text, files}, what is written and not sent. The texts outlast a reload, as after a key was asked for. */
const drafts = new Map(JSON.parse(sessionStorage.getItem(kKeptDrafts) ?? '[]'));
addEventListener('pagehide', () => {
  const texts = [...drafts].filter(([, { text }]) => text).map(([id, { text }]) => [id, { text, files: [] }]);
  sessionStorage.setItem(kKeptDrafts, JSON.stringify(texts));
});

/** The composer that is shown: {conversation, take}. */
let shown = null;

/** What could not be sent goes before what has been written since. */
const joined = (before, after) => ({
  text: [before.text, after.text].filter((text) => text.trim()).join('\n\n'),
  files: [...before.files, ...after.files],
});

/** Gives back what could not be sent: into the composer, or to the draft where that is gone. */
function give_back(conversation, unsent) {
  if (shown?.conversation.id === conversation.id) shown.take(unsent);
  else drafts.set(conversation.id, joined(unsent, drafts.get(conversation.id) ?? { text: '', files: [] }));
}

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

/** Files on their way to the store, and those that are there; on_failed: when one did not get there. */
function useAttachments(conversation, on_failed) {
  const held = useRef(drafts.get(conversation.id)?.files ?? []);
  const gone = useRef(false);
  useEffect(() => () => (gone.current = true), []);
  const [, redraw] = useReducer((count) => count + 1, 0);
  const set = (next) => {
    held.current = next;
    redraw();
  };
  const replace = (entry, next) =>
    set(held.current.flatMap((other) => (other === entry ? (next ? [next] : []) : [other])));
  const store = async (entry) => {
    const wanted = () => held.current.includes(entry); // the user may take it away
    if (!wanted()) return;
    try {
      const part = await upload(entry.file, conversation.settings.image_budget);
      const stored = { ...entry, part, progress: false };
      if (!gone.current) replace(entry, stored);
      else if (wanted()) give_back(conversation, { text: '', files: [stored] });
    } catch (error) {
      on_failed();
      replace(entry, null);
      toast(`${entry.name}: ${explain(error)}`, { kind: 'error' });
    }
  };
  const add = async (files) => {
    const entries = files.map((file) => ({ name: file.name, file, progress: true }));
    set([...held.current, ...entries]);
    for (const entry of entries) await store(entry);
  };
  return { list: held.current, held, add, remove: (entry) => replace(entry, null), change: replace, set };
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
  const [text, set_text] = useState(drafts.get(conversation.id)?.text ?? '');
  const [camera, set_camera] = useState(false);
  const [awaited, set_awaited] = useState(false); // what was written is sent as soon as the files are there
  const input = useRef();
  const attachments = useAttachments(conversation, () => set_awaited(false));
  const model = model_named(conversation.settings.model);
  const over = useDrop(attachments.add);
  const uploading = attachments.list.some((entry) => entry.progress);
  const ready = !conversation.awaits_answer && !uploading && (text.trim() || attachments.list.length);
  useLayoutEffect(() => {
    input.current.style.height = 'auto';
    input.current.style.height = `${Math.min(input.current.scrollHeight, innerHeight * 0.4)}px`;
  }, [text]);
  useLayoutEffect(() => {
    drafts.set(conversation.id, { text, files: attachments.list.filter((entry) => !entry.progress) });
  });
  useLayoutEffect(() => {
    const take = (unsent) => {
      set_text((now) => joined(unsent, { text: now, files: [] }).text);
      attachments.set([...unsent.files, ...attachments.held.current]);
    };
    const composer = { conversation, take };
    shown = composer;
    return () => {
      if (shown === composer) shown = null;
    };
  }, []);
  useEffect(() => {
    if (innerWidth > 800) input.current.focus();
  }, []);
  const missing = attachments.list
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
    const content = [...attachments.list.map((entry) => entry.part), { type: 'text', text: text.trim() }];
    const unsent = { text, files: attachments.list };
    set_text('');
    attachments.set([]);
    try {
      await ask(conversation, content);
    } catch (error) {
      give_back(conversation, unsent);
      throw error;
    }
  });
  useEffect(() => {
    if (!awaited || uploading) return;
    set_awaited(false);
    send();
  }, [awaited, uploading]);
  const key = (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (uploading) set_awaited(!conversation.awaits_answer);
    else send();
  };
  const type = (event) => {
    set_awaited(false);
    set_text(event.target.value);
  };
  const send_label = awaited ? t('Sent when the files are there') : t('Send');
  const paste = (event) => {
    const files = [...event.clipboardData.files];
    if (!files.length) return;
    event.preventDefault();
    attachments.add(files);
  };
  return html`<div class=${`composer ${over ? 'over' : ''}`}>
    ${over && html`<div class="drop-hint">${t('Drop files here')}</div>`}
    ${
      attachments.list.length > 0 &&
      html`<div class="attachments">
      ${attachments.list.map(
        (entry) => html`<${Attachment} key=${entry.file} entry=${entry}
            model=${model} on_remove=${() => attachments.remove(entry)}
        on_change=${(part) => attachments.change(entry, { ...entry, part })} />`,
      )}
    </div>`
    }
    <textarea id="composer" ref=${input} rows="1" dir="auto" value=${text} placeholder=${t('Write a message')}
        aria-label=${t('Write a message')}
      onInput=${type} onKeyDown=${key} onPaste=${paste}></textarea>
    <div class="composer-bar">
      <${IconButton} name="clip" label=${t('Add files')}
          onClick=${async () => attachments.add(await pick_files(kAccept))} />
      <${IconButton} name="camera" label=${t('Take a picture')} onClick=${() => set_camera(true)} />
      <${RecordButton} on_file=${(file) => attachments.add([file])} />
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
    ${camera && html`<${CameraDialog} on_close=${() => set_camera(false)} on_picture=${(file) => attachments.add([file])} />`}
  </div>`;
}
