// For everybody: axe finds nothing serious, the keyboard reaches everything, phones fit, nothing is asked of other
// machines, every text has its translations.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { answer, played, say, world } from './world.mjs';

const held = world();
const web = fileURLToPath(new URL('../../web', import.meta.url));
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const kPages = [
  '',
  '#/models',
  '#/dashboard',
  '#/settings',
  '#/translate',
  '#/transcribe',
  '#/summarise',
  '#/classify',
  '#/ocr',
];
const kEverything = [
  { reasoning_content: 'a thought' },
  '# Title\n\nText with `code`, a [link](https://example.com) and $x^2$.\n\n```js\nconst a = 1; // one\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n',
];

async function violations(page) {
  await page.evaluate(await readFile(axe, 'utf8'));
  const { violations: found } = await page.evaluate(() =>
    globalThis.axe.run(document, { resultTypes: ['violations'] }),
  );
  return found
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}

for (const theme of ['light', 'dark']) {
  for (const wide of [true, false]) {
    test(`axe finds nothing serious: ${theme}, ${wide ? 'desktop' : 'phone'}`, async () => {
      const page = await held.open('', { theme, wide, ...played(kEverything) });
      for (const hash of kPages) {
        await page.evaluate((where) => {
          location.hash = where || '#/chat';
        }, hash);
        await page.locator('main:not([aria-busy])').waitFor();
        await page.waitForTimeout(100);
        assert.deepEqual(await violations(page), [], `${hash} ${theme}`);
      }
      await page.evaluate(() => {
        location.hash = '#/chat';
      });
      await page.locator('#composer').waitFor();
      await say(page, 'Everything');
      await answer(page);
      await page.locator('.thought summary').click();
      await page.getByRole('button', { name: /Settings of this chat/ }).click();
      assert.deepEqual(await violations(page), [], `chat ${theme}`);
    });
  }
}

test('nothing is asked of other machines', async () => {
  const page = await held.open('', played(kEverything));
  for (const hash of kPages) {
    await page.evaluate((where) => {
      location.hash = where || '#/chat';
    }, hash);
    await page.locator('main:not([aria-busy])').waitFor();
  }
  await page.evaluate(() => {
    location.hash = '#/chat';
  });
  await page.locator('#composer').waitFor();
  await say(page, 'Everything');
  await page.locator('math').waitFor();
  await page.locator('.hljs-keyword').waitFor();
  assert.deepEqual(
    page.requests.filter((url) => !url.startsWith(`${held.server.url}/`) && !/^(data|blob):/.test(url)),
    [],
  );
  assert.deepEqual(page.problems, []);
});

test('no page is wider than a phone', async () => {
  const page = await held.open('', { wide: false, ...played(kEverything) });
  for (const hash of [...kPages, '#/chat']) {
    await page.evaluate((where) => {
      location.hash = where || '#/chat';
    }, hash);
    await page.locator('main:not([aria-busy])').waitFor();
    await page.waitForTimeout(100);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), hash);
  }
  await say(page, 'A very long word: '.concat('x'.repeat(400)));
  await answer(page);
  assert.ok(
    await page.evaluate(
      () =>
        document.documentElement.scrollWidth <= innerWidth &&
        document.querySelector('.scroller').scrollWidth <= innerWidth,
    ),
  );
});

test('on a phone the side bar comes and goes', async () => {
  const page = await held.open('', { wide: false });
  assert.equal(await page.locator('.sidebar').isVisible(), false);
  await page.getByRole('button', { name: 'Side bar' }).click();
  await page.getByRole('link', { name: 'Models' }).click();
  await page.getByRole('heading', { name: 'Models' }).waitFor();
  assert.equal(await page.locator('.sidebar').isVisible(), false);
});

test('on a phone the open side bar has the keyboard, and gives it back', async () => {
  const page = await held.open('', { wide: false });
  const opener = page.getByRole('button', { name: 'Side bar' });
  await opener.click();
  await page.waitForFunction(() => document.querySelector('.sidebar').contains(document.activeElement));
  await page.locator('#composer').evaluate((node) => node.focus());
  assert.notEqual(await page.evaluate(() => document.activeElement.id), 'composer', 'what is behind is inert');
  await page.keyboard.press('Escape');
  await page.locator('.sidebar').waitFor({ state: 'hidden' });
  await page.waitForFunction(() => document.activeElement.getAttribute('aria-label') === 'Side bar');
  await page.keyboard.press('Control+k');
  await page.waitForFunction(() => document.activeElement.id === 'search');
});

