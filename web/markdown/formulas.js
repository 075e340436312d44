// Formulas in Markdown: $...$ and \(...\) in a line, $$...$$ and \[...\] on their own. They become elements with the
// TeX as their text, which markdown/lazy.js turns into MathML.

/** $5 and $6 are prices: a formula neither starts with a space, nor ends with one, nor is followed by a digit. */
function dollar_end(text, start, limit) {
  if (/\s/.test(text[start + 1] ?? ' ')) return -1;
  for (let at = start + 1; at < limit; ++at) {
    if (text[at] === '\\') ++at;
    else if (text[at] === '$')
      return /\s/.test(text[at - 1]) || /\d/.test(text[at + 1] ?? '') || at === start + 1 ? -1 : at;
  }
  return -1;
}

function push(state, silent, tex, is_block, end) {
  if (!tex.trim()) return false;
  if (!silent) state.push(is_block ? 'formula_display' : 'formula', 'span', 0).content = tex.trim();
  state.pos = end;
  return true;
}

function in_line(state, silent) {
  const { src, pos, posMax } = state;
  for (const [open, close] of [
    ['$$', '$$'],
    ['\\(', '\\)'],
    ['\\[', '\\]'],
  ]) {
    if (!src.startsWith(open, pos)) continue;
    const end = src.indexOf(close, pos + 2);
    return end >= 0 && end < posMax && push(state, silent, src.slice(pos + 2, end), open !== '\\(', end + 2);
  }
  if (src[pos] !== '$') return false;
  const end = dollar_end(src, pos, posMax);
  return end > 0 && push(state, silent, src.slice(pos + 1, end), false, end + 1);
}

/** A block that starts with $$ or \[ at the beginning of a line and ends with its partner at the end of one. */
function on_its_own(state, start_line, end_line, silent) {
  const line = (index) => state.src.slice(state.bMarks[index] + state.tShift[index], state.eMarks[index]).trim();
  const first = line(start_line);
  const close = { $$: '$$', '\\[': '\\]' }[first.slice(0, 2)];
  if (!close) return false;
  const lines = [];
  for (let index = start_line; index < end_line; ++index) {
    const text = index === start_line ? first.slice(2) : line(index);
    if (!text.endsWith(close)) {
      lines.push(text);
      continue;
    }
    if (silent) return true;
    lines.push(text.slice(0, -2));
    const token = state.push('formula_display', 'span', 0);
    token.content = lines.join('\n').trim();
    token.map = [start_line, index + 1];
    token.block = true;
    state.line = index + 1;
    return true;
  }
  return false;
}

export function formulas(parser) {
  const escape = parser.utils.escapeHtml;
  parser.inline.ruler.before('escape', 'formula', in_line);
  parser.block.ruler.before('fence', 'formula', on_its_own, { alt: ['paragraph', 'reference', 'blockquote', 'list'] });
  parser.renderer.rules.formula = (tokens, index) => `<span class="formula">${escape(tokens[index].content)}</span>`;
  parser.renderer.rules.formula_display = (tokens, index) =>
    `<span class="formula display">${escape(tokens[index].content)}</span>`;
}
