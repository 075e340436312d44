// Documents that are translated, summarised and shown to the model: their words, in the form that they had.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { answer, choose, downloaded, played, say, world } from './world.mjs';

const held = world();

const kPage = '<h1>Good</h1>\n<p class="x">the <b>red</b> house</p> <!-- kept -->';
const html = { name: 'house.html', mimeType: 'text/html', buffer: Buffer.from(kPage) };

function python(program, ...args) {
  return execFileSync('python3', ['-c', program, ...args], { encoding: 'utf8' });
}

/** A document of Word's, with these paragraphs. */
function docx(...paragraphs) {
  const file = path.join(os.tmpdir(), `letter-${process.pid}.docx`);
  const runs = paragraphs.map((words) => `<w:p><w:r><w:t>${words}</w:t></w:r></w:p>`).join('');
  const xml = `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${runs}</w:body></w:document>`;
  const program =
    'import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], "w") as z:\n z.writestr("word/document.xml", sys.argv[2])\n z.writestr("word/styles.xml", "<styles/>")';
  python(program, file, xml);
  const buffer = readFileSync(file);
  rmSync(file);
  return { name: 'letter.docx', mimeType: '', buffer };
}

const press_translate = (page) => page.getByRole('button', { name: 'Translate', exact: true }).click();

async function translate(page, file) {
  await page.getByLabel('Into').selectOption('de');
  await choose(page, file, 'Open a file');
  await page.getByText('its form stays as it is').waitFor();
  await press_translate(page);
  await page.locator('button:not([disabled])', { hasText: 'Save as a file' }).waitFor();
  return downloaded(page, () => page.getByRole('button', { name: 'Save as a file' }).click());
}

/**
 * Plays a model from here: what answer(asked, body) gives, asked being the number of questions before; a text, {text,
 * finish}, or a status that the request fails with.
 */
async function play_model(page, answer) {
  const questions = [];
  await page.route('**/v1/chat/completions', async (route) => {
    const body = route.request().postDataJSON();
    questions.push(body);
    const given = answer(questions.length - 1, body);
    if (typeof given === 'number') return route.fulfill({ status: given, json: { error: { message: 'no room' } } });
    const { text = given, finish = 'stop' } = given;
    const choices = [{ index: 0, delta: { content: text }, finish_reason: finish }];
    const chunk = JSON.stringify({ choices });
    return route.fulfill({ contentType: 'text/event-stream', body: `data: ${chunk}\n\ndata: [DONE]\n\n` });
  });
  return questions;
}

/** Plays what the server says to translated documents: replies, one after the other; gives the segments it was sent. */
async function play_writer(page, ...replies) {
  const sent = [];
  await page.route('**/page/documents/translated', (route) => {
    const body = route.request().postDataBuffer().toString();
    sent.push(JSON.parse(/name="segments"\r\n\r\n(.*)\r\n/.exec(body)[1]));
    const reply = replies[Math.min(sent.length, replies.length) - 1];
    return route.fulfill(typeof reply === 'string' ? { contentType: 'text/plain', body: reply } : { json: reply });
  });
  return sent;
}

const last_lines = (questions) => questions.map((body) => body.messages.at(-1).content);

test('a document is translated, and its mark-up stays', async () => {
  const page = await held.open('#/translate', played(['[1] Gut\n[2] das <1>rote</1> Haus']));
  const saved = await translate(page, html);
  assert.equal(saved.name, 'de-house.html');
  assert.equal(saved.text, '<h1>Gut</h1>\n<p class="x">das <b>rote</b> Haus</p> <!-- kept -->');
  assert.equal(await page.locator('.output').innerText(), 'Gut\n\ndas rote Haus');
  await page.getByLabel('Into').selectOption('fr'); // for the next one
  const again = await downloaded(page, () => page.getByRole('button', { name: 'Save as a file' }).click());
  assert.equal(again.name, 'de-house.html');
});

