// What goes wrong has a clear message, and loses nothing: a server that dies, a wrong key, no model, files too large,
// no network, no room.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answer, choose, play, played, say, Server, world } from './world.mjs';

const held = world();

test('the server dies in the middle of an answer, and comes back: what came is kept, and goes on', async () => {
  const server = await Server.start();
  const context = await held.browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(play, {
    scripts: [Array.from({ length: 200 }, (_, index) => `word${index} `), ['the end']],
    pause: 30,
  });
  await page.goto(server.url);
  await say(page, 'Write');
  await page.getByText('word5').waitFor();
  await server.stop();
  await page
    .getByText(/The server cannot be reached/)
    .first()
    .waitFor();
  await page.locator('.messages[aria-busy=false]').waitFor();
  await server.start();
  await page.locator('.connection').waitFor({ state: 'hidden', timeout: 15_000 });
  const id = new URL(page.url()).hash.split('/').at(-1);
  for (let tries = 0; tries < 40; ++tries) {
    const { body } = await server.json('GET', `/page/conversations/${id}`);
    if (body.messages?.at(-1).content[0]?.text.includes('word199')) break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  await page.reload();
  await page.getByText('word199').waitFor();
  await context.close();
  await server.end();
});

test('a real stream that is cut is kept as far as it came, and can be continued', async () => {
  const server = await Server.start();
  const context = await held.browser.newContext();
  const page = await context.newPage();
  await page.goto(server.url);
  await page.locator('#composer').waitFor();
  await page.evaluate(() => {
    const real = globalThis.fetch;
    globalThis.fetch = async (where, options) => {
      if (!String(where).endsWith('/v1/chat/completions')) return real(where, options);
      const begin = 'data: {"choices":[{"index":0,"delta":{"content":"Hello! How can"}}]}\n\n';
      globalThis.fetch = real;
      return new Response(
        new ReadableStream({
          start(stream) {
            stream.enqueue(new TextEncoder().encode(begin));
            setTimeout(() => stream.error(new TypeError('network error')), 200);
          },
        }),
      );
    };
  });
  await say(page, 'Hi');
  await page.getByText('The connection to the server was lost. What came of the answer is kept.').waitFor();
  await server.stop();
  await server.start();
  await page.reload();
  await page.getByText('Hello! How can').waitFor();
  await page.getByText('The connection to the server was lost.').waitFor();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Hello! How can I help you?').waitFor();
  await context.close();
  await server.end();
});

test('a page that is reloaded in the middle of an answer keeps what came', async () => {
  const page = await held.open('', {
    init: {
      script: play,
      value: { scripts: [Array.from({ length: 4000 }, (_, index) => `word${index} `), ['the rest']], pause: 20 },
    },
  });
  page.on('dialog', (dialog) => dialog.accept());
  await say(page, 'Write');
  await page.getByText('word20').waitFor();
  await page.reload();
  await page.getByText('word20').waitFor();
  await page.getByText('What came of the answer is kept.').waitFor();
  await page.getByRole('button', { name: 'Continue' }).waitFor();
});

test('an answer that another tab left alone is not waited for', async () => {
  const { body: made } = await held.server.json('POST', '/page/conversations', { title: 'left' });
  await held.server.json('PUT', `/page/conversations/${made.id}/messages/a`, {
    id: 'a',
    parent: null,
    role: 'assistant',
    state: 'writing',
    content: [{ type: 'text', text: 'half of it' }],
    timing: { at: Date.now() / 1000 },
  });
  const page = await held.open(`#/c/${made.id}`);
  await page.getByText('half of it').waitFor();
  assert.equal(await page.getByText('The answer was interrupted.').count(), 0);
  await page.getByText('The answer was interrupted. What came of it is kept.').waitFor();
});

test('a talk that waits in the browser is shown whole and in its order, across a reload', async () => {
  const page = await held.open('', played(['answer 1'], ['answer 2'], ['answer 3']));
  await page.route('**/messages/*', (route) => route.abort());
  const told = ['question 1', 'answer 1', 'question 2', 'answer 2', 'question 3', 'answer 3'];
  const shown = async () =>
    (await page.locator('.message').allInnerTexts()).map((text) => text.match(/(question|answer) \d/)?.[0]);
  for (const turn of [1, 2, 3]) {
    const refreshed = page.waitForResponse(
      (reply) => /conversations\/[^/]+$/.test(reply.url()) && reply.request().method() === 'GET',
    );
    await say(page, `question ${turn}`);
    await refreshed;
    await page.getByText(`answer ${turn}`, { exact: true }).waitFor();
    assert.deepEqual(await shown(), told.slice(0, 2 * turn));
  }
  await page.reload();
  await page.getByText('answer 3', { exact: true }).waitFor();
  assert.deepEqual(await shown(), told);
});

test('a message that could not be stored waits in the browser, across a reload', async () => {
  const page = await held.open('', played(['first'], ['second']));
  await say(page, 'One');
  await answer(page);
  await page.route('**/page/**', (route) => route.abort());
  await say(page, 'Two');
  await page.getByText('second', { exact: true }).waitFor();
  await page
    .getByText(/The server cannot be reached/)
    .first()
    .waitFor();
  await page.unroute('**/page/**');
  await page.locator('.connection').waitFor({ state: 'hidden', timeout: 15_000 });
  await page.reload();
  await page.getByText('second', { exact: true }).waitFor();
});

test('a model that is missing', async () => {
  const { body: made } = await held.server.json('POST', '/page/conversations', {
    title: 'gone',
    settings: { model: 'gone-model' },
  });
  const page = await held.open(`#/c/${made.id}`);
  assert.match(await page.locator('.model-picker').innerText(), /gone-model \(not here\)/);
  await say(page, 'Hello');
  await page.getByRole('alert').filter({ hasText: "model 'gone-model' not found; there is nano" }).waitFor();
});

test('a picture of 100 MB', async () => {
  const page = await held.open();
  await page.locator('#composer').evaluate((node) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(100 << 20)], 'huge.png', { type: 'image/png' }));
    node.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await page.getByText(/huge\.png: That is larger than the server takes\./).waitFor();
  assert.equal(await page.locator('.attachment').count(), 0);
});

