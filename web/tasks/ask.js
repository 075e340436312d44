// What the task pages share: one question to the model, streamed; nothing is stored.
import { useEffect, useRef, useState } from '../lib/html.js';
import { explain } from '../lib/errors.js';
import { stream_reply } from '../chat/stream.js';

/** Fewer than any language has on average, so that what is reckoned by it fits for sure. */
export const kCharactersOfToken = 2.5;

/** The body of one question: instructions, and what they are about (text or parts). */
export const body_of = (system, content, options = {}) => ({
  messages: [...(system ? [{ role: 'system', content: system }] : []), { role: 'user', content }],
  reasoning_effort: 'none',
  ...options,
});

/** Asks and calls on_text with the answer so far; gives the whole. */
export async function ask_once(body, { signal, on_text = () => {} } = {}) {
  const reply = await stream_reply(body, { signal, on_change: ({ text }) => on_text(text) });
  return reply.text;
}

/**
 * Work of a page that runs one at a time, can be stopped, and tells what went wrong: {busy, error, run, read, stop,
 * typed}. What the user typed ends work that was started by read.
 */
export function useWork() {
  const [busy, set_busy] = useState(false);
  const [error, set_error] = useState('');
  const controller = useRef(null);
  const is_reading = useRef(false);
  useEffect(() => () => controller.current?.abort(), []);
  const start = async (work, reads) => {
    controller.current?.abort();
    const mine = new AbortController();
    controller.current = mine;
    is_reading.current = reads;
    set_busy(true);
    set_error('');
    try {
      await work(mine.signal);
    } catch (failure) {
      if (failure.name !== 'AbortError') set_error(explain(failure));
    } finally {
      if (controller.current === mine) set_busy(false);
    }
  };
  const stop = () => controller.current?.abort();
  return {
    busy,
    error,
    run: (work) => start(work, false),
    read: (work) => start(work, true),
    stop,
    typed: () => is_reading.current && stop(),
  };
}

/** Parts of a text of at most `most` characters, cut between paragraphs, else lines, else sentences, else anywhere. */
export function parts_of(text, most) {
  const parts = [];
  let rest = text;
  while (rest.length > most) {
    const head = rest.slice(0, most);
    const cut =
      ['\n\n', '\n', '. ', ' '].map((end) => head.lastIndexOf(end) + end.length).find((at) => at > most / 3) ?? most;
    parts.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  return rest ? [...parts, rest] : parts;
}
