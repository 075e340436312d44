// Talking: answers that stream, thoughts, stopping, branches, going on, figures, probabilities, tools, structure.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, play, played, say, world } from './world.mjs';

const held = world();

test('a question gets an answer, which is stored', async () => {
  const page = await held.open();
  await say(page, 'Hello, who are you?');
  assert.match(await (await answer(page)).innerText(), /I am nano/);
  await page.reload();
  assert.match(await (await answer(page)).innerText(), /I am nano/);
  assert.deepEqual(page.problems, []);
});

test('a thought is folded, with its length, and opens', async () => {
  const page = await held.open();
  await page.locator('.thinking-picker select').selectOption('low');
  await say(page, 'What is 23 + 48?');
  const said = await answer(page);
  assert.match(await said.locator('.markdown').innerText(), /71/);
  assert.match(await said.locator('.thought summary').innerText(), /Thought\s*\d+ tokens/);
  assert.equal(await said.locator('.thought .markdown').count(), 0);
  await said.locator('.thought summary').click();
  assert.match(await said.locator('.thought .markdown').innerText(), /23\+48/);
});

test('each turn tells its figures', async () => {
  const page = await held.open();
  await say(page, 'Hello, who are you?');
  const text = await (await answer(page)).locator('.figures').innerText();
  assert.match(text, /tokens\/s · \d+ tokens · first after .* · \d+ cached, \d+ computed/);
});

test('a message is edited and sent again; both branches stay', async () => {
  const page = await held.open();
  await say(page, 'Hello, who are you?');
  const before = await (await answer(page)).locator('.markdown').innerText();
  const first = page.locator('.message.user').first();
  await first.hover();
  await first.getByRole('button', { name: 'Edit and send again' }).click();
  await first.getByRole('textbox').fill('What is the capital of France?');
  await first.getByRole('button', { name: 'Send' }).click();
  await page.locator('.message.user .versions').waitFor();
  const after = await (await answer(page)).locator('.markdown').innerText();
  assert.notEqual(before, after);
  assert.match(await page.locator('.message.user .versions').innerText(), /2 \/ 2/);
  await page.getByRole('button', { name: 'Previous version' }).click();
  assert.equal(await page.locator('.message.user .bubble').innerText(), 'Hello, who are you?');
  assert.equal(await (await answer(page)).locator('.markdown').innerText(), before);
  await page.reload();
  assert.equal(await page.locator('.message.user .bubble').innerText(), 'Hello, who are you?');
});

test('an answer is edited, and the model goes on from what it says now', async () => {
  const page = await held.open('', played(['A dog'], ['It barks']));
  await say(page, 'What is it?');
  const said = await answer(page);
  await said.hover();
  await said.getByRole('button', { name: 'Edit the answer' }).click();
  await said.getByRole('textbox').fill('A cat');
  await said.getByRole('button', { name: 'Save' }).click();
  await said.getByText('A cat').waitFor();
  assert.match(await said.locator('.versions').innerText(), /2 \/ 2/);
  await say(page, 'What does it do?');
  await page.getByText('It barks').waitFor();
  const sent = await page.evaluate(() => globalThis.asked.at(-1).messages.map(({ content }) => content));
  assert.deepEqual(sent.slice(-2), ['A cat', 'What does it do?']);
  await page.reload();
  await page.getByText('A cat').waitFor();
  await page.getByRole('button', { name: 'Previous version' }).click();
  await page.getByText('A dog').waitFor();
});

test('answered again, the first answer can be switched back to', async () => {
  const page = await held.open('', played(['one'], ['two']));
  await say(page, 'Say something');
  await answer(page);
  await page.getByRole('button', { name: 'Answer again' }).click();
  await page.getByText('two', { exact: true }).waitFor();
  assert.match(await (await answer(page)).locator('.versions').innerText(), /2 \/ 2/);
  await page.getByRole('button', { name: 'Previous version' }).click();
  await page.getByText('one', { exact: true }).waitFor();
});