test('a sound that is larger than a request may be', async () => {
  const page = await held.open('#/transcribe');
  await page.locator('.drop').evaluate((node) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(70 << 20)], 'long.mp3', { type: 'audio/mpeg' }));
    node.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await page.getByText(/That is larger than the server takes\. long\.mp3/).waitFor();
  assert.equal(await page.locator('.connection').isVisible(), false);
});

test('a sound that cannot be decoded', async () => {
  const page = await held.open('#/transcribe');
  await choose(
    page,
    { name: 'noise.mp3', mimeType: 'audio/mpeg', buffer: Buffer.from('this is no sound at all') },
    'Choose files',
  );
  await page
    .getByRole('alert')
    .filter({ hasText: /noise\.mp3: / })
    .waitFor();
});

test('a picture that cannot be decoded says so before it is sent', async () => {
  const page = await held.open();
  await choose(page, {
    name: 'broken.png',
    mimeType: 'image/png',
    buffer: Buffer.from('\x89PNG\r\n\x1a\nand nothing more', 'latin1'),
  });
  await page
    .locator('.error')
    .filter({ hasText: /png|picture|image/i })
    .first()
    .waitFor();
});

test('a browser without network', async () => {
  const page = await held.open();
  await page.context().setOffline(true);
  await say(page, 'Hello');
  await page
    .getByText(/The server cannot be reached/)
    .first()
    .waitFor();
  await page.context().setOffline(false);
  await page.locator('.connection').waitFor({ state: 'hidden', timeout: 15_000 });
});