test('a chat is had with the keyboard alone', async () => {
  const page = await held.open('', played(['first'], ['second']));
  await page.keyboard.press('Control+k');
  await page.waitForFunction(() => document.activeElement.id === 'search');
  await page.keyboard.press('Escape');
  await page.locator('body').press('Control+Shift+O');
  await page.locator('#composer').focus();
  await page.keyboard.type('one line');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('another');
  await page.keyboard.press('Enter');
  await answer(page);
  assert.equal(await page.locator('.bubble').innerText(), 'one line\nanother');
  await page.keyboard.press('Control+.');
  await page.getByRole('complementary', { name: 'Settings of this chat' }).waitFor();
  await page.keyboard.press('Control+.');
  for (let presses = 0; presses < 40; ++presses) {
    await page.keyboard.press('Shift+Tab');
    if ((await page.evaluate(() => document.activeElement.getAttribute('aria-label'))) === 'Answer again') break;
  }
  await page.keyboard.press('Enter');
  await page.getByText('second', { exact: true }).waitFor();
});

test('"?" shows the shortcuts, and Escape closes them', async () => {
  const page = await held.open();
  await page.locator('main').focus();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await page.getByRole('dialog').count(), 0);
});

test('Escape stops an answer', async () => {
  const { play } = await import('./world.mjs');
  const page = await held.open('', {
    init: { script: play, value: { scripts: [Array(5000).fill('word ')], pause: 20 } },
  });
  await say(page, 'Write');
  await page.getByText('word word').waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('Stopped.').waitFor();
});

async function sources(folder = web) {
  const entries = await readdir(folder, { withFileTypes: true });
  const lists = await Promise.all(
    entries.map((entry) =>
      entry.isDirectory()
        ? entry.name === 'vendor'
          ? []
          : sources(path.join(folder, entry.name))
        : [path.join(folder, entry.name)],
    ),
  );
  return lists.flat().filter((name) => name.endsWith('.js'));
}

test('every text of the interface has its translations, with the same places to fill in', async () => {
  const texts = await Promise.all((await sources()).map((name) => readFile(name, 'utf8')));
  const used = new Set(
    texts.flatMap((text) =>
      [...text.matchAll(/(?:\bt\(|\bcounted\([^']*'[^']*', )'((?:[^'\\]|\\.)*)'/g)].map(([, key]) =>
        key.replaceAll("\\'", "'"),
      ),
    ),
  );
  const all = texts.join('\n');
  const places = (text) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();
  assert.ok(used.size > 200);
  for (const code of ['de', 'fr', 'es', 'ar']) {
    const words = JSON.parse(await readFile(path.join(web, 'languages', `${code}.json`), 'utf8'));
    assert.deepEqual(
      [...used].filter((key) => !(key in words)),
      [],
      code,
    );
    assert.deepEqual(
      Object.keys(words).filter(
        (key) => !all.includes(`'${key.replaceAll("'", "\\'")}'`) && !new RegExp(`\\b${key}\\b`).test(all),
      ),
      [],
      `${code}: not used`,
    );
    for (const [key, word] of Object.entries(words)) {
      const text = typeof word === 'string' ? word : word.other;
      assert.deepEqual(places(text), places(key), `${code}: ${key}`);
    }
  }
});

test('what is counted stands in the form that the language has for so many', async () => {
  const page = await held.open('#/models');
  const said = await page.evaluate(async () => {
    const { counted, speak } = await import('/page/assets/lib/language.js');
    const lists = {};
    for (const code of ['en', 'de', 'fr', 'ar']) {
      await speak(code);
      lists[code] = [1, 2, 3, 1500].map((count) => counted(count, '{count} token', '{count} tokens'));
    }
    return lists;
  });
  assert.deepEqual(said.en, ['1 token', '2 tokens', '3 tokens', '1,500 tokens']);
  assert.deepEqual(said.de, ['1 Token', '2 Tokens', '3 Tokens', '1.500 Tokens']);
  assert.deepEqual(said.fr.slice(0, 3), ['1 jeton', '2 jetons', '3 jetons']);
  assert.equal(new Set(said.ar.map((text) => text.replace(/[\d٠-٩]+/, ''))).size, 4);
});
