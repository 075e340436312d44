// Nothing is lost or mixed up where replies are late, saves are refused, or two tabs of a browser work at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, play, played, say, world } from './world.mjs';

const held = world();
const kSoon = 15_000; // milliseconds that something which happens by itself may take

const slowly = (pause, ...scripts) => ({ script: play, value: { scripts, pause } });
const words = (count) => Array.from({ length: count }, (_, index) => `word${index} `);
const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));
const id_of = (page) => new URL(page.url()).hash.split('/').at(-1);

async function stored(id) {
  return (await held.server.json('GET', `/page/conversations/${id}`)).body;
}

/** Waits until something is so. */
async function until(holds, what) {
  for (const end = Date.now() + kSoon; Date.now() < end; await wait(100)) if (await holds()) return;
  assert.fail(what);
}

const is_put = (request, holds) => request.method() === 'PUT' && holds(request.postDataJSON());

test('a conversation that comes late does not replace the one that was clicked after it', async () => {
  const slow = await held.make('Slow one', 'text of the slow one');
  await held.make('Quick one', 'text of the quick one');
  const page = await held.open();
  await page.route(`**/page/conversations/${slow}`, async (route) => {
    await wait(1500);
    await route.continue();
  });
  const late = page.waitForResponse(`**/page/conversations/${slow}`);
  await page.locator('.entry a', { hasText: 'Slow one' }).click();
  await page.locator('.entry a', { hasText: 'Quick one' }).click();
  await page.getByText('text of the quick one').waitFor();
  await late;
  await wait(300);
  assert.equal(await page.locator('.bubble').innerText(), 'text of the quick one');
});

test('a conversation that turns out to be gone does not close the one that was clicked after it', async () => {
  await held.make('Still here', 'text that is here');
  const page = await held.open();
  await page.route('**/page/conversations/gone', async (route) => {
    await wait(1500);
    await route.continue();
  });
  const late = page.waitForResponse('**/page/conversations/gone');
  await page.evaluate(() => {
    location.hash = '#/c/gone';
  });
  await page.locator('.entry a', { hasText: 'Still here' }).click();
  await late;
  await wait(300);
  assert.equal(await page.locator('.bubble').innerText(), 'text that is here');
});

test('a page that is loaded late does not replace the one that was clicked after it', async () => {
  const page = await held.open();
  await page.route('**/models/page.js', async (route) => {
    await wait(1500);
    await route.continue();
  });
  const late = page.waitForResponse('**/models/page.js');
  await page.getByRole('link', { name: 'Models' }).click();
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('heading', { name: 'Look and language' }).waitFor();
  await late;
  await wait(300);
  assert.equal(await page.getByRole('heading', { name: 'Look and language' }).count(), 1);
});

test('of two replies the older one, when it comes last, changes nothing', async () => {
  const id = await held.make('Twice', 'the question');
  const page = await held.open(`#/c/${id}`);
  await page.getByText('the question').waitFor();
  let replies = 0;
  await page.route(`**/page/conversations/${id}`, async (route) => {
    const first = !replies++;
    const response = await route.fetch();
    if (first) await wait(2000);
    await route.fulfill({ response });
  });
  const write = (text) =>
    held.server.json('PUT', `/page/conversations/${id}/messages/a`, {
      id: 'a',
      parent: `${id}m`,
      role: 'assistant',
      state: 'done',
      content: [{ type: 'text', text }],
    });
  await write('older text');
  await until(() => replies === 1, 'the first change was not read');
  await wait(200);
  await write('newer text');
  await page.getByText('newer text').waitFor({ timeout: 1500 });
  await wait(2500);
  assert.equal(await page.getByText('newer text').count(), 1);
});

test('the model that is asked is the one that the picker shows', async () => {
  const { body: before } = await held.server.json('GET', '/page/settings');
  await held.server.json('PUT', '/page/settings', { ...before, model: 'taken-away' });
  const page = await held.open('', played(['hello']));
  await say(page, 'Hello');
  await answer(page);
  await held.server.json('PUT', '/page/settings', before);
  assert.equal(await page.locator('.model-picker select').inputValue(), 'nano');
  assert.equal(await page.evaluate(() => globalThis.asked[0].model), 'nano');
});

