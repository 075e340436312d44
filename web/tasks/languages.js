// Languages that people speak: their names, in the interface's language and in English.
import { t } from '../lib/language.js';

const kCodes = 'ar cs da de el en es fi fr he hi hu id it ja ko nl no pl pt ro ru sv th tr uk vi zh';

/** To choose from: [code, name], in the order of the names. */
export function language_names(locale) {
  const names = new Intl.DisplayNames(locale, { type: 'language' });
  return kCodes
    .split(' ')
    .map((code) => [code, names.of(code)])
    .sort(([, one], [, other]) => one.localeCompare(other, locale));
}

/** A language's English name, as models know it best. */
export const english_name = (code) => new Intl.DisplayNames('en', { type: 'language' }).of(code);

export const any_language = () => t('Detect it');
