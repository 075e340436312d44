// Read text: pictures and PDF pages to Markdown, plain text or CSV.
import { api } from '../lib/api.js';
import { data_url, file_name } from '../lib/files.js';
import { html, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { Markdown } from '../markdown/view.js';
import { CameraDialog } from '../media/camera.js';
import { icon } from '../shell/icons.js';
import { PageFrame } from '../shell/page_frame.js';
import { ask_once, body_of, useWork } from './ask.js';
import { DropZone, Failure, ModelChoice, ResultButtons, useModel } from './controls.js';
import { Snippet } from './snippet.js';

const kFormats = {
  md: 'Write Markdown: headings, lists and emphasis as they look, tables as Markdown tables.',
  txt: 'Write plain text without any mark-up.',
  csv: 'Write the tables alone, as CSV: a line for a row, cells separated by commas, cells with a comma in double quotes.',
};
const kTask =
  'You are shown a page. Write down all of its text exactly as it stands there, in reading order, once. Do not describe it, and do not translate it.';
const kWidth = 1400; // pixels of a PDF's page

const request_of = (url, format, budget, model) =>
  body_of(
    `${kTask} ${kFormats[format]}`,
    [
      { type: 'image_url', image_url: { url, ...(budget && { detail: budget }) } },
      { type: 'text', text: 'Write down this page.' },
    ],
    { model, temperature: 0 },
  );

/** The pages of a file as data: addresses, one after the other. */
async function* pages_of(file, signal) {
  if (!/\.pdf$/i.test(file.name)) {
    yield { name: file.name, url: await data_url(file) };
    return;
  }
  const { id } = await api.upload(file, { signal });
  const { pages } = await api.pages(id);
  for (let page = 1; page <= pages; ++page)
    yield {
      name: `${file.name}, ${page} / ${pages}`,
      url: await data_url(await api.page_image(id, page, kWidth)),
    };
}

/** What models put around a page now and then: a fence. */
const bare = (text) => /^\s*```\w*\n([\s\S]*?)\n?```\s*$/.exec(text)?.[1] ?? text.trim();

function PageResult({ page, format, growing }) {
  return html`<article class="card stack"><h2 dir="auto">${page.name}</h2>
    ${
      format === 'md'
        ? html`<${Markdown} text=${page.text} done=${!growing} />`
        : html`<div class="output short text"
        dir="auto" tabindex="0" role="region" aria-label=${page.name}>${page.text}</div>`
    }
    ${!growing && html`<${ResultButtons} text=${page.text} name=${file_name(page.name, format)} />`}
  </article>`;
}

export function Page({ open_sidebar }) {
  const model = useModel('image');
  const work = useWork();
  const [format, set_format] = useState('md');
  const [budget, set_budget] = useState('');
  const [pages, set_pages] = useState([]);
  const [camera, set_camera] = useState(false);
  const read = (files) =>
    work.run(async (signal) => {
      set_pages([]);
      let count = 0;
      for (const file of files) {
        for await (const { name, url } of pages_of(file, signal)) {
          signal.throwIfAborted();
          const index = count++;
          const show = (text) => set_pages((list) => [...list.slice(0, index), { name, text }]);
          show('');
          show(bare(await ask_once(request_of(url, format, budget, model.name), { signal, on_text: show })));
        }
      }
    });
  return html`<${PageFrame} title=${t('Read text')} open_sidebar=${open_sidebar}
      text=${t('The text of pictures and PDF pages, as Markdown, plain text or CSV.')}>
    <div class="task-columns"><${ModelChoice} model=${model} sense="image" />
      <label class="field">${t('Write it as')}<select value=${format}
          onChange=${(event) => set_format(event.target.value)}>
        <option value="md">Markdown</option><option value="txt">${t('Plain text')}</option><option
            value="csv">${t('CSV: the tables alone')}</option></select></label>
      <label class="field">${t('Tokens for a page')}<select value=${budget}
          onChange=${(event) => set_budget(event.target.value)}>
        <option value="">${t('As the model has it')}</option>${['280', '560', '1120'].map(
          (count) => html`<option
            value=${count}>${count}</option>`,
        )}</select></label></div>
    <${DropZone} text=${t('Drop pictures or PDF files here')} accept="image/*,.pdf" on_files=${read}>
      <button type="button" onClick=${() => set_camera(true)}>${icon('camera')}${t('Take a picture')}</button>
    <//>
    ${
      work.busy &&
      html`<div class="row" role="status"><progress aria-label=${t('Working')}></progress><button
        type="button" class="small" onClick=${work.stop}>${t('Stop')}</button></div>`
    }
    <${Failure} error=${work.error} />
    ${pages.map(
      (page, index) => html`<${PageResult} key=${index} page=${page} format=${format}
        growing=${work.busy && index === pages.length - 1} />`,
    )}
    ${
      pages.length > 1 &&
      !work.busy &&
      html`<${ResultButtons} text=${pages.map((page) => page.text).join('\n\n')}
        name=${file_name(t('All pages'), format)} />`
    }
    <${Snippet} body=${request_of('data:image/png;base64,…', format, budget, model.name)} />
    ${camera && html`<${CameraDialog} on_close=${() => set_camera(false)} on_picture=${(file) => read([file])} />`}
  <//>`;
}