test('a line that lost its tags is asked for alone, then piece by piece', async () => {
  const page = await held.open(
    '#/translate',
    played(['[1] Gut\n[2] das rote Haus'], ['rot'], ['[1] das'], ['rote'], ['Haus']),
  );
  const saved = await translate(page, html);
  assert.equal(saved.text, '<h1>Gut</h1>\n<p class="x">das <b>rote</b> Haus</p> <!-- kept -->');
  const asked = await page.evaluate(() => globalThis.asked.map((body) => body.messages.at(-1).content));
  assert.deepEqual(asked.slice(1), ['[1] the <1>red</1> house', '[1] the', '[1] red', '[1] house']);
});

test('a letter in DOCX comes back as one', async () => {
  const page = await held.open('#/translate', played(['[1] Guten Tag\n[2] Bis bald']));
  await page.getByLabel('Into').selectOption('de');
  const letter = docx('Good day', 'See you soon');
  await choose(page, letter, 'Open a file');
  await press_translate(page);
  const button = page.locator('button:not([disabled])', { hasText: 'Save as a file' });
  await button.waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
  assert.equal(download.suggestedFilename(), 'de-letter.docx');
  const written = python(
    'import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1]) as z: print(z.read("word/document.xml").decode(), z.read("word/styles.xml").decode())',
    await download.path(),
  );
  assert.match(written, /<w:t[^>]*>Guten Tag<\/w:t>.*<w:t[^>]*>Bis bald<\/w:t>.*<styles\/>/);
});

test('a document whose words are changed is plain text', async () => {
  const page = await held.open('#/translate', played(['Gut']));
  await choose(page, html, 'Open a file');
  await page.getByText('its form stays as it is').waitFor();
  await page.getByLabel('Text to translate').fill('Good');
  assert.equal(await page.getByText('its form stays as it is').count(), 0);
  await press_translate(page);
  await page.getByText('Gut', { exact: true }).waitFor();
  const saved = await downloaded(page, () => page.getByRole('button', { name: 'Save as a file' }).click());
  assert.match(saved.name, /-house\.txt$/);
  assert.equal(saved.text, 'Gut');
});

test('numbers that no line has are passed over', async () => {
  const page = await held.open(
    '#/translate',
    played(['[7] x\n[0] x\n[7] y\n[0] y\n[1] Gut\n[2] das <1>rote</1> Haus']),
  );
  const saved = await translate(page, html);
  assert.equal(saved.text, '<h1>Gut</h1>\n<p class="x">das <b>rote</b> Haus</p> <!-- kept -->');
});

test('of an answer that was cut, the last line is asked for again', async () => {
  const page = await held.open('#/translate');
  const cut = { text: '[1] Gut\n[2] das <1>rote</1> Ha', finish: 'length' };
  const questions = await play_model(page, (asked) => [cut, '[1] das <1>rote</1> Haus'][asked]);
  const saved = await translate(page, html);
  assert.equal(saved.text, '<h1>Gut</h1>\n<p class="x">das <b>rote</b> Haus</p> <!-- kept -->');
  const { length } = last_lines(questions)[0];
  assert.equal(questions[0].max_tokens, Math.ceil((length / 2.5) * 3) + 32);
});

test('a translation that failed goes on from where it was', async () => {
  const page = await held.open('#/translate');
  const lines = Array.from({ length: 14 }, (_, index) => `<p>word ${index}</p>`);
  const translated = (body) => body.messages.at(-1).content.replaceAll('word', 'Wort');
  const questions = await play_model(page, (asked, body) => (asked === 1 ? 503 : translated(body)));
  const file = { name: 'long.html', mimeType: 'text/html', buffer: Buffer.from(lines.join('\n')) };
  await choose(page, file, 'Open a file');
  await page.getByText('its form stays as it is').waitFor();
  await press_translate(page);
  await page.getByRole('alert').waitFor();
  await press_translate(page);
  await page.locator('button:not([disabled])', { hasText: 'Save as a file' }).waitFor();
  const saved = await downloaded(page, () => page.getByRole('button', { name: 'Save as a file' }).click());
  assert.equal(saved.text, lines.join('\n').replaceAll('word', 'Wort'));
  const asked = last_lines(questions);
  assert.equal(asked.length, 3);
  assert.equal(asked[2], asked[1]);
  await page.getByLabel('Into').selectOption('es'); // what is there is in another language
  await press_translate(page);
  await page.waitForFunction(() => document.querySelector('.output').innerText.includes('Wort 13'));
  assert.equal(last_lines(questions)[3], asked[0]);
});