test('a server without room to store', async () => {
  const page = await held.open('', played(['hello']));
  await page.route('**/page/conversations', (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({
          status: 503,
          json: { error: { message: 'the database is full: 4 GiB at most', type: 'server_error' } },
        })
      : route.continue(),
  );
  await say(page, 'Hello');
  await page.locator('.toast.error', { hasText: 'no room left to store this' }).waitFor();
});

test('a browser without room for what waits', async () => {
  const page = await held.open('', {
    init: {
      script: () => {
        const real = Storage.prototype.setItem;
        Storage.prototype.setItem = function (name, value) {
          if (name.startsWith('unsent:')) throw new DOMException('full', 'QuotaExceededError');
          real.call(this, name, value);
        };
      },
    },
  });
  await say(page, 'Hello, who are you?');
  await answer(page);
  await page.route('**/page/conversations/*/messages/*', (route) => route.abort());
  await say(page, 'Hello, who are you?');
  await page.getByText(/The browser has no room to keep this message/).waitFor();
});

let keyed;
before(async () => {
  keyed = await Server.start('--api-key', 'right-key');
});
after(() => keyed.end());

test('a server with a key: wrong, then right; the key is in no address and gone with the tab', async () => {
  const context = await held.browser.newContext();
  const page = await context.newPage();
  const addresses = [];
  page.on('request', (request) => addresses.push(request.url()));
  await page.goto(keyed.url);
  const field = page.getByLabel('Key', { exact: true }).last();
  const gate = page.getByRole('dialog', { name: 'Key' });
  await gate.waitFor();
  for (const press of ['Escape', 'Escape', 'Control+k']) await page.keyboard.press(press);
  await page.waitForTimeout(100);
  assert.ok(await gate.isVisible());
  assert.ok(await page.evaluate(() => document.querySelector('dialog').contains(document.activeElement)));
  await field.fill('wröng-kéy-€');
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('A key has Latin letters, digits and signs only, and no spaces.').waitFor();
  assert.equal(await page.locator('.connection').isVisible(), false);
  await field.fill('wrong-key');
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('The key was not accepted.').waitFor();
  await field.fill('right-key');
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('What can I do for you?').waitFor();
  await say(page, 'Hello, who are you?');
  assert.match(await (await answer(page)).innerText(), /nano/);
  assert.deepEqual(
    addresses.filter((url) => url.includes('right-key')),
    [],
  );
  assert.equal(
    await page.evaluate(() => JSON.stringify({ ...localStorage })).then((text) => text.includes('right-key')),
    false,
  );
  const other = await context.newPage();
  await other.goto(keyed.url);
  await other.getByText('This server wants a key').waitFor();
  await context.close();
});

test('live sound works with a key of any characters', async () => {
  const server = await Server.start('--api-key', 'a/b=c@d:{e}');
  const page = await held.open();
  await page.addInitScript(() => sessionStorage.setItem('facet-key', 'a/b=c@d:{e}'));
  await page.goto(`${server.url}/#/transcribe`);
  const sent = [];
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent.push(payload)));
  await page.getByRole('button', { name: 'Listen to the microphone' }).click();
  for (let tries = 0; tries < 100 && sent.length < 5; ++tries) await page.waitForTimeout(100);
  assert.ok(sent.length >= 5, 'the session, then samples');
  assert.equal(await page.locator('.note.bad').count(), 0);
  await page.context().close();
  await server.end();
});

test('addresses that mean nothing show the chat', async () => {
  for (const hash of ['#/c/%', '#/constructor', '#/toString/x']) {
    const page = await held.open(hash);
    await page.locator('#composer, .note, .empty').first().waitFor();
    assert.deepEqual(page.problems, [], hash);
  }
});

async function stored(text) {
  const { body } = await held.server.json('POST', '/page/conversations', { title: 'stored' });
  await held.server.json('POST', `/page/conversations/${body.id}/messages`, { role: 'user', content: text });
  return body.id;
}

test('a conversation that could not be opened opens when the server is back', async () => {
  const id = await stored('words of before');
  const page = await held.open();
  await page.route('**/{page/conversations,health}/**', (route) => route.abort());
  await page.route('**/health', (route) => route.abort());
  await page.evaluate((to) => (location.hash = `#/c/${to}`), id);
  await page.getByRole('heading', { name: 'This page could not be loaded' }).waitFor();
  await page.unrouteAll();
  await page.locator('.bubble', { hasText: 'words of before' }).waitFor();
});

