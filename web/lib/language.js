// The interface's language. English stands in the sources; languages/CODE.json gives the other words for each English
// text.
import { Store } from './store.js';

export const kLanguages = { en: 'English', de: 'Deutsch', fr: 'Français', es: 'Español', ar: 'العربية' };
const kRightToLeft = new Set(['ar']);

export const language = new Store('en');
let words = {};

/** The text in the interface's language, with {name} replaced. */
export function t(text, values = {}) {
  return (words[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/**
 * A text with {count}: the number as it is written here, and the words that the language has for so many. Other languages
 * give an object of forms for the English plural, by the names of Intl.PluralRules.
 */
export function counted(count, singular, plural) {
  const forms = words[plural] ?? { one: singular, other: plural };
  const form = forms[new Intl.PluralRules(locale()).select(count)] ?? forms.other;
  return form.replace('{count}', new Intl.NumberFormat(locale()).format(count));
}

function preferred() {
  const wanted = [localStorage.getItem('language'), ...navigator.languages].filter(Boolean);
  return wanted.map((code) => code.slice(0, 2)).find((code) => code in kLanguages) ?? 'en';
}

/** Loads a language's words; without a code, those that the browser asks for. */
export async function speak(code = preferred()) {
  try {
    words = code === 'en' ? {} : await (await fetch(`/page/assets/languages/${code}.json`)).json();
  } catch {
    code = 'en';
    words = {};
  }
  document.documentElement.lang = code;
  document.documentElement.dir = kRightToLeft.has(code) ? 'rtl' : 'ltr';
  language.set(code);
}

export function choose_language(code) {
  localStorage.setItem('language', code);
  return speak(code);
}

/** For dates and numbers. */
export const locale = () => language.value;