test('the count of parts reaches all of them, and goes with the document', async () => {
  const page = await held.open('#/translate', played(['[1] Gut\n[2] das <1>rote</1> Haus']));
  const waiting = [];
  await page.route('**/page/documents/translated', (route) => waiting.push(route));
  await choose(page, html, 'Open a file');
  await page.getByText('its form stays as it is').waitFor();
  await press_translate(page);
  await page.getByRole('status').getByText('Part 2 of 2').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Save as a file' }).isDisabled(), true);
  await page.route('**/page/documents?*', () => {}); // a server that takes its time
  await choose(page, { ...html, name: 'next.html' }, 'Open a file');
  await page.getByRole('button', { name: 'Stop', exact: true }).waitFor();
  assert.equal(await page.getByText('Part 2 of 2').count(), 0);
});

test('words that look like tags are translated piece by piece', async () => {
  const page = await held.open('#/translate');
  const answers = { '[1] Good': '[1] Gut', '[1] press <1>': '[1] drücke <1>', '[1] now': '[1] jetzt' };
  const questions = await play_model(page, (_, body) => answers[body.messages.at(-1).content]);
  const source = '<p>Good</p>\n<p>press &lt;1&gt; <b>now</b> <i>7</i></p>';
  const saved = await translate(page, { ...html, buffer: Buffer.from(source) });
  assert.equal(saved.text, '<p>Gut</p>\n<p>drücke &lt;1&gt; <b>jetzt</b> <i>7</i></p>');
  assert.equal(await page.locator('.output').innerText(), 'Gut\n\ndrücke <1> jetzt 7');
  assert.equal(questions.length, 3);
  assert.equal(await page.getByText('as it was').count(), 0);
});

test('what the server finds to have crossed tags is asked for piece by piece', async () => {
  const page = await held.open('#/translate');
  const answers = ['[1] Gut\n[2] das <1>rote <3></1>Haus</3>', '[1] das', '[1] rote', '[1] Haus'];
  const questions = await play_model(page, (asked) => answers[asked]);
  const source = '<h1>Good</h1>\n<p>the <b>red</b> <i>house</i></p>';
  const saved = await translate(page, { ...html, buffer: Buffer.from(source) });
  assert.equal(saved.text, '<h1>Gut</h1>\n<p>das <b>rote</b> <i>Haus</i></p>');
  assert.deepEqual(last_lines(questions).slice(1), ['[1] the', '[1] red', '[1] house']);
  assert.equal(await page.getByText('as it was').count(), 0);
});

test('what is lost again stays as it was, and the page says so', async () => {
  const page = await held.open('#/translate');
  const sent = await play_writer(page, { lost: [1] }, { lost: [1] }, 'written');
  await play_model(page, (asked) => ['[1] Gut\n[2] das <1>rote</1> Haus', '[1] das', '[1] rote', '[1] Haus'][asked]);
  const saved = await translate(page, html);
  assert.equal(saved.text, 'written');
  assert.deepEqual(sent[2], ['Gut', null]);
  assert.equal(await page.locator('.output').innerText(), 'Gut\n\nthe red house');
  await page.getByRole('alert').getByText('1 part stayed as it was').waitFor();
});

test('words without a usable answer stay, and the page says so', async () => {
  const page = await held.open('#/translate');
  const answers = ['[1] Gut\n[2] das rote Haus', '[1] das', '[1] das', '[1] <9>rot', '[1] Haus'];
  await play_model(page, (asked) => answers[asked]);
  const saved = await translate(page, html);
  assert.equal(saved.text, '<h1>Gut</h1>\n<p class="x">das <b>red</b> Haus</p> <!-- kept -->');
  await page.getByRole('alert').getByText('1 part stayed as it was').waitFor();
});

