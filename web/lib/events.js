// Server-sent events read from a reply's body: EventSource can neither send a key nor a body.
import { request } from './api.js';

/** The texts after "data:" of a reply, as they come. */
export async function* event_data(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split(/\r?\n/);
    rest = lines.pop();
    for (const line of lines) if (line.startsWith('data:')) yield line.slice(5).trimStart();
  }
}

const change_of_visibility = () =>
  new Promise((resolve) => {
    document.addEventListener('visibilitychange', resolve, { once: true });
  });

/**
 * Calls on_event with each of the server's news, for as long as the page is open; on_open at each new connection. A tab that is not seen lets
 * its connection go, as browsers have six for all tabs of a server.
 */
export async function follow_news(on_event, on_open) {
  for (let wait = 500; ; wait = Math.min(wait * 2, 5000)) {
    while (document.hidden) await change_of_visibility();
    const hidden = new AbortController();
    const hide = () => hidden.abort();
    document.addEventListener('visibilitychange', hide, { once: true });
    try {
      const response = await request('/page/events', {
        headers: { Accept: 'text/event-stream' },
        signal: hidden.signal,
      });
      wait = 500;
      on_open();
      for await (const data of event_data(response)) on_event(JSON.parse(data));
    } catch {
      // request() has told the connection's state; the next try will tell when it is back.
    } finally {
      document.removeEventListener('visibilitychange', hide);
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
