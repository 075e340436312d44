// Markdown that grows: blocks that are complete are drawn once and left alone, only the last one is drawn again. So the
// work for each token does not grow with the answer.
import { copy } from '../lib/clipboard.js';
import { t } from '../lib/language.js';
import { guarded } from '../lib/toast.js';
import { colour, typeset } from './lazy.js';
import { parser } from './parser.js';
import { sanitised } from './sanitise.js';

const kShare = 0.25; // of the time, at most, is spent on drawing

/** The tokens' last block at the top: where its tokens begin, and its first line. */
function last_block(tokens) {
  for (let index = tokens.length - 1; index >= 0; --index) {
    if (tokens[index].level === 0 && tokens[index].nesting >= 0 && tokens[index].map)
      return { index, line: tokens[index].map[0] };
  }
  return { index: 0, line: 0 };
}

function line_start(text, line) {
  let at = 0;
  for (; line > 0; --line) at = text.indexOf('\n', at) + 1;
  return at;
}

function copy_bar(pre) {
  const code = pre.querySelector('code');
  const bar = document.createElement('div');
  bar.className = 'code-bar';
  const name = document.createElement('span');
  name.textContent = /language-(\S+)/.exec(code?.className ?? '')?.[1] ?? '';
  const button = Object.assign(document.createElement('button'), {
    type: 'button',
    className: 'quiet small',
    textContent: t('Copy'),
  });
  const click = async () => {
    await copy(code.textContent);
    button.textContent = t('Copied');
    setTimeout(() => {
      button.textContent = t('Copy');
    }, 1500);
  };
  button.addEventListener('click', guarded(click));
  bar.append(name, button);
  const frame = document.createElement('div');
  frame.className = 'code';
  frame.dir = 'ltr';
  pre.tabIndex = 0;
  pre.replaceWith(frame);
  frame.append(bar, pre);
}

/** Without colours, and with TeX for its formulas, an answer can be read too. */
const as_it_is = (error) => console.warn(error);

/** What HTML cannot hold: bars over code, colours, formulas. */
function finish(nodes, is_complete) {
  for (const node of nodes) {
    if (!node.querySelectorAll) continue;
    const all = (selector) => [...(node.matches(selector) ? [node] : []), ...node.querySelectorAll(selector)];
    for (const pre of all('pre')) {
      if (is_complete && pre.firstElementChild) colour(pre.firstElementChild).catch(as_it_is);
      copy_bar(pre);
    }
    for (const table of all('.table')) table.tabIndex = 0;
    for (const formula of all('.formula')) typeset(formula).catch(as_it_is);
  }
}

export class GrowingMarkdown {
  #container;
  #text = '';
  #frozen = 0; // characters whose blocks are drawn for good
  #tail = []; // the nodes of the last block
  #is_complete = false; // the last block is drawn as one at whose end the text ends
  #busy_until = 0;

  constructor(container) {
    this.#container = container;
  }

  /** Shows the text; while it is not complete, some updates are left out to spare the processor. */
  update(text, is_complete) {
    const start = performance.now();
    if (!is_complete && start < this.#busy_until) return;
    if (text.includes('\r')) text = text.replace(/\r\n?/g, '\n'); // as the parser counts lines
    const goes_on = this.#is_complete && text.length > this.#text.length;
    if (goes_on || !text.startsWith(this.#text) || (is_complete && /^ {0,3}\[[^\]]+\]:/m.test(text))) this.#clear();
    this.#text = text;
    this.#draw(is_complete);
    const spent = performance.now() - start;
    this.#busy_until = start + spent / kShare;
  }

  #clear() {
    this.#container.replaceChildren();
    this.#frozen = 0;
    this.#tail = [];
    this.#is_complete = false;
  }

  #draw(is_complete) {
    const rest = this.#text.slice(this.#frozen);
    const env = {};
    const tokens = parser.parse(rest, env);
    const last = is_complete ? { index: tokens.length, line: 0 } : last_block(tokens);
    for (const node of this.#tail) node.remove();
    this.#append(tokens.slice(0, last.index), env, true);
    this.#tail = this.#append(tokens.slice(last.index), env, is_complete);
    if (is_complete) {
      this.#tail = [];
      this.#is_complete = true;
    }
    this.#frozen = is_complete ? this.#text.length : this.#frozen + line_start(rest, last.line);
  }

  #append(tokens, env, is_complete) {
    if (!tokens.length) return [];
    const fragment = sanitised(parser.renderer.render(tokens, parser.options, env));
    const holder = document.createElement('div');
    holder.className = 'blocks';
    holder.append(fragment);
    finish([...holder.childNodes], is_complete);
    this.#container.append(holder);
    return [holder];
  }
}