test('an answer is stopped, kept, and continued', async () => {
  const words = Array.from({ length: 4000 }, (_, index) => `word${index} `);
  const page = await held.open('', { init: { script: play, value: { scripts: [words, ['the rest']], pause: 20 } } });
  await say(page, 'Write a lot');
  await page.getByText('word9').waitFor();
  await page.locator('.send.stop').click();
  const said = await answer(page);
  assert.match(await said.innerText(), /word9 [\s\S]*Stopped/);
  assert.doesNotMatch(await said.innerText(), /word3999/);
  await said.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('the rest').waitFor();
  assert.match(await (await answer(page)).locator('.markdown').innerText(), /^word0 word1 [\s\S]*the rest$/);
  const body = await page.evaluate(() => globalThis.asked.at(-1));
  assert.equal(body.continue_final_message, true);
  assert.match(body.messages.at(-1).content, /^word0 /);
});

test('a block of code that is stopped and continued looks as it will after a reload', async () => {
  const lines = Array.from({ length: 4000 }, (_, index) => `line ${index}\n`);
  const scripts = [
    ['Some *text*.\n\n```text\n', ...lines],
    ['the last line\n```\n', '\nAfter it.'],
  ];
  const page = await held.open('', { init: { script: play, value: { scripts, pause: 20 } } });
  await say(page, 'Write code');
  await page.getByText('line 9').waitFor();
  await page.locator('.send.stop').click();
  const said = await answer(page);
  await said.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('After it.').waitFor();
  await answer(page);
  const blocks = () =>
    page.locator('.message.assistant .blocks > *').evaluateAll((all) => all.map((node) => node.outerHTML));
  const before = await blocks();
  assert.equal(before.length, 3);
  await page.reload();
  await page.locator('.blocks').getByText('After it.').waitFor();
  assert.deepEqual(await blocks(), before);
});

test('the server itself continues what it began', async () => {
  const { body: made } = await held.server.json('POST', '/page/conversations', { title: 'half' });
  const put = (message) => held.server.json('PUT', `/page/conversations/${made.id}/messages/${message.id}`, message);
  await put({ id: 'q', parent: null, role: 'user', content: [{ type: 'text', text: 'Hi' }], state: 'done' });
  await put({
    id: 'a',
    parent: 'q',
    role: 'assistant',
    content: [{ type: 'text', text: 'Hello! How can' }],
    state: 'stopped',
  });
  const page = await held.open(`#/c/${made.id}`);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Hello! How can I help you?').waitFor();
});

test('token probabilities show what else was considered', async () => {
  const page = await held.open();
  await page.getByRole('button', { name: /Settings of this chat/ }).click();
  await page.getByLabel('Keep the probability of each token').check();
  await say(page, 'Hello, who are you?');
  const said = await answer(page);
  await said.getByRole('button', { name: 'Token probabilities' }).click();
  await said.locator('.tokens span').nth(1).hover();
  const rows = said.locator('.alternatives > div');
  assert.ok((await rows.count()) >= 4);
  assert.match(await rows.first().innerText(), /\d %|\d%/);
});

test('tokens of low confidence are marked', async () => {
  const page = await held.open();
  const { body: made } = await held.server.json('POST', '/page/conversations', { title: 'unsure' });
  await held.server.json('PUT', `/page/conversations/${made.id}/messages/a`, {
    id: 'a',
    parent: null,
    role: 'assistant',
    state: 'done',
    content: [{ type: 'text', text: 'sure unsure' }],
    logprobs: [
      ['sure', -0.01, []],
      [' unsure', -2.3, [[' certain', -0.2]]],
    ],
  });
  await page.goto(`${held.server.url}/#/c/${made.id}`);
  await page.getByRole('button', { name: 'Token probabilities' }).click();
  assert.doesNotMatch((await page.locator('.tokens span').nth(0).getAttribute('class')) ?? '', /unsure/);
  assert.match(await page.locator('.tokens span').nth(1).getAttribute('class'), /unsure-3/);
});

