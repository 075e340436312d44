// The list: search, rename, pin, export, import, delete; and two tabs that agree.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { answer, choose, downloaded, played, say, world } from './world.mjs';

const held = world();

const entry = (page, title) => page.locator('.entry', { hasText: title });

async function act(page, title, action) {
  await entry(page, title).hover();
  await entry(page, title)
    .getByRole('button', { name: `Actions for ${title}` })
    .click();
  return page.getByRole('menuitem', { name: action });
}

test('search finds titles and texts', async () => {
  await held.make('Garden', 'roses and tulips');
  await held.make('Kitchen', 'pots and pans');
  const page = await held.open();
  await page.getByRole('searchbox').fill('TULIPS');
  await entry(page, 'Kitchen').waitFor({ state: 'detached' });
  await entry(page, 'Garden').waitFor();
  await page.getByRole('searchbox').fill('kitch');
  await entry(page, 'Kitchen').waitFor();
  await page.getByRole('searchbox').fill('nothing of that kind');
  await page.getByText('Nothing found.').waitFor();
});

test('a conversation is renamed and pinned', async () => {
  const id = await held.make('Old name', 'x');
  await held.make('Newer', 'y');
  const page = await held.open();
  await (await act(page, 'Old name', 'Rename')).click();
  await page.getByRole('textbox', { name: 'Rename' }).fill('New name');
  await page.keyboard.press('Enter');
  await entry(page, 'New name').waitFor();
  await (await act(page, 'New name', 'Pin')).click();
  await page.getByText('Pinned', { exact: true }).waitFor();
  assert.match(await page.locator('.entry').first().innerText(), /New name/);
  const { body } = await held.server.json('GET', `/page/conversations/${id}`);
  assert.deepEqual([body.title, body.pinned], ['New name', true]);
});

test('what is exported can be imported', async () => {
  await held.make('Travel', 'to the sea');
  const page = await held.open();
  const item = await act(page, 'Travel', 'Export as JSON');
  const { name, text } = await downloaded(page, () => item.click());
  assert.equal(name, 'Travel.json');
  const file = path.join(held.server.home, name);
  await writeFile(file, text);
  await choose(page, file, 'Import conversations');
  await page.locator('.bubble', { hasText: 'to the sea' }).waitFor();
  await entry(page, 'Travel').nth(1).waitFor();
  assert.equal(await entry(page, 'Travel').count(), 2);
});

test('an export as Markdown is readable', async () => {
  await held.make('Letters', 'dear sir');
  const page = await held.open();
  const item = await act(page, 'Letters', 'Export as Markdown');
  const { name, text } = await downloaded(page, () => item.click());
  assert.equal(name, 'Letters.md');
  assert.match(text, /Letters[\s\S]*dear sir/);
});

test('an export as Markdown can be imported: texts and thoughts', async () => {
  const id = await held.make('Colours', 'What is red?');
  await held.server.json('POST', `/page/conversations/${id}/messages`, {
    parent: `${id}m`,
    role: 'assistant',
    thought: 'roses\n\nare',
    content: 'A colour.\n\n## Others\n\n> blue',
  });
  const markdown = await (await fetch(`${held.server.url}/page/conversations/${id}/export?format=markdown`)).text();
  const page = await held.open();
  await choose(
    page,
    { name: 'c.md', mimeType: 'text/markdown', buffer: Buffer.from(markdown) },
    'Import conversations',
  );
  await page.getByRole('heading', { name: 'Others' }).waitFor();
  const made = new URL(page.url()).hash.split('/').at(-1);
  assert.notEqual(made, id);
  const { body } = await held.server.json('GET', `/page/conversations/${made}`);
  assert.equal(body.title, 'Colours');
  assert.deepEqual(
    body.messages.map(({ role, thought, content }) => [role, thought, content[0].text]),
    [
      ['user', undefined, 'What is red?'],
      ['assistant', 'roses\n\nare', 'A colour.\n\n## Others\n\n> blue'],
    ],
  );
});

test('a file that is no export is refused in one line', async () => {
  const page = await held.open();
  await choose(
    page,
    { name: 'photo.json', mimeType: 'application/json', buffer: Buffer.from('not json') },
    'Import conversations',
  );
  await page.getByText('photo.json is not an exported conversation.').waitFor();
});

test('deleting asks, and really deletes', async () => {
  const id = await held.make('Secret', 'the number is 4711');
  const page = await held.open(`#/c/${id}`);
  await (await act(page, 'Secret', 'Delete')).click();
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Enter'); // alone, it deletes nothing
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal((await held.server.json('GET', `/page/conversations/${id}`)).status, 200);
  await (await act(page, 'Secret', 'Delete')).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await entry(page, 'Secret').waitFor({ state: 'detached' });
  assert.equal((await held.server.json('GET', `/page/conversations/${id}`)).status, 404);
  await page.getByText('What can I do for you?').waitFor();
});

test('two tabs see the same', async () => {
  const one = await held.open('', played(['the answer of one']));
  await say(one, 'Question of one');
  await answer(one);
  const other = await held.open(new URL(one.url()).hash);
  await other.getByText('the answer of one').waitFor();
  await say(one, 'A second question');
  await other.locator('.bubble', { hasText: 'A second question' }).waitFor();
  const entry_of = entry(other, 'Question of one');
  await (await act(one, 'Question of one', 'Delete')).click();
  await one.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await entry_of.waitFor({ state: 'detached' });
  await other.getByText('What can I do for you?').waitFor();
});

test('a file that the server refuses does not keep the others out', async () => {
  const page = await held.open();
  const file = (name, value) => ({ name, mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(value)) });
  const message = { id: 'm0', parent: null, role: 'user', content: [{ type: 'text', text: 'words of the third' }] };
  const files = [
    file('first.json', { format: 'something else' }),
    file('second.json', 7),
    file('third.json', { format: 'facet.conversation', title: 'The third', messages: [message] }),
  ];
  await choose(page, files, 'Import conversations');
  await page.getByText(/^first\.json: /).waitFor();
  await page.getByText(/^second\.json: /).waitFor();
  await page.locator('.bubble', { hasText: 'words of the third' }).waitFor();
});
