// The pages beside the chat: models, dashboard, settings, and each task done once by the real model where it can.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { answer, choose, downloaded, played, say, world } from './world.mjs';

const held = world();

test('a model is loaded and unloaded, with its plan of memory', async () => {
  const page = await held.open('#/models');
  const card = page.getByRole('article', { name: 'nano' });
  await card.getByRole('button', { name: /Load|Unload/ }).waitFor();
  if (await card.getByRole('button', { name: 'Unload' }).count())
    await card.getByRole('button', { name: 'Unload' }).click();
  await card.getByRole('button', { name: 'Load', exact: true }).click();
  await card.getByText('loaded', { exact: true }).waitFor();
  assert.match(await card.getByRole('img').getAttribute('aria-label'), /Weights \d.*Keys and values \d/);
  const kv = async () => /Keys and values (\S+)/.exec(await card.getByRole('img').getAttribute('aria-label'))[1];
  const whole = await kv();
  await card.getByRole('slider').fill('0');
  assert.notEqual(await kv(), whole);
  await card.getByRole('button', { name: 'Unload' }).click();
  await card.getByText('on the disk', { exact: true }).waitFor();
  await card.getByText(/^[\d.]+ MB stay on the disk and are read as needed$/).waitFor();
  assert.equal((await held.server.json('GET', '/page/models')).body.models[0].loaded, false);
});

test('the dashboard counts what the server does', async () => {
  const page = await held.open('#/dashboard');
  await page.getByText('Tokens written a second').waitFor();
  const row = page.locator('tr', { hasText: '/v1/chat/completions' });
  const before = (await row.count()) ? Number(await row.locator('td').nth(1).innerText()) : 0;
  await held.server.json('POST', '/v1/chat/completions', {
    messages: [{ role: 'user', content: 'Hi' }],
    max_tokens: 8,
  });
  await page.waitForFunction((count) => {
    const found = [...document.querySelectorAll('tr')].find((line) => line.innerText.includes('/v1/chat/completions'));
    return found && Number(found.cells[1].innerText) === count + 1;
  }, before);
  assert.ok(await page.locator('.chart path.line-0').first().getAttribute('d'));
});

