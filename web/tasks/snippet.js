// The same request as a program would send it: for curl, and for OpenAI's libraries. A key is never shown, only where it belongs.
import { key } from '../lib/api.js';
import { copy_and_tell } from '../lib/clipboard.js';
import { html, useState } from '../lib/html.js';
import { t } from '../lib/language.js';

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const kLongest = 400;  // characters of a text that are shown

/** The body as one shows it: long texts and media shortened. */
function shortened(value) {
  if (typeof value === 'string') {
    if (value.startsWith('data:')) return `${value.slice(0, value.indexOf(',') + 1)}…`;
    return value.length > kLongest ? `${value.slice(0, kLongest)}…` : value;
  }
  if (Array.isArray(value)) return value.map(shortened);
  return value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shortened(part)])) : value;
}

const authorization = () => (key() ? ' -H "Authorization: Bearer $FACET_KEY"' : '');

function chat_snippets(body) {
  const shown = shortened(body);
  const { messages, model = '', reasoning_effort, ...rest } = shown;
  const extra = Object.fromEntries(Object.entries(rest).filter(([name]) => name.startsWith('guided') || name === 'top_k'));
  const known = Object.fromEntries(Object.entries({ reasoning_effort, ...rest }).filter(([name, value]) => !(name in extra) && value !== undefined));
  const python = Object.entries(known).map(([name, value]) => `, ${name}=${python_of(value)}`).join('');
  const python_extra = Object.keys(extra).length ? `, extra_body=${python_of(extra)}` : '';
  return {
    curl: `curl ${location.origin}/v1/chat/completions${authorization()} \\\n  -d ${quoted(JSON.stringify(shown, null, 2))}`,
    Python: `from openai import OpenAI\n\nclient = OpenAI(base_url="${location.origin}/v1", api_key="${key() ? '…' : 'none'}")\nreply = client.chat.completions.create(\n    model=${python_of(model)},\n    messages=${
      python_of(messages)}${python}${python_extra})\nprint(reply.choices[0].message.content)`,
    JavaScript: `import OpenAI from 'openai';\n\nconst client = new OpenAI({ baseURL: '${location.origin}/v1', apiKey: '${key() ? '…' : 'none'}' });\nconst reply = await client.chat.completions.create(${
      JSON.stringify(shown, null, 2)});\nconsole.log(reply.choices[0].message.content);`,
  };
}

const python_of = (value) => JSON.stringify(value, null, 2)?.replace(/\btrue\b/g, 'True').replace(/\bfalse\b/g, 'False').replace(/\bnull\b/g, 'None') ?? 'None';

function form_snippets(path, fields, method) {
  const form = Object.entries(fields).map(([name, value]) => ` \\\n  -F ${name}=${value}`).join('');
  const named = Object.entries(fields).filter(([name]) => name !== 'file').map(([name, value]) => `, ${name}="${value}"`).join('');
  const file = fields.file.slice(1);
  return {
    curl: `curl ${location.origin}${path}${authorization()}${form}`,
    Python: `from openai import OpenAI\n\nclient = OpenAI(base_url="${location.origin}/v1", api_key="${key() ? '…' : 'none'}")\nreply = client.audio.${method}.create(file=open("${file}", "rb")${
      named || ', model=""'})\nprint(reply.text)`,
    JavaScript: `import fs from 'node:fs';\nimport OpenAI from 'openai';\n\nconst client = new OpenAI({ baseURL: '${location.origin}/v1', apiKey: '${key() ? '…' : 'none'}' });\nconst reply = await client.audio.${
      method}.create({ file: fs.createReadStream('${file}')${Object.entries(fields).filter(([name]) => name !== 'file').map(([name, value]) => `, ${name}: '${value}'`).join('')} });\nconsole.log(reply.text);`,
  };
}

/** body: of a chat completion; or form: {path, fields, method} of a sound. */
export function Snippet({ body, form }) {
  const [shown, set_shown] = useState('curl');
  const [open, set_open] = useState(false);
  const texts = open && (form ? form_snippets(form.path, form.fields, form.method) : chat_snippets(body));
  return html`<details class="snippet card" onToggle=${(event) => set_open(event.target.open)}>
    <summary>${t('The same from a program')}</summary>
    ${texts && html`
      <div role="tablist" aria-label=${t('Language of the program')}>
        ${Object.keys(texts).map((name) => html`<button type="button" class="small" role="tab" aria-selected=${String(name === shown)} onClick=${() => set_shown(name)}>${name}</button>`)}
        <span class="spring"></span><button type="button" class="small" onClick=${() => copy_and_tell(texts[shown])}>${t('Copy')}</button>
      </div>
      <div class="code" dir="ltr" role="tabpanel"><pre tabindex="0"><code>${texts[shown]}</code></pre></div>`}
  </details>`;
}
