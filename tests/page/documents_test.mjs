// Documents that are translated, summarised and shown to the model: their words, in the form that they had.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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
  return { name: 'letter.docx', mimeType: '', buffer: readFileSync(file) };
}

async function translate(page, file) {
  await page.getByLabel('Into').selectOption('de');
  await choose(page, file, 'Open a file');
  await page.getByText('its form stays as it is').waitFor();
  await page.getByRole('button', { name: 'Translate', exact: true }).click();
  await page.locator('button:not([disabled])', { hasText: 'Save as a file' }).waitFor();
  return downloaded(page, () => page.getByRole('button', { name: 'Save as a file' }).click());
}

test('a document is translated, and its mark-up stays', async () => {
  const page = await held.open('#/translate', played(['[1] Gut\n[2] das <1>rote</1> Haus']));
  const saved = await translate(page, html);
  assert.equal(saved.name, 'de-house.html');
  assert.equal(saved.text, '<h1>Gut</h1>\n<p class="x">das <b>rote</b> Haus</p> <!-- kept -->');
  assert.equal(await page.locator('.output').innerText(), 'Gut\n\ndas rote Haus');
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
  await page.getByRole('button', { name: 'Translate', exact: true }).click();
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
  await page.getByRole('button', { name: 'Translate', exact: true }).click();
  await page.getByText('Gut', { exact: true }).waitFor();
  const saved = await downloaded(page, () => page.getByRole('button', { name: 'Save as a file' }).click());
  assert.match(saved.name, /-house\.txt$/);
  assert.equal(saved.text, 'Gut');
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