test('while an answer is written, an earlier one cannot be continued; then it can', async () => {
  const page = await held.open('', { init: slowly(50, words(4000)) });
  await say(page, 'One');
  await page.getByText('word3').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Continue' }).waitFor();
  assert.ok(await page.getByRole('button', { name: 'Continue' }).isEnabled());
  await say(page, 'Two');
  await page.locator('.message.assistant').nth(1).getByText('word3').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Continue' }).isDisabled());
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Continue' }).nth(1).waitFor();
  await until(() => page.getByRole('button', { name: 'Continue' }).first().isEnabled(), 'it stays so');
});

test('a new chat stays, while another answer grows', async () => {
  const page = await held.open('', { init: slowly(20, words(400)) });
  await say(page, 'Write');
  await page.getByText('word5').waitFor();
  for (let tries = 0; tries < 5; ++tries) {
    await page.getByRole('link', { name: 'New chat' }).click();
    await page.getByText('What can I do for you?').waitFor();
    await wait(300);
    assert.equal(new URL(page.url()).hash, '#/chat');
    await page.locator('.entry a', { hasText: 'Write' }).click();
    await page.getByText('word5').waitFor();
  }
});

test('an earlier version of an answer does not overtake its end', async () => {
  const page = await held.open('', { init: slowly(100, words(40)) });
  let late = 0;
  await page.route('**/messages/*', async (route) => {
    if (is_put(route.request(), ({ state, content }) => state === 'writing' && content.length)) {
      ++late;
      await wait(4000);
    }
    await route.continue();
  });
  await say(page, 'Write');
  await answer(page);
  await wait(4500);
  assert.ok(late);
  assert.equal((await stored(id_of(page))).messages.at(-1).state, 'done');
});

test('a finished answer that a busy server refused is shown as finished, and stored later', async () => {
  const page = await held.open('', played(['the whole answer']));
  await page.route('**/messages/*', (route) =>
    is_put(route.request(), ({ role, state }) => role === 'assistant' && state === 'done')
      ? route.fulfill({ status: 503, json: { error: { message: 'the server is busy' } } })
      : route.continue(),
  );
  await say(page, 'Hello');
  const said = await answer(page);
  await page.locator('.toast.error', { hasText: 'the server is busy' }).waitFor();
  assert.match(await said.innerText(), /the whole answer/);
  assert.equal(await said.locator('.note').count(), 0);
  assert.notEqual((await stored(id_of(page))).messages.at(-1).state, 'done');
  await page.unroute('**/messages/*');
  await until(async () => (await stored(id_of(page))).messages.at(-1).state === 'done', 'it is not stored');
});

test('an answer too large with its probabilities is stored without them', async () => {
  const page = await held.open();
  await page.getByRole('button', { name: /Settings of this chat/ }).click();
  await page.getByLabel('Keep the probability of each token').check();
  await page.route('**/messages/*', (route) =>
    is_put(route.request(), ({ logprobs }) => logprobs)
      ? route.fulfill({ status: 413, json: { error: { message: 'a message of more than 4 MiB' } } })
      : route.continue(),
  );
  await say(page, 'Hello, who are you?');
  await answer(page);
  const message = (await stored(id_of(page))).messages.at(-1);
  assert.deepEqual([message.state, message.logprobs], ['done', undefined]);
  assert.equal(await page.locator('.toast.error').count(), 0);
});

test('what waits in two tabs of a browser is all stored when the server is back', async () => {
  const one = await held.open('', played(['answer in one']));
  const context = one.context();
  const other = await held.tab(context, '', played(['answer in the other']).init);
  await context.route('**/messages/*', (route) => route.abort());
  await say(one, 'Question in one');
  await one.getByText('answer in one').waitFor();
  await say(other, 'Question in the other');
  await other.getByText('answer in the other').waitFor();
  const ids = [id_of(one), id_of(other)];
  await answer(one);
  await answer(other);
  await one.close();
  await context.unroute('**/messages/*');
  for (const id of ids)
    await until(async () => {
      const { messages } = await stored(id);
      return messages.length === 2 && messages.every(({ state }) => state === 'done');
    }, 'a message is not stored');
  await until(
    () => other.evaluate(() => !Object.keys(localStorage).some((name) => name.startsWith('unsent'))),
    'something still waits',
  );
});

