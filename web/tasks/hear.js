// Sound files through POST /v1/audio/transcriptions, and subtitles made of what it gives.
import { request } from '../lib/api.js';

/** {text, language, duration, segments: [{start, end, text}]} of a sound or video file. */
export async function transcript_of(file, { model, language, signal }) {
  const form = new FormData();
  form.append('file', file, file.name);
  form.append('response_format', 'verbose_json');
  if (model) form.append('model', model);
  if (language) form.append('language', language);
  try {
    return await (await request('/v1/audio/transcriptions', { method: 'POST', body: form, signal })).json();
  } catch (error) {
    if (error.name !== 'AbortError' && error.status >= 400 && error.status !== 401)
      error.message = `${file.name}: ${error.message}`;
    throw error;
  }
}

/** 3661.5 -> 01:01:01,500; rounded first, so that nothing is carried wrongly. */
function subtitle_time(seconds, point) {
  const milliseconds = Math.round(seconds * 1000);
  const part = (unit, count, digits = 2) => String(Math.floor(milliseconds / unit) % count).padStart(digits, '0');
  return `${part(3_600_000, 100)}:${part(60_000, 60)}:${part(1000, 60)}${point}${part(1, 1000, 3)}`;
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

export const kSound = 'audio/*,video/*,.opus,.flac,.mkv';

/** Browsers know no type of some endings. */
export const is_sound = (file) => /^(audio|video)\//.test(file.type) || /\.(opus|flac|mkv)$/i.test(file.name);