test('in Arabic the left arrow leads to the next token', async () => {
  const { body: made } = await held.server.json('POST', '/page/conversations', { title: 'rtl' });
  await held.server.json('PUT', `/page/conversations/${made.id}/messages/a`, {
    id: 'a',
    parent: null,
    role: 'assistant',
    state: 'done',
    content: [{ type: 'text', text: 'مرحبا بالعالم' }],
    logprobs: [
      ['مرحبا', -0.01, []],
      [' بالعالم', -0.01, []],
    ],
  });
  const page = await held.open(`#/c/${made.id}`);
  await page.getByRole('button', { name: 'Token probabilities' }).click();
  await page.locator('.tokens').press('ArrowLeft');
  assert.equal(await page.locator('.tokens .at').getAttribute('data-index'), '1');
  await page.locator('.tokens').press('ArrowRight');
  assert.equal(await page.locator('.tokens .at').getAttribute('data-index'), '0');
});

const call = (name, given) => [
  { tool_calls: [{ index: 0, id: 'call_1', function: { name, arguments: JSON.stringify(given) } }] },
];

test('a tool of the page is run, and the model goes on', async () => {
  const page = await held.open('', played(call('calculate', { expression: '(2 + 3) * 4^2' }), ['It is 80.']));
  await page.getByRole('button', { name: /Settings of this chat/ }).click();
  await page.getByText('Tools', { exact: true }).click();
  await page.getByRole('checkbox', { name: 'calculate' }).check();
  await say(page, 'Calculate');
  await page.getByText('It is 80.').waitFor();
  const card = page.locator('.call');
  assert.match(await card.locator('summary').innerText(), /calculate[\s\S]*ms/);
  await card.locator('summary').click();
  assert.match(await card.innerText(), /\(2 \+ 3\) \* 4\^2[\s\S]*Result[\s\S]*80/);
  const [first, second] = await page.evaluate(() => globalThis.asked);
  assert.equal(first.tools[0].function.name, 'calculate');
  assert.deepEqual(second.messages.slice(-1), [{ role: 'tool', tool_call_id: 'call_1', content: '80' }]);
});

test('a model that calls without end is asked about', async () => {
  const page = await held.open('', played(call('calculate', { expression: '1 + 1' })));
  await page.getByRole('button', { name: /Settings of this chat/ }).click();
  await page.getByText('Tools', { exact: true }).click();
  await page.getByRole('checkbox', { name: 'calculate' }).check();
  await say(page, 'Calculate');
  await page.getByText('The model called tools many times without an answer.').waitFor();
  await answer(page);
  const rounds = await page.evaluate(() => globalThis.asked.length);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.waitForFunction((before) => globalThis.asked.length === 2 * before, rounds);
  const last = await page.evaluate((at) => globalThis.asked[at].messages.at(-1), rounds);
  assert.deepEqual(last, { role: 'tool', tool_call_id: 'call_1', content: '2' });
  await page.getByText('The model called tools many times').waitFor();
});

test('a tool of the user is answered by the user', async () => {
  const page = await held.open('', played(call('get_weather', { city: 'Paris' }), ['It rains.']));
  await say(page, 'What is the weather in Paris?');
  await page.locator('.call textarea').fill('rain, 12 degrees');
  await page.getByRole('button', { name: 'Give the result' }).click();
  await page.getByText('It rains.').waitFor();
  assert.equal(await page.evaluate(() => globalThis.asked.at(-1).messages.at(-1).content), 'rain, 12 degrees');
});

