// What an answer may need and most do not, loaded when the first one does: colours for code, MathML for formulas.
import { sanitised } from './sanitise.js';

const kNames = {
  bash: 'bash',
  sh: 'bash',
  shell: 'bash',
  zsh: 'bash',
  console: 'bash',
  c: 'c',
  h: 'c',
  cpp: 'cpp',
  'c++': 'cpp',
  cc: 'cpp',
  hpp: 'cpp',
  cs: 'csharp',
  csharp: 'csharp',
  css: 'css',
  diff: 'diff',
  patch: 'diff',
  go: 'go',
  golang: 'go',
  ini: 'ini',
  toml: 'ini',
  java: 'java',
  js: 'javascript',
  javascript: 'javascript',
  jsx: 'javascript',
  mjs: 'javascript',
  json: 'json',
  kotlin: 'kotlin',
  kt: 'kotlin',
  php: 'php',
  py: 'python',
  python: 'python',
  ruby: 'ruby',
  rb: 'ruby',
  rust: 'rust',
  rs: 'rust',
  sql: 'sql',
  ts: 'typescript',
  tsx: 'typescript',
  typescript: 'typescript',
  html: 'xml',
  xml: 'xml',
  svg: 'xml',
  yaml: 'yaml',
  yml: 'yaml',
};
const kLargest = 60_000; // characters of code that are coloured

const grammars = new Map();
const core = () => import('../vendor/highlight/core.js').then((module) => module.default);

async function grammar(name) {
  const highlighter = await core();
  if (!grammars.has(name)) {
    const loaded = import(`../vendor/highlight/${name}.js`).then((module) =>
      highlighter.registerLanguage(name, module.default),
    );
    grammars.set(name, loaded);
    loaded.catch(() => grammars.delete(name)); // the next one tries again
  }
  await grammars.get(name);
  return highlighter;
}

/** Colours a <code> element whose class names a language that is known. */
export async function colour(code) {
  const name = kNames[/language-(\S+)/.exec(code.className)?.[1]?.toLowerCase()];
  const text = code.textContent;
  if (!name || text.length > kLargest) return;
  const highlighter = await grammar(name);
  const { value } = highlighter.highlight(text, { language: name, ignoreIllegals: true });
  if (code.textContent === text) code.replaceChildren(sanitised(value));
}

let maths = null;

function load_maths() {
  maths ??= new Promise((resolve, reject) => {
    const style = Object.assign(document.createElement('link'), {
      rel: 'stylesheet',
      href: '/page/assets/vendor/temml.css',
    });
    const script = Object.assign(document.createElement('script'), {
      src: '/page/assets/vendor/temml.js',
      onload: () => resolve(globalThis.temml),
      onerror: () => {
        style.remove();
        script.remove();
        reject(new Error('formulas could not be loaded'));
      },
    });
    document.head.append(style, script);
  });
  maths.catch(() => {
    maths = null; // the next one tries again
  });
  return maths;
}

/** Replaces the TeX in an element by MathML; what is no TeX stays as it was written. */
export async function typeset(element) {
  const tex = element.textContent;
  const temml = await load_maths();
  if (element.textContent !== tex) return;
  try {
    temml.render(tex, element, {
      displayMode: element.classList.contains('display'),
      throwOnError: true,
      trust: false,
      maxExpand: 200,
      maxSize: [20, 100],
    });
    element.title = tex;
  } catch {
    element.textContent = tex;
    element.classList.add('raw');
  }
}