test('what waits and is refused for good is told, and does not wait for ever', async () => {
  const id = await held.make('Refused', 'first');
  const page = await held.open();
  await page.evaluate(
    ([conversation]) =>
      localStorage.setItem(
        `unsent::${conversation}:lost`,
        JSON.stringify({
          conversation,
          message: { id: 'lost', parent: 'nobody', role: 'user', content: [{ type: 'text', text: 'never stored' }] },
          at: Date.now(),
        }),
      ),
    [id],
  );
  await page.goto(`${held.server.url}/#/c/${id}`);
  await page.reload();
  await page.locator('.toast.error', { hasText: 'A message that waited was refused' }).waitFor();
  assert.equal(await page.evaluate(() => Object.keys(localStorage).some((name) => name.startsWith('unsent'))), false);
});

test('what waits under one key is neither sent nor shown under another', async () => {
  const id = await held.make('Mine', 'first');
  const page = await held.open();
  const name = `unsent:1234abcd:${id}:other`;
  await page.evaluate(
    ([item, conversation]) =>
      localStorage.setItem(
        item,
        JSON.stringify({
          conversation,
          message: { id: 'other', parent: null, role: 'user', content: [{ type: 'text', text: 'not yours' }] },
          at: Date.now(),
        }),
      ),
    [name, id],
  );
  await page.goto(`${held.server.url}/#/c/${id}`);
  await page.reload();
  await page.getByText('first').waitFor();
  await wait(500);
  assert.equal(await page.getByText('not yours').count(), 0);
  assert.equal((await stored(id)).messages.length, 1);
  assert.ok(await page.evaluate((item) => localStorage.getItem(item), name));
});

test('a conversation that another tab deletes is not answered any more', async () => {
  const one = await held.open('', { init: slowly(50, words(4000)) });
  await say(one, 'To be deleted');
  await one.getByText('word3').waitFor();
  await held.server.json('DELETE', `/page/conversations/${id_of(one)}`);
  await one.getByText('What can I do for you?').waitFor();
  await wait(500);
  const before = one.requests.length;
  await wait(3000);
  assert.deepEqual(
    one.requests.slice(before).filter((url) => url.includes('/messages/')),
    [],
  );
  assert.equal(await one.locator('.toast.error').count(), 0);
});

test('while one tab is answered, the other waits; a long pause is not taken for an end', async () => {
  const one = await held.open('', { init: slowly(16_000, ['first part', ', last part']) });
  await say(one, 'Slowly');
  await one.getByText('first part').waitFor();
  const begin = Date.now();
  const other = await held.tab(one.context(), new URL(one.url()).hash);
  await other.getByText('first part').waitFor({ timeout: 10_000 });
  await other.locator('#composer').fill('Me too');
  while (Date.now() < begin + 14_500) {
    assert.equal(await other.getByText('The answer was interrupted.').count(), 0);
    assert.ok(await other.locator('.send').isDisabled());
    await wait(500);
  }
  await other.getByText('first part, last part').waitFor();
  await other.locator('.send:not([disabled])').waitFor();
});

test('settings that could not be read at first are not written over', async () => {
  const { body: before } = await held.server.json('GET', '/page/settings');
  await held.server.json('PUT', '/page/settings', { ...before, presets: [{ name: 'kept', values: {} }] });
  const page = await held.open('#/settings', {
    init: {
      script: () => {
        const real = globalThis.fetch;
        globalThis.fetch = (where, options) =>
          globalThis.settled || where !== '/page/settings'
            ? real(where, options)
            : Promise.resolve(new Response('{}', { status: 503 }));
      },
    },
  });
  await page.evaluate(() => {
    globalThis.settled = true;
  });
  await page.getByLabel('Show the figures of each answer').uncheck();
  await until(async () => !(await held.server.json('GET', '/page/settings')).body.show_figures, 'it is not written');
  const { body } = await held.server.json('GET', '/page/settings');
  assert.deepEqual(body.presets, [{ name: 'kept', values: {} }]);
  await held.server.json('PUT', '/page/settings', before);
});

