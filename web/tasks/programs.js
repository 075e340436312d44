// Requests as the text of programs: for curl, and for OpenAI's libraries in Python and JavaScript. A key is never written
// into them, only where it belongs.
import { key } from '../lib/api.js';

const kLongest = 400; // characters of a text that are shown

const in_shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const in_javascript = (value) => JSON.stringify(value, null, 2);

function in_python(value, indent = '') {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}    `;
  const line = ([name, part]) => `${inner}${JSON.stringify(name)}: ${in_python(part, inner)},\n`;
  if (Array.isArray(value))
    return `[\n${value.map((part) => `${inner}${in_python(part, inner)},\n`).join('')}${indent}]`;
  return `{\n${Object.entries(value).map(line).join('')}${indent}}`;
}

const authorization = () => (key() ? ' -H "Authorization: Bearer $FACET_KEY"' : '');
const shown_key = () => (key() ? '…' : 'none');

const python_client = () => `from openai import OpenAI

client = OpenAI(base_url="${location.origin}/v1", api_key="${shown_key()}")`;

const javascript_client = () => `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${location.origin}/v1', apiKey: '${shown_key()}' });`;

/** The body as one shows it: long texts and media shortened. */
function shortened(value) {
  if (typeof value === 'string') {
    if (value.startsWith('data:')) return `${value.slice(0, value.indexOf(',') + 1)}…`;
    return value.length > kLongest ? `${value.slice(0, kLongest)}…` : value;
  }
  if (Array.isArray(value)) return value.map(shortened);
  if (!value || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shortened(part)]));
}

/** Fields that OpenAI's library does not know go into its extra_body. */
function python_arguments(body) {
  const is_extra = ([name]) => name.startsWith('guided');
  const fields = Object.entries(body).filter(([, value]) => value !== undefined);
  const extra = Object.fromEntries(fields.filter(is_extra));
  const known = fields.filter((field) => !is_extra(field)).map(([name, value]) => `${name}=${in_python(value)}`);
  return [...known, ...(Object.keys(extra).length ? [`extra_body=${in_python(extra)}`] : [])].join(', ');
}

/** The body of a chat completion as programs: name -> text. */
export function chat_programs(body) {
  const shown = shortened(body);
  return {
    curl: `curl ${location.origin}/v1/chat/completions${authorization()} \\\n  -d ${in_shell(in_javascript(shown))}`,
    Python: `${python_client()}
reply = client.chat.completions.create(${python_arguments(shown)})
print(reply.choices[0].message.content)`,
    JavaScript: `${javascript_client()}
const reply = await client.chat.completions.create(${in_javascript(shown)});
console.log(reply.choices[0].message.content);`,
  };
}

/** The form of a sound as programs. method: that of the libraries' client.audio. */
export function sound_programs({ path, fields: { file, ...fields }, method }) {
  const name = file.replace('@', '');
  const form = [['file', file], ...Object.entries(fields)].map(([field, value]) => ` \\\n  -F ${field}=${value}`);
  const python = Object.entries({ model: '', ...fields }).map(([field, value]) => `, ${field}=${in_python(value)}`);
  const javascript = Object.entries({ model: '', ...fields }).map(([field, value]) => `, ${field}: '${value}'`);
  return {
    curl: `curl ${location.origin}${path}${authorization()}${form.join('')}`,
    Python: `${python_client()}
reply = client.audio.${method}.create(file=open("${name}", "rb")${python.join('')})
print(reply.text)`,
    JavaScript: `import fs from 'node:fs';
${javascript_client()}
const reply = await client.audio.${method}.create({ file: fs.createReadStream('${name}')${javascript.join('')} });
console.log(reply.text);`,
  };
}
