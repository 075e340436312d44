// Markdown to tokens and HTML: markdown-it without raw HTML, pictures as links (nothing outside is ever loaded),
// alignment as classes (the page's policy allows no style attributes), and formulas.
import markdown_it from '../vendor/markdown-it.js';
import { formulas } from './formulas.js';

export const parser = markdown_it({ html: false, linkify: true, breaks: false, typographer: false });
parser.use(formulas);

const escape = parser.utils.escapeHtml;
const rules = parser.renderer.rules;

rules.image = (tokens, index) => {
  const token = tokens[index];
  const address = token.attrGet('src');
  return `<a class="picture" href="${escape(address)}">${escape(token.content || address)}</a>`;
};

rules.fence = (tokens, index) => {
  const language = tokens[index].info.trim().split(/\s+/)[0] ?? '';
  return `<pre><code class="language-${escape(language)}">${escape(tokens[index].content)}</code></pre>\n`;
};

rules.table_open = () => '<div class="table"><table>';
rules.table_close = () => '</table></div>';

for (const name of ['th_open', 'td_open']) {
  rules[name] = (tokens, index, options, _, renderer) => {
    const align = /text-align:(\w+)/.exec(tokens[index].attrGet('style') ?? '')?.[1];
    tokens[index].attrs = align ? [['class', `align-${align}`]] : null;
    return renderer.renderToken(tokens, index, options);
  };
}