test('presets that two tabs save are both kept', async () => {
  const one = await held.open();
  const other = await held.tab(one.context(), '', {
    script: () => {
      const real = globalThis.fetch; // a tab that hears no news
      globalThis.fetch = (where, options) => (where === '/page/events' ? new Promise(() => {}) : real(where, options));
    },
  });
  for (const [page, name] of [
    [one, 'of one'],
    [other, 'of the other'],
  ]) {
    await page.getByRole('button', { name: /Settings of this chat/ }).click();
    await page.getByRole('button', { name: 'Save as preset' }).click();
    await page.getByRole('textbox', { name: 'Name of the preset' }).fill(name);
    await page.keyboard.press('Enter');
    await page.getByText(`Preset “${name}” is saved.`).waitFor();
  }
  const { body } = await held.server.json('GET', '/page/settings');
  assert.deepEqual(
    body.presets.map((preset) => preset.name),
    ['of one', 'of the other'],
  );
});

test('another key begins anew', async () => {
  const page = await held.open('#/settings');
  await page.evaluate(() => {
    globalThis.of_the_old_key = true;
  });
  await page.getByLabel('Key', { exact: true }).fill('another');
  await page
    .locator('form', { has: page.getByLabel('Key', { exact: true }) })
    .getByRole('button')
    .click();
  await page.waitForFunction(() => !globalThis.of_the_old_key);
});

test('a conversation that was changed while this tab heard no news is shown as it is now', async () => {
  const id = await held.make('Changing', 'first text');
  await held.make('Beside it', 'another text');
  const page = await held.open(`#/c/${id}`, {
    init: {
      script: () => {
        const real = globalThis.fetch;
        globalThis.fetch = (where, options) =>
          where === '/page/events' ? new Promise(() => {}) : real(where, options);
      },
    },
  });
  await page.getByText('first text').waitFor();
  await page.locator('.entry a', { hasText: 'Beside it' }).click();
  await page.getByText('another text').waitFor();
  await held.server.json('PUT', `/page/conversations/${id}/messages/more`, {
    id: 'more',
    parent: `${id}m`,
    role: 'assistant',
    state: 'done',
    content: [{ type: 'text', text: 'said meanwhile' }],
  });
  await page.locator('.entry a', { hasText: 'Changing' }).click();
  await page.getByText('said meanwhile').waitFor();
});

test('each letter of a schema’s field is stored in order', async () => {
  const page = await held.open('', played(['hello']));
  await say(page, 'Hello');
  await answer(page);
  let patches = 0;
  await page.route('**/page/conversations/*', async (route) => {
    if (route.request().method() === 'PATCH' && ++patches <= 2) await wait(1500 / patches);
    await route.continue();
  });
  await page.getByRole('button', { name: /Settings of this chat/ }).click();
  await page.getByText('Structured answers').click();
  await page.getByRole('button', { name: 'Add a field' }).click();
  await page.getByLabel('Name of the field').pressSequentially('amount');
  await wait(3000);
  assert.deepEqual(Object.keys(JSON.parse((await stored(id_of(page))).settings.schema).properties), ['amount']);
});

/** Lets the server refuse new conversations after a second. */
const refuse = (page) =>
  page.route('**/page/conversations', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    await wait(1500);
    return route.fulfill({ status: 503, json: { error: { message: 'busy' } } });
  });

test('a message that is refused comes back before what was typed since', async () => {
  const page = await held.open();
  await refuse(page);
  await say(page, 'Refused');
  await page.locator('#composer').fill('Typed since');
  await page.locator('.toast.error').waitFor();
  assert.equal(await page.locator('#composer').inputValue(), 'Refused\n\nTyped since');
});

test('a message that is refused is there again when one comes back to its chat', async () => {
  await held.make('Elsewhere', 'text elsewhere');
  const page = await held.open();
  await refuse(page);
  await say(page, 'Refused');
  await page.locator('.entry a', { hasText: 'Elsewhere' }).click();
  await page.getByText('text elsewhere').waitFor();
  await page.locator('.toast.error').waitFor();
  assert.equal(await page.locator('#composer').inputValue(), '');
  await page.getByRole('link', { name: 'New chat' }).click();
  await page.getByText('What can I do for you?').waitFor();
  assert.equal(await page.locator('#composer').inputValue(), 'Refused');
});