test('a conversation that a busy server did not give is asked for again by a button', async () => {
  const id = await stored('words of before');
  const page = await held.open();
  await page.route(`**/page/conversations/${id}`, (route) =>
    route.fulfill({ status: 503, json: { error: { message: 'many are waiting' } } }),
  );
  await page.evaluate((to) => (location.hash = `#/c/${to}`), id);
  await page.getByRole('alert').filter({ hasText: 'The server is busy' }).waitFor();
  await page.unrouteAll();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.locator('.bubble', { hasText: 'words of before' }).waitFor();
});

test('a page that could not be loaded is loaded again by a button', async () => {
  const page = await held.open();
  await page.route('**/tasks/translate.js', (route) => route.abort());
  await page.evaluate(() => (location.hash = '#/translate'));
  await page.getByRole('heading', { name: 'This page could not be loaded' }).waitFor();
  await page.unrouteAll();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'Translate' }).waitFor();
});

test('formulas that could not be loaded are loaded for the next ones, and failed tries leave nothing behind', async () => {
  const page = await held.open('', played(['$a$'], ['$b$'], ['$c$']));
  await page.route('**/vendor/temml.js', (route) => route.abort());
  for (const turn of ['one', 'two']) {
    const failed = page.waitForEvent('requestfailed', (request) => request.url().endsWith('temml.js'));
    await say(page, turn);
    await failed;
    await answer(page);
    await page.waitForFunction(() => !document.head.querySelector('[src*=temml], [href*=temml]'));
  }
  await page.unrouteAll();
  await say(page, 'three');
  await page.locator('.formula math').waitFor();
  const elements = page.locator('head').locator('[src*=temml], [href*=temml]');
  assert.equal(await elements.count(), 2, 'the style and the script');
});

test('what was written and not sent outlasts a reload', async () => {
  const id = await stored('an older chat');
  const page = await held.open();
  await page.locator('#composer').fill('half a thought');
  await page.evaluate((to) => (location.hash = `#/c/${to}`), id);
  await page.locator('.bubble', { hasText: 'an older chat' }).waitFor();
  await page.locator('#composer').fill('another half');
  await page.reload();
  await page.locator('.bubble', { hasText: 'an older chat' }).waitFor();
  assert.equal(await page.locator('#composer').inputValue(), 'another half');
  await page.evaluate(() => (location.hash = '#/chat'));
  await page.getByText('What can I do for you?').waitFor();
  assert.equal(await page.locator('#composer').inputValue(), 'half a thought');
});

test('what is written in a new chat before the server knows it stays with it', async () => {
  const page = await held.open('', played(['the answer']));
  let release;
  const released = new Promise((resolve) => {
    release = resolve;
  });
  await page.route('**/page/conversations', async (route) => {
    if (route.request().method() === 'POST') await released;
    await route.continue();
  });
  await say(page, 'The question');
  await page.locator('#composer').fill('the next one');
  release();
  await page.getByText('the answer', { exact: true }).waitFor();
  const { hash } = new URL(page.url());
  await page.getByRole('link', { name: 'New chat' }).click();
  await page.getByText('What can I do for you?').waitFor();
  assert.equal(await page.locator('#composer').inputValue(), '');
  await page.evaluate((to) => (location.hash = to), hash);
  await page.getByText('the answer', { exact: true }).waitFor();
  assert.equal(await page.locator('#composer').inputValue(), 'the next one');
});

test('connections to the news that end leave nothing behind', async () => {
  const page = await held.open('', {
    init: {
      script: () => {
        globalThis.listeners = 0;
        for (const [name, step] of [
          ['addEventListener', 1],
          ['removeEventListener', -1],
        ]) {
          const real = document[name].bind(document);
          document[name] = (what, ...rest) => {
            if (what === 'visibilitychange') globalThis.listeners += step;
            return real(what, ...rest);
          };
        }
      },
    },
  });
  let tries = 0;
  await page.route('**/page/events', (route) => {
    ++tries;
    return route.fulfill({ contentType: 'text/event-stream', body: '' });
  });
  await page.reload();
  for (const end = Date.now() + 30_000; tries < 4; await page.waitForTimeout(100))
    assert.ok(Date.now() < end, `${tries} connections`);
  assert.ok((await page.evaluate(() => globalThis.listeners)) <= 1);
});
