// Sound files through POST /v1/audio/transcriptions, and subtitles made of what it gives.
import { request } from '../lib/api.js';
import { t } from '../lib/language.js';

/** {text, language, duration, segments: [{start, end, text}]} of a sound or video file. */
export async function transcript_of(file, { model, language, signal, translate = false }) {
  const form = new FormData();
  form.append('file', file, file.name);
  form.append('response_format', 'verbose_json');
  if (model) form.append('model', model);
  if (language) form.append('language', language);
  try {
    return await (
      await request(`/v1/audio/${translate ? 'translations' : 'transcriptions'}`, {
        method: 'POST',
        body: form,
        signal,
      })
    ).json();
  } catch (error) {
    if (error.name !== 'AbortError' && error.status >= 400 && error.status !== 401)
      error.message = `${file.name}: ${error.message}`;
    throw error;
  }
}

function subtitle_time(seconds, point) {
  const two = (value) => String(Math.floor(value)).padStart(2, '0');
  const milliseconds = String(Math.round((seconds % 1) * 1000) % 1000).padStart(3, '0');
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}${point}${milliseconds}`;
}

export const srt = (segments) =>
  segments
    .map(
      ({ start, end, text }, index) =>
        `${index + 1}\n${subtitle_time(start, ',')} --> ${subtitle_time(end, ',')}\n${text.trim()}\n`,
    )
    .join('\n');

export const vtt = (segments) =>
  `WEBVTT\n\n${segments
    .map(({ start, end, text }) => `${subtitle_time(start, '.')} --> ${subtitle_time(end, '.')}\n${text.trim()}\n`)
    .join('\n')}`;

/** Languages to choose from: code -> name in the interface's language. */
export function language_names(
  locale,
  codes = [
    'ar',
    'cs',
    'da',
    'de',
    'el',
    'en',
    'es',
    'fi',
    'fr',
    'he',
    'hi',
    'hu',
    'id',
    'it',
    'ja',
    'ko',
    'nl',
    'no',
    'pl',
    'pt',
    'ro',
    'ru',
    'sv',
    'th',
    'tr',
    'uk',
    'vi',
    'zh',
  ],
) {
  const names = new Intl.DisplayNames(locale, { type: 'language' });
  return codes.map((code) => [code, names.of(code)]).sort(([, one], [, other]) => one.localeCompare(other, locale));
}

/** A language's English name, as models know it best. */
export const english_name = (code) => new Intl.DisplayNames('en', { type: 'language' }).of(code);

export const kSound = 'audio/*,video/*,.opus,.flac,.mkv';
export const any_language = () => t('Detect it');
