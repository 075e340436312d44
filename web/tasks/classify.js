// Classify: which of the user's labels fits what the camera sees, or a picture; with the time that each stage takes.
import { explain } from '../lib/errors.js';
import { data_url } from '../lib/files.js';
import { milliseconds, number, percent } from '../lib/format.js';
import { html, useEffect, useRef, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { stream_reply } from '../chat/stream.js';
import { CameraView, frame_of } from '../media/camera.js';
import { Bar } from '../shell/bar.js';
import { icon } from '../shell/icons.js';
import { PageFrame } from '../shell/page_frame.js';
import { useWork } from './ask.js';
import { DropZone, Failure, ModelChoice, useModel } from './controls.js';
import { label_request, label_scores } from './label_scores.js';
import { Snippet } from './snippet.js';

const kSide = 640; // pixels of a camera's picture: what the model's usual budget can show
const kFewest = 2; // labels
const kQuestion = 'Which label fits best?';

const labels_of = (text) => [
  ...new Set(
    text
      .split(/[,\n]/)
      .map((label) => label.trim())
      .filter(Boolean),
  ),
];

/** One picture: its scores, and the milliseconds of each stage. */
async function look(blob, labels, model, signal, captured = 0) {
  const start = performance.now();
  const url = await data_url(blob);
  const encoded = performance.now();
  const reply = await stream_reply(label_request(url, labels, kQuestion, model), { signal });
  const stages = {
    capture: captured,
    encode: encoded - start,
    see: (reply.first_at ?? performance.now()) - encoded,
    answer: performance.now() - (reply.first_at ?? performance.now()),
  };
  return { scores: label_scores(reply, labels), stages };
}

function Bars({ scores }) {
  const best = Math.max(...scores.map(({ score }) => score));
  return html`<div class="bars" role="group" aria-label=${t('Scores')}>${scores.map(
    ({ label, score }) => html`<div key=${label} class=${score === best ? 'best' : ''}>
    <span dir="auto">${label}</span><${Bar} value=${score} label=${label} /><b>${percent(score)}</b></div>`,
  )}</div>`;
}

function Stages({ stages, rate }) {
  const names = { capture: t('capture'), encode: t('encode'), see: t('see'), answer: t('answer') };
  return html`<p
      class="muted small">${rate > 0 && `${t('{rate} pictures/s', { rate: number(rate, 2) })} · `}${Object.entries(
        stages,
      )
        .filter(([, time]) => time > 0)
        .map(([name, time]) => `${names[name]} ${milliseconds(time)}`)
        .join(' · ')}</p>`;
}

/** Looks at the camera again and again, as fast as the model answers. */
function useCameraLoop(video, labels, model, set_seen, set_error) {
  const now = useRef({});
  now.current = { labels, model };
  useEffect(() => {
    if (!video) return undefined;
    const controller = new AbortController();
    (async () => {
      while (!controller.signal.aborted) {
        const asked = now.current; // what the user writes meanwhile is for the next picture
        if (asked.labels.length < kFewest) {
          await new Promise((resolve) => setTimeout(resolve, 200)); // the user is writing others
          continue;
        }
        const start = performance.now();
        const blob = await frame_of(video, kSide);
        const captured = performance.now() - start;
        const { scores, stages } = await look(blob, asked.labels, asked.model, controller.signal, captured);
        set_seen({ scores, stages, rate: 1000 / (performance.now() - start) });
      }
    })().catch((error) => error.name === 'AbortError' || set_error(explain(error)));
    return () => controller.abort();
  }, [video]);
}

function Camera({ labels, model, set_seen, set_error }) {
  const [video, set_video] = useState(null);
  useCameraLoop(video, labels, model, set_seen, set_error);
  return html`<${CameraView} on_ready=${set_video} on_error=${set_error} />`;
}

export function Page({ open_sidebar }) {
  const model = useModel('image');
  const work = useWork();
  const [text, set_text] = useState(localStorage.getItem('labels') ?? 'circle, square, triangle');
  const [on, set_on] = useState(false);
  const [seen, set_seen] = useState(null);
  const [url, set_url] = useState('');
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  const [error, set_error] = useState('');
  const labels = labels_of(text);
  const type = (event) => {
    localStorage.setItem('labels', event.target.value);
    set_text(event.target.value);
  };
  const fail = (message) => {
    set_on(false);
    set_error(message);
  };
  const take = ([file]) =>
    labels.length >= kFewest &&
    work.run(async (signal) => {
      set_error('');
      set_url(URL.createObjectURL(file));
      set_seen(await look(file, labels, model.name, signal));
    });
  const toggle = () => {
    set_error('');
    set_url('');
    set_on(!on);
  };
  return html`<${PageFrame} title=${t('Classify')} open_sidebar=${open_sidebar}
      text=${t('Which of your labels fits what the camera sees, or a picture.')}>
    <div class="task-columns"><${ModelChoice} model=${model} sense="image" />
      <label class="field">${t('Labels, with commas between them')}<input type="text" dir="auto" value=${text}
          onInput=${type} /></label></div>
    ${
      on
        ? html`<${Camera} labels=${labels}
        model=${model.name} set_seen=${set_seen} set_error=${fail} />`
        : url &&
          html`<img class="viewed" src=${url}
        alt=${t('The picture')} />`
    }
    <${DropZone} text=${t('Drop a picture here')} accept="image/*" multiple=${false} on_files=${take}>
      <button type="button" class=${on ? 'danger' : 'primary'} disabled=${(!on && labels.length < kFewest) || model.missing}
          onClick=${toggle}>${icon(on ? 'stop' : 'camera')}${on ? t('Stop the camera') : t('Use the camera')}</button>
    <//>
    ${labels.length < kFewest && html`<p class="note">${t('Two labels or more are needed.')}</p>`}
    <${Failure} error=${work.error || error} />
    ${work.busy && html`<progress aria-label=${t('Working')}></progress>`}
    ${
      seen &&
      html`<section class="card stack" aria-live="off"><${Bars} scores=${seen.scores} /><${Stages}
        stages=${seen.stages} rate=${seen.rate} /></section>`
    }
    <${Snippet} body=${label_request('data:image/jpeg;base64,…', labels, kQuestion, model.name)} />
  <//>`;
}