test('older conversations stay shown when there is news', async () => {
  for (let index = 0; index < 62; ++index)
    await held.server.json('POST', '/page/conversations', { title: `Number ${index}` });
  const page = await held.open();
  await page.getByRole('button', { name: 'Show older ones' }).click();
  await page.locator('.entry', { hasText: 'Number 0' }).waitFor();
  await held.make('Something new', 'x');
  await page.locator('.entry', { hasText: 'Something new' }).waitFor();
  assert.equal(await page.locator('.entry', { hasText: /^Number 0/ }).count(), 1);
});

test('an edit that the server refuses is still in the editor, and what was there before is shown', async () => {
  const page = await held.open('', played(['the answer']));
  await say(page, 'The question');
  await answer(page);
  await page.route('**/messages/*', (route) =>
    route.fulfill({ status: 400, json: { error: { message: 'not today' } } }),
  );
  const question = page.locator('.message.user');
  await question.getByRole('button', { name: 'Edit and send again' }).click();
  await question.getByRole('textbox').fill('Another question');
  await question.getByRole('textbox').press('Enter');
  await page.locator('.toast.error', { hasText: 'not today' }).waitFor();
  assert.equal(await question.getByRole('textbox').inputValue(), 'Another question');
  await page.getByText('the answer', { exact: true }).waitFor();
  await page.unroute('**/messages/*');
  await question.getByRole('textbox').press('Enter');
  await page.locator('.bubble', { hasText: 'Another question' }).waitFor();
  assert.match(await page.locator('.message.user .versions').innerText(), /2 \/ 2/);
});

test('an edited answer that the server refuses is still in the editor, until it is taken', async () => {
  const page = await held.open('', played(['the answer']));
  await say(page, 'The question');
  const said = await answer(page);
  await page.route('**/messages/*', (route) =>
    route.fulfill({ status: 503, json: { error: { message: 'not today' } } }),
  );
  await said.getByRole('button', { name: 'Edit the answer' }).click();
  await said.getByRole('textbox').fill('A better answer');
  await said.getByRole('textbox').press('Enter');
  await page.locator('.toast.error', { hasText: 'not today' }).waitFor();
  assert.equal(await said.getByRole('textbox').inputValue(), 'A better answer');
  await page.unroute('**/messages/*');
  await said.getByRole('textbox').press('Enter');
  await said.getByText('A better answer', { exact: true }).waitFor();
  assert.match(await said.locator('.versions').innerText(), /2 \/ 2/);
  assert.equal(await said.getByRole('textbox').count(), 0);
});

test('while an answer is written, an earlier one is not edited; then it is', async () => {
  const page = await held.open('', { init: slowly(50, ['one'], words(4000)) });
  await say(page, 'First');
  await answer(page);
  const first = page.locator('.message.assistant').first();
  const edit = first.getByRole('button', { name: 'Edit the answer' });
  const editor = first.getByRole('textbox');
  await edit.click();
  await editor.fill('changed');
  await say(page, 'Second');
  await page.getByText('word3').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Save' }).isDisabled());
  await editor.press('Enter');
  assert.equal(await editor.inputValue(), 'changed');
  await page.getByRole('button', { name: 'Cancel' }).click();
  assert.ok(await edit.isDisabled());
  await page.keyboard.press('Escape');
  await page.getByText('Stopped.').waitFor();
  await edit.click();
  await editor.fill('changed at last');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('changed at last').waitFor();
});

test('Stop while the question is being stored: nothing is asked, until the user wants it', async () => {
  const page = await held.open('', played(['the answer']));
  await page.route('**/messages/*', async (route) => {
    await wait(1000);
    await route.continue();
  });
  await say(page, 'The question');
  await page.locator('.send.stop').click();
  await page.getByText('There is no answer yet.').waitFor();
  assert.deepEqual(await page.evaluate(() => globalThis.asked), []);
  await page.unroute('**/messages/*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('the answer', { exact: true }).waitFor();
  assert.equal(await page.getByText('There is no answer yet.').count(), 0);
});

test('Stop while the empty answer is being stored', async () => {
  const page = await held.open();
  let n_puts = 0;
  await page.route('**/messages/*', async (route) => {
    if (is_put(route.request(), ({ role }) => role === 'assistant') && !n_puts++) await wait(1000);
    await route.continue();
  });
  await say(page, 'The question');
  await page.locator('.message.assistant').waitFor();
  await page.locator('.send.stop').click();
  await page.getByText('Stopped.').waitFor();
  assert.equal(await page.locator('.message.assistant .markdown').count(), 0);
});