test('a file that is refused takes the document before it along', async () => {
  const page = await held.open('#/translate', played(['[1] Gut\n[2] das <1>rote</1> Haus']));
  await translate(page, html);
  await choose(page, { name: 'torn.docx', mimeType: '', buffer: Buffer.from('PK') }, 'Open a file');
  await page.getByRole('alert').getByText('torn.docx').waitFor();
  assert.equal(await page.getByText('its form stays as it is').count(), 0);
  assert.equal(await page.getByLabel('Text to translate').inputValue(), '');
  assert.equal(await page.getByRole('button', { name: 'Save as a file' }).isDisabled(), true);
});

/** Holds replies to documents back; gives a function that lets them through. */
async function hold_documents(page) {
  const held_back = [];
  let is_open = false;
  await page.route('**/page/documents?*', (route) => (is_open ? route.continue() : held_back.push(route)));
  return async () => {
    is_open = true;
    for (const route of held_back) await route.continue().catch(() => {}); // gone: the page asks no more
    await page.waitForTimeout(300);
  };
}

for (const [hash, button, label] of [
  ['#/translate', 'Open a file', 'Text to translate'],
  ['#/summarise', 'Choose files', 'Text to summarise'],
]) {
  test(`${hash}: a file that comes late is stopped, and takes no typed words`, async () => {
    const page = await held.open(hash);
    const let_through = await hold_documents(page);
    await choose(page, html, button);
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await choose(page, html, button);
    await page.getByLabel(label).fill('typed');
    await page.getByRole('button', { name: 'Stop', exact: true }).waitFor({ state: 'detached' });
    await let_through();
    assert.equal(await page.getByLabel(label).inputValue(), 'typed');
  });

  test(`${hash}: of two files the later one is opened`, async () => {
    const page = await held.open(hash);
    const let_through = await hold_documents(page);
    await choose(page, html, button);
    await page.getByRole('button', { name: 'Stop', exact: true }).waitFor();
    await choose(page, { name: 'later.txt', mimeType: 'text/plain', buffer: Buffer.from('later') }, button);
    await page.waitForFunction(() => document.querySelector('main textarea').value === 'later');
    await let_through();
    assert.equal(await page.getByLabel(label).inputValue(), 'later');
  });
}

test('a file of another ending is plain text', async () => {
  const page = await held.open('#/translate');
  await choose(page, { name: 'old.xhtm', mimeType: 'text/html', buffer: Buffer.from('<p>x</p>') }, 'Open a file');
  await page.waitForFunction(() => document.querySelector('main textarea').value === '<p>x</p>');
  assert.equal(await page.getByText('its form stays as it is').count(), 0);
});

test('a damaged document is refused by name', async () => {
  const page = await held.open('#/translate');
  await choose(page, { name: 'torn.docx', mimeType: '', buffer: Buffer.from('PK') }, 'Open a file');
  await page.getByRole('alert').getByText('torn.docx').waitFor();
});

test('a letter in DOCX is summarised', async () => {
  const page = await held.open('#/summarise', played(['Short.']));
  await choose(page, docx('Good day', 'See you soon'), 'Choose files');
  await page.waitForFunction(() => document.querySelector('main textarea').value === 'Good day\n\nSee you soon');
});

test('the model reads a letter in DOCX', async () => {
  const page = await held.open('', played(['A greeting.']));
  await choose(page, docx('Good day'));
  await page.getByText('letter.docx', { exact: false }).first().waitFor();
  await say(page, 'What is it?');
  await answer(page);
  const content = await page.evaluate(() => globalThis.asked[0].messages.at(-1).content);
  const { file } = content.find(({ type }) => type === 'file');
  assert.equal(file.filename, 'letter.docx.txt');
  assert.equal(Buffer.from(file.file_data.split(',')[1], 'base64').toString(), 'Good day');
});
