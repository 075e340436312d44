// Transcribe: files or the microphone to text, with subtitles to take away.
import { clock } from '../lib/format.js';
import { file_name, save_file } from '../lib/files.js';
import { html, useEffect, useRef, useState } from '../lib/html.js';
import { language, t } from '../lib/language.js';
import { device_error } from '../media/devices.js';
import { icon } from '../shell/icons.js';
import { PageFrame } from '../shell/page_frame.js';
import { DropZone, Failure, ModelChoice, ResultButtons, useModel } from './controls.js';
import { kSound, srt, transcript_of, vtt } from './hear.js';
import { any_language, language_names } from './languages.js';
import { live_transcript } from './live.js';
import { Snippet } from './snippet.js';
import { useWork } from './ask.js';

function Result({ result }) {
  const text = result.segments.map((segment) => segment.text.trim()).join('\n');
  const save = (ending, make) => html`<button type="button" class="small" disabled=${!result.segments.length}
    onClick=${() => save_file(file_name(result.name, ending), make(result.segments))}>${icon('save')}${ending.toUpperCase()}</button>`;
  return html`<article class="card stack"><h2 dir="auto">${result.name}</h2>
    <ol class="segments">${result.segments.map(
      (segment) => html`<li><time>${clock(segment.start)}</time><span
        dir="auto">${segment.text}</span></li>`,
    )}</ol>
    ${!result.segments.length && html`<p class="muted">${t('No speech was heard.')}</p>`}
    <div class="row wrap"><${ResultButtons} text=${text}
        name=${file_name(result.name, 'txt')} />${save('srt', srt)}${save('vtt', vtt)}</div>
  </article>`;
}

/** Turns of the microphone as segments; words appear while the model writes them. */
function useLive(set_error) {
  const [segments, set_segments] = useState([]);
  const [on, set_on] = useState(false);
  const session = useRef(null); // {controller, close}: close is there once the microphone is
  const started = useRef(0);
  const now = () => (performance.now() - started.current) / 1000;
  const change = (id, make) =>
    set_segments((list) =>
      list.some((segment) => segment.id === id)
        ? list.map((segment) => (segment.id === id ? make(segment) : segment))
        : [...list, make({ id, start: now(), end: now(), text: '' })],
    );
  const on_event = (event) => {
    if (event.type === 'error') set_error(event.error.message);
    if (event.type === 'input_audio_buffer.speech_started')
      change(event.item_id, (segment) => ({
        ...segment,
        start: (event.audio_start_ms ?? segment.start * 1000) / 1000,
      }));
    if (event.type === 'input_audio_buffer.speech_stopped')
      change(event.item_id, (segment) => ({ ...segment, end: (event.audio_end_ms ?? now() * 1000) / 1000 }));
    if (event.type.endsWith('input_audio_transcription.delta'))
      change(event.item_id, (segment) => ({ ...segment, text: segment.text + event.delta }));
    if (event.type.endsWith('input_audio_transcription.completed'))
      change(event.item_id, (segment) => ({ ...segment, text: event.transcript }));
  };
  const start = async (options) => {
    session.current?.controller.abort();
    const mine = { controller: new AbortController(), close: null };
    session.current = mine;
    set_error('');
    set_segments([]);
    set_on(true);
    started.current = performance.now();
    const { signal } = mine.controller;
    const on_end = () => session.current === mine && set_on(false);
    try {
      mine.close = await live_transcript({ ...options, signal, on_event, on_end });
    } catch (error) {
      if (signal.aborted) return;
      set_on(false);
      set_error((told) => told || (error.kind ? error.message : device_error(error, 'microphone')));
    }
  };
  const stop = () => {
    const { controller, close } = session.current;
    if (close) close();
    else controller.abort();
    set_on(false);
  };
  useEffect(() => () => session.current?.controller.abort(), []);
  return { segments, on, start, stop };
}

export function Page({ open_sidebar }) {
  const model = useModel('audio');
  const work = useWork();
  const [spoken, set_spoken] = useState('');
  const [results, set_results] = useState([]);
  const [now, set_now] = useState('');
  const [live_error, set_live_error] = useState('');
  const live = useLive(set_live_error);
  const hear = (files) =>
    work.run(async (signal) => {
      for (const file of files) {
        set_now(file.name);
        const reply = await transcript_of(file, { model: model.name, language: spoken, signal });
        set_results((list) => [{ name: file.name, ...reply }, ...list]);
      }
    });
  const fields = { file: '@talk.mp3', ...(model.name && { model: model.name }), ...(spoken && { language: spoken }) };
  return html`<${PageFrame} title=${t('Transcribe')} open_sidebar=${open_sidebar}
      text=${t('What is said in a recording or right now, as text and subtitles. Nothing leaves this machine.')}>
    <div class="task-columns"><${ModelChoice} model=${model} sense="audio" />
      <label class="field">${t('Language that is spoken')}<select value=${spoken}
          onChange=${(event) => set_spoken(event.target.value)}>
        <option value="">${any_language()}</option>${language_names(language.value).map(
          ([code, name]) => html`<option
            value=${code}>${name}</option>`,
        )}</select></label></div>
    <${DropZone} text=${t('Drop sound or video files here')} accept=${kSound} on_files=${hear}>
      <button type="button" class=${live.on ? 'danger' : 'primary'} disabled=${model.missing}
          onClick=${() => (live.on ? live.stop() : live.start({ model: model.name, language: spoken }))}>
        ${icon(live.on ? 'stop' : 'mic')}${live.on ? t('Stop listening') : t('Listen to the microphone')}</button>
    <//>
    ${
      work.busy &&
      html`<div class="row" role="status"><span dir="auto">${t('Hearing {name} …', { name: now })}</span><progress
          aria-label=${t('Working')}></progress>
      <button type="button" class="small" onClick=${work.stop}>${t('Stop')}</button></div>`
    }
    <${Failure} error=${work.error || live_error} />
    ${
      (live.on || live.segments.length > 0) &&
      html`<div aria-live="polite"><${Result}
        result=${{ name: t('Microphone'), segments: live.segments }} /></div>`
    }
    ${results.map((result) => html`<${Result} result=${result} />`)}
    <${Snippet} form=${{ path: '/v1/audio/transcriptions', fields, method: 'transcriptions' }} />
  <//>`;
}