test('colours and language are chosen, and stay', async () => {
  const page = await held.open('#/settings');
  await page.getByLabel('Colours').selectOption('dark');
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  await page.getByLabel('Language').selectOption('de');
  await page.getByRole('heading', { name: 'Einstellungen' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Einstellungen' }).waitFor();
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
});

for (const [language, words] of [
  ['de-DE', 'Was kann ich für dich tun?'],
  ['fr-FR', 'Que puis-je faire pour vous ?'],
  ['es-ES', '¿Qué puedo hacer por ti?'],
  ['ar-EG', 'كيف يمكنني مساعدتك؟'],
]) {
  test(`a browser in ${language} is answered in its language`, async () => {
    const page = await held.open('', { language });
    await page.getByText(words).waitFor();
    assert.equal(await page.locator('html').getAttribute('dir'), language.startsWith('ar') ? 'rtl' : 'ltr');
    const [side, main] = await Promise.all(
      ['.sidebar', 'main'].map(async (name) => (await page.locator(name).boundingBox()).x),
    );
    assert.equal(side > main, language.startsWith('ar'));
  });
}

test('settings of the page are the same in another browser', async () => {
  const page = await held.open('#/settings');
  await Promise.all([
    page.waitForResponse((reply) => reply.url().endsWith('/page/settings') && reply.request().method() === 'PUT'),
    page.getByLabel('Show the figures of each answer').uncheck(),
  ]);
  const other = await held.open('', played(['hello']));
  await say(other, 'Hi');
  assert.equal(await (await answer(other)).locator('.figures').count(), 0);
  await page.getByLabel('Show the figures of each answer').check();
});

test('a text is translated', async () => {
  const page = await held.open('#/translate');
  await page.getByLabel('Into').selectOption('fr');
  await page.getByLabel('Text to translate').fill('Good morning');
  await page.getByRole('button', { name: 'Translate', exact: true }).click();
  await page.waitForFunction(() => document.querySelector('.output').innerText.length > 0);
  const { name } = await downloaded(page, () => page.getByRole('button', { name: 'Save as a file' }).click());
  assert.match(name, /\.txt$/);
});

test('a long text is translated part by part, and its paragraphs stay', async () => {
  const page = await held.open('#/translate', played(['Teil']));
  const paragraph = 'word '.repeat(300).trim();
  await page.getByLabel('Text to translate').fill(Array(4).fill(paragraph).join('\n\n'));
  await page.getByRole('button', { name: 'Translate', exact: true }).click();
  await page.getByRole('button', { name: 'Translate', exact: true }).waitFor();
  assert.equal(await page.locator('.output').innerText(), 'Teil\n\nTeil\n\nTeil\n\nTeil');
});

test('a text is summarised', async () => {
  const page = await held.open('#/summarise', played(['A dog ', '**barks**.']));
  await page.getByLabel('Text to summarise').fill('There was a dog, and it barked.');
  await page.getByRole('button', { name: 'Summarise', exact: true }).click();
  await page.locator('.output strong', { hasText: 'barks' }).waitFor();
});

test('a text longer than the context is summarised in parts', async () => {
  const page = await held.open('#/summarise', played(['note']));
  await page.getByLabel('Text to summarise').fill('A sentence of the book. '.repeat(8000));
  await page.getByRole('button', { name: 'Summarise', exact: true }).click();
  await page.getByText('note', { exact: true }).waitFor();
  const asked = await page.evaluate(() => globalThis.asked.map((body) => body.messages[0].content));
  assert.ok(asked.length >= 4);
  assert.match(asked[0], /part of a longer one/);
  assert.match(asked.at(-1), /Summarise/);
});

test('a sound file is transcribed, with subtitles', async () => {
  const page = await held.open('#/transcribe');
  await page.route('**/v1/audio/transcriptions', (route) =>
    route.fulfill({
      json: {
        text: 'Hello there. Goodbye.',
        language: 'english',
        duration: 4,
        segments: [
          { id: 0, start: 0.5, end: 1.75, text: 'Hello there.' },
          { id: 1, start: 61.9996, end: 3599.9999, text: 'Goodbye.' },
        ],
      },
    }),
  );
  await choose(page, { name: 'talk.mp3', mimeType: 'audio/mpeg', buffer: Buffer.from('x') }, 'Choose files');
  await page.getByText('Goodbye.').waitFor();
  const { name, text } = await downloaded(page, () => page.getByRole('button', { name: 'SRT' }).click());
  assert.equal(name, 'talkmp3.srt');
  assert.equal(text, '1\n00:00:00,500 --> 00:00:01,750\nHello there.\n\n2\n00:01:02,000 --> 01:00:00,000\nGoodbye.\n');
});

test('the real server listens to the microphone', async () => {
  const page = await held.open('#/transcribe');
  await page.getByRole('button', { name: 'Listen to the microphone' }).click();
  await page.getByRole('button', { name: 'Stop listening' }).waitFor();
  await page.waitForTimeout(2500); // the browser's fake microphone beeps
  await page.getByRole('button', { name: 'Stop listening' }).click();
  await page.getByRole('heading', { name: 'Microphone' }).waitFor();
  assert.equal(await page.locator('.note.bad').count(), 0);
});

test('the camera is classified again and again', async () => {
  const page = await held.open('#/classify');
  await page.getByLabel('Labels, with commas between them').fill('circle, square, red');
  await page.getByRole('button', { name: 'Use the camera' }).click();
  await page.getByText(/pictures\/s · capture \d+ ms · encode \d+ ms · see \d+ ms/).waitFor();
  const shares = await page.locator('.bars b').allInnerTexts();
  assert.equal(shares.length, 3);
  const sum = shares.reduce((total, share) => total + Number.parseInt(share, 10), 0);
  assert.ok(Math.abs(sum - 100) <= 2, `${shares}`);
  await page.getByRole('button', { name: 'Stop the camera' }).click();
});

test('scores are the shares of the labels, where their ways part', async () => {
  const token = (text, ...others) => ({
    token: text,
    logprob: Math.log(others[0]),
    top_logprobs: [[text, others[0]], ...others.slice(1)].map(([other, chance]) => ({
      token: other,
      logprob: Math.log(chance),
    })),
  });
  const content = [token('c', 0.8, ['do', 0.1], [' the', 0.1]), token('at', 0.5, ['ow', 0.25])];
  const page = await held.open('#/classify');
  await page.route('**/v1/chat/completions', (route) =>
    route.fulfill({
      headers: { 'Content-Type': 'text/event-stream' },
      body:
        `data: ${JSON.stringify({ choices: [{ index: 0, delta: { role: 'assistant', content: 'cat' }, logprobs: { content } }] })}\n\n` +
        `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`,
    }),
  );
  await page.getByLabel('Labels, with commas between them').fill('cat, cow, dog, emu');
  await choose(page, { name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('x') }, 'Choose files');
  await page.locator('.bars').waitFor();
  assert.deepEqual(await page.locator('.bars b').allInnerTexts(), ['57%', '29%', '14%', '0%']); // of 0.4, 0.2, 0.1
});

test('the text of a picture is written down as CSV', async () => {
  const page = await held.open('#/ocr', played(['```csv\na,b\n', '1,2\n```']));
  await page.getByLabel('Write it as').selectOption('csv');
  await choose(page, { name: 'table.png', mimeType: 'image/png', buffer: Buffer.from('x') }, 'Choose files');
  await page.getByRole('button', { name: 'Save as a file' }).waitFor();
  const { text } = await downloaded(page, () => page.getByRole('button', { name: 'Save as a file' }).click());
  assert.equal(text, 'a,b\n1,2');
});

test('two pictures of one name have a result each', async () => {
  const page = await held.open('#/ocr', played(['first'], ['second']));
  const file = { name: 'scan.png', mimeType: 'image/png', buffer: Buffer.from('x') };
  await choose(page, [file, file], 'Choose files');
  await page.getByText('second', { exact: true }).waitFor();
  await page.getByText('first', { exact: true }).waitFor();
});

test('arrow keys lead through the programs', async () => {
  const page = await held.open('#/translate');
  await page.getByText('The same from a program').click();
  await page.getByRole('tab', { name: 'curl' }).press('ArrowRight');
  await page.getByRole('tabpanel', { name: 'Python' }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Python');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'JavaScript');
  assert.equal(await page.locator('[role=tab][tabindex="0"]').count(), 1);
});

for (const task of ['translate', 'transcribe', 'summarise', 'classify', 'ocr']) {
  test(`${task} shows the same for programs, without the key`, async () => {
    const page = await held.open(`#/${task}`, {
      init: { script: () => sessionStorage.setItem('facet-key', 'very-secret') },
    });
    await page.getByText('The same from a program').click();
    assert.match(
      await page.locator('.snippet code').innerText(),
      /^curl http:\/\/127.0.0.1:\d+\/v1\/(chat\/completions|audio\/transcriptions) -H "Authorization: Bearer \$FACET_KEY"/,
    );
    await page.getByRole('tab', { name: 'Python' }).click();
    assert.match(await page.locator('.snippet code').innerText(), /from openai import OpenAI/);
    await page.getByRole('tab', { name: 'JavaScript' }).click();
    assert.doesNotMatch(await page.content(), /very-secret/);
  });
}

test('the curl that is shown works', async () => {
  const page = await held.open('#/translate');
  await page.getByLabel('Text to translate').fill("It's a dog");
  await page.getByText('The same from a program').click();
  const command = await page.locator('.snippet code').innerText();
  const reply = JSON.parse(execFileSync('bash', ['-c', `${command} -sS`], { encoding: 'utf8', timeout: 30_000 }));
  assert.equal(typeof reply.choices[0].message.content, 'string');
});

test('a file that is dropped beside the zone does not replace the page', async () => {
  const page = await held.open('#/transcribe');
  const kept = await page.locator('h1').evaluate((node) => {
    const data = new DataTransfer();
    data.items.add(new File(['x'], 'x.mp3', { type: 'audio/mpeg' }));
    return ['dragover', 'drop'].map((name) => {
      const event = new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true });
      node.dispatchEvent(event);
      return event.defaultPrevented;
    });
  });
  assert.deepEqual(kept, [true, true]);
});

test('the camera waits while there are no labels', async () => {
  const page = await held.open('#/classify');
  const labels = page.getByLabel('Labels, with commas between them');
  await page.getByRole('button', { name: 'Use the camera' }).click();
  await page.locator('.bars').waitFor();
  await labels.fill('');
  await page.waitForTimeout(1500);
  assert.equal(await page.locator('.note.bad').count(), 0);
  await labels.fill('night, day');
  await page.locator('.bars', { hasText: 'night' }).waitFor();
  await page.getByRole('button', { name: 'Stop the camera' }).click();
});

test('a file whose reading was stopped writes nothing into the next result', async () => {
  const page = await held.open('#/ocr', played(['the second']));
  const one = Buffer.from('%PDF-1.4\n');
  await page.route(/\/page\/media\?name=/, (route) => route.fulfill({ json: { id: 'slow', kind: 'document' } }));
  await page.route('**/page/media/slow/preview*', (route) => route.fulfill({ json: { pages: 2 } }));
  await page.route('**/page/media/slow/pages/**', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await route.fulfill({ contentType: 'image/png', body: Buffer.from('x') });
  });
  const late = page.waitForResponse('**/page/media/slow/pages/**');
  await choose(page, { name: 'slow.pdf', mimeType: 'application/pdf', buffer: one }, 'Choose files');
  await page.waitForRequest('**/page/media/slow/pages/**');
  await choose(page, { name: 'quick.png', mimeType: 'image/png', buffer: Buffer.from('x') }, 'Choose files');
  await page.getByText('the second', { exact: true }).waitFor();
  await late;
  await page.waitForTimeout(300);
  assert.deepEqual(await page.locator('article h2').allInnerTexts(), ['quick.png']);
});

test('what was heard in a file is saved as text, whatever the sound was', async () => {
  const page = await held.open('#/translate', played(['Bonjour.']));
  await page.route('**/page/models', async (route) => {
    const reply = await route.fetch();
    const json = await reply.json();
    for (const model of json.models) model.modalities.push('audio');
    await route.fulfill({ response: reply, json });
  });
  await page.route('**/v1/audio/transcriptions', (route) => route.fulfill({ json: { text: 'Hello.', segments: [] } }));
  await page.reload();
  await choose(page, { name: 'talk.flac', mimeType: '', buffer: Buffer.from('x') }, 'Open a file');
  await page.waitForFunction(() => document.querySelector('main textarea').value === 'Hello.');
  await page.getByRole('button', { name: 'Translate', exact: true }).click();
  await page.getByText('Bonjour.').waitFor();
  const { name } = await downloaded(page, () => page.getByRole('button', { name: 'Save as a file' }).click());
  assert.equal(name, 'fr-talk.txt');
});
