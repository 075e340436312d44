// A JSON Schema for answers: a form for flat objects, and the schema itself for everything else.
import { html, useReducer, useRef, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { IconButton } from '../shell/icons.js';

const kTypes = ['string', 'integer', 'number', 'boolean', 'string list'];

const schema_of_type = (type) => (type === 'string list' ? { type: 'array', items: { type: 'string' } } : { type });
const type_of_schema = (schema) =>
  schema.type === 'array' && schema.items?.type === 'string' ? 'string list' : schema.type;

/** The rows of a flat schema, or null where it is more than the form can show. */
function rows_of(text) {
  if (!text.trim()) return [];
  try {
    const schema = JSON.parse(text);
    const rows = Object.entries(schema.properties ?? {}).map(([name, value]) => ({
      name,
      type: type_of_schema(value),
    }));
    return text === schema_of(rows) ? rows : null;
  } catch {
    return null;
  }
}

/** The schema, as text, of an object with these members; '' for none. */
function schema_of(rows) {
  const named = rows.filter(({ name }) => name);
  if (!named.length) return '';
  const properties = Object.fromEntries(named.map(({ name, type }) => [name, schema_of_type(type)]));
  return JSON.stringify(
    { type: 'object', properties, required: named.map(({ name }) => name), additionalProperties: false },
    null,
    2,
  );
}

function Rows({ rows, set_rows }) {
  const change = (index, part) =>
    set_rows((now) => now.map((row, other) => (other === index ? { ...row, ...part } : row)));
  return html`
    ${rows.map(
      (row, index) => html`<div class="row" key=${index}>
      <input type="text" value=${row.name} aria-label=${t('Name of the field')} placeholder=${t('Name')}
          onInput=${(event) => change(index, { name: event.target.value.trim() })} />
      <select aria-label=${t('Type of the field')} value=${row.type}
          onChange=${(event) => change(index, { type: event.target.value })}>
        ${kTypes.map((type) => html`<option value=${type}>${t(type)}</option>`)}</select>
      <${IconButton} name="close" label=${t('Remove')}
          onClick=${() => set_rows((now) => now.filter((_, other) => other !== index))} />
    </div>`,
    )}
    <button type="button" class="small"
        onClick=${() => set_rows((now) => [...now, { name: '', type: 'string' }])}>${t('Add a field')}</button>`;
}

/** The rows of the form; they may have no name yet, and are read anew when the schema is changed by something else. */
function useRows(value, set) {
  const [, redraw] = useReducer((count) => count + 1, 0);
  const held = useRef({ text: value, rows: rows_of(value) });
  if (held.current.text !== value) held.current = { text: value, rows: rows_of(value) };
  const change = (make) => {
    const rows = make(held.current.rows);
    held.current = { text: schema_of(rows), rows };
    set(held.current.text);
    redraw();
  };
  return [held.current.rows, change];
}

export function SchemaForm({ value, set }) {
  const [rows, set_rows] = useRows(value, set);
  const [wrong, set_wrong] = useState('');
  const typed = (event) => {
    const text = event.target.value;
    try {
      if (text.trim()) JSON.parse(text);
      set_wrong('');
      set(text);
    } catch (error) {
      set_wrong(error.message);
    }
  };
  return html`
    <p class="muted small">${t('Every answer is JSON of this form; the server enforces it.')}</p>
    ${rows && html`<${Rows} rows=${rows} set_rows=${set_rows} />`}
    <label class="field">${t('JSON Schema')}<textarea key=${value} rows="5" class="code-input" dir="ltr"
        spellcheck="false" onChange=${typed}>${value}</textarea></label>
    ${wrong && html`<p class="error" role="alert">${wrong}</p>`}`;
}