for (const [who, name] of [
  ['the page', 'calculate'],
  ['the user', 'get_weather'],
])
  test(`Stop while a result of ${who} is being stored; then the model goes on from it`, async () => {
    const page = await held.open('', played(call(name, { expression: '6 * 7' }), ['So it is.']));
    let release;
    const released = new Promise((resolve) => {
      release = resolve;
    });
    const storing = page.waitForRequest((request) => /"result":/.test(request.postData() ?? ''));
    await page.route('**/messages/*', async (route) => {
      if (/"result":/.test(route.request().postData() ?? '')) await released;
      await route.continue();
    });
    await say(page, 'What is it?');
    if (who === 'the user') {
      await page.locator('.call textarea').fill('42');
      await page.getByRole('button', { name: 'Give the result' }).click();
    }
    await storing;
    assert.equal(await page.getByText('There is no answer yet.').count(), 0);
    await page.locator('.send.stop').click();
    release();
    await page.getByText('There is no answer yet.').waitFor();
    assert.equal(await page.evaluate(() => globalThis.asked.length), 1);
    await page.reload();
    await page.getByText('There is no answer yet.').waitFor();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForFunction(() => globalThis.asked.length);
    const { messages } = await page.evaluate(() => globalThis.asked[0]);
    assert.deepEqual(messages.at(-1), { role: 'tool', tool_call_id: 'call_1', content: '42' });
  });

test('the real model calls a declared tool', async () => {
  const page = await held.open();
  await page.getByRole('button', { name: /Settings of this chat/ }).click();
  await page.getByText('Tools', { exact: true }).click();
  await page.getByLabel(/Your own tools/).fill(
    JSON.stringify([
      {
        name: 'get_weather',
        description: 'Get the current weather for a location',
        parameters: { type: 'object', properties: { location: { type: 'string' } }, required: ['location'] },
      },
    ]),
  );
  await page.getByLabel('Temperature').fill('0');
  await say(page, 'What is the weather in Paris?');
  await page.locator('.call', { hasText: 'get_weather' }).filter({ hasText: 'Paris' }).waitFor();
});

test('a schema made by the form is kept to by the answer', async () => {
  const page = await held.open();
  await page.getByRole('button', { name: /Settings of this chat/ }).click();
  await page.getByText('Structured answers').click();
  await page.getByRole('button', { name: 'Add a field' }).click();
  await page.getByLabel('Name of the field').fill('count');
  await page.getByLabel('Type of the field').selectOption('integer');
  await say(page, 'Hello, who are you?');
  const text = await (await answer(page)).locator('.markdown').innerText();
  assert.equal(typeof JSON.parse(text).count, 'number');
});

test('a preset brings its settings into another chat', async () => {
  const page = await held.open();
  await page.getByRole('button', { name: /Settings of this chat/ }).click();
  await page.getByLabel('System prompt').fill('You are a pirate.');
  await page.getByLabel('Temperature').fill('0.3');
  await page.getByRole('button', { name: 'Save as preset' }).click();
  await page.getByRole('textbox', { name: 'Name of the preset' }).fill('pirate');
  await page.keyboard.press('Enter');
  await page.getByText('Preset “pirate” is saved.').waitFor();
  const other = await held.open('', played(['arr']));
  await other.getByRole('button', { name: /Settings of this chat/ }).click();
  await other.getByLabel('Use a preset').selectOption('pirate');
  await say(other, 'Hello');
  await other.getByText('arr').waitFor();
  const [body] = await other.evaluate(() => globalThis.asked);
  assert.deepEqual([body.messages[0], body.temperature], [{ role: 'system', content: 'You are a pirate.' }, 0.3]);
});

test('calls that a continued answer makes are run too', async () => {
  const { body: made } = await held.server.json('POST', '/page/conversations', {
    title: 'cut short',
    settings: { builtin_tools: ['calculate'] },
  });
  await held.server.json('PUT', `/page/conversations/${made.id}/messages/a`, {
    id: 'a',
    parent: null,
    role: 'assistant',
    state: 'done',
    content: [{ type: 'text', text: 'Let me calculate' }],
    timing: { reason: 'length' },
  });
  const page = await held.open(`#/c/${made.id}`, played(call('calculate', { expression: '6 * 7' }), ['It is 42.']));
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('It is 42.').waitFor();
  assert.equal(await page.evaluate(() => globalThis.asked[1].messages.at(-1).content), '42');
});
