// What models write, as it is shown: code, formulas, tables, right-to-left text; and that nothing of it becomes more
// than text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, play, played, say, world } from './world.mjs';

const held = world();

/** An answer of this text, streamed in pieces of a few letters. */
async function shown(text) {
  const page = await held.open('', played(text.match(/[\s\S]{1,7}/g)));
  await say(page, 'Show me');
  return { page, said: await answer(page) };
}

/** What an answer reads as, once it is drawn: an answer that was stored is plain text until the window has come near. */
const read = (said) => said.locator('.markdown:not(.plain)').evaluate((node) => node.innerText);

test('code is coloured and can be copied', async () => {
  const { page, said } = await shown('Look:\n\n```python\ndef double(x):\n    return 2 * x  # twice\n```\n\nDone.');
  await said.locator('.hljs-keyword').first().waitFor();
  assert.equal(await said.locator('.code-bar span').innerText(), 'python');
  await said.getByRole('button', { name: 'Copy' }).first().click();
  assert.equal(
    await page.evaluate(() => navigator.clipboard.readText()),
    'def double(x):\n    return 2 * x  # twice\n',
  );
});

test('formulas become MathML; prices stay prices', async () => {
  const { said } = await shown(
    'Euler: $e^{i\\pi} + 1 = 0$.\n\n$$\\int_0^1 x^2 \\, dx = \\frac{1}{3}$$\n\nIt costs $5 or $6. \\(a+b\\)\n\n\\[\nc = d\n\\]\n',
  );
  await said.locator('math').nth(3).waitFor();
  assert.equal(await said.locator('math').count(), 4);
  assert.equal(await said.locator('mfrac').count(), 1);
  assert.match(await said.innerText(), /It costs \$5 or \$6\./);
});

test('tables keep their alignment', async () => {
  const { said } = await shown('| a | b |\n|---|--:|\n| 1 | 2 |\n');
  assert.equal(
    await said
      .locator('td')
      .nth(1)
      .evaluate((cell) => getComputedStyle(cell).textAlign),
    'end',
  );
});

test('what grew piece by piece is what the whole text gives', async () => {
  const text =
    '# Title\n\nA *paragraph* with `code`\nand a [link](https://example.com).\n\n1. one\n2. two\n   - inner\n\n     more of it\n3. three\n\n> quoted\n> twice\n\n```js\nconst a = `x`;\n\nlet b;\n```\n\n' +
    '| a | b |\n|:-:|---|\n| c | d |\n\n***\n\nLast one with a [reference][r].\n\n[r]: https://example.com/r\n';
  const { page, said } = await shown(text);
  const grown = await read(said);
  await page.reload();
  const whole = await read(await answer(page));
  assert.equal(grown, whole);
  assert.equal(await page.locator('.markdown a').last().getAttribute('href'), 'https://example.com/r');
});

test('Arabic runs from right to left, each paragraph by itself', async () => {
  const { said } = await shown('مرحبا بالعالم\n\nHello world\n');
  const sides = await said.locator('.markdown p').evaluateAll((all) =>
    all.map((node) => {
      const range = document.createRange();
      range.selectNodeContents(node);
      return range.getBoundingClientRect().left - node.getBoundingClientRect().left > 20 ? 'right' : 'left';
    }),
  );
  assert.deepEqual(sides, ['right', 'left']);
});

const kHostile = [
  '<script>window.hit = 1</script>',
  '<img src=x onerror="window.hit = 1">',
  '<svg onload="window.hit = 1"><a xlink:href="javascript:window.hit=1">x</a></svg>',
  '[click](javascript:window.hit=1)',
  '[click](&#106;avascript:window.hit=1)',
  '[click](data:text/html,<script>window.hit=1</script>)',
  '![x](javascript:window.hit=1)',
  '![x](https://evil.example/pixel.png)',
  '<iframe srcdoc="<script>parent.hit=1</script>"></iframe>',
  '<https://a.example/"onmouseover="window.hit=1>',
  '[x](https://a.example "\\" onmouseover=window.hit=1 \\"")',
  '```"><img src=x onerror=window.hit=1>\ncode\n```',
  '```js\n</code></pre><img src=x onerror=window.hit=1>\n```',
  '$\\href{javascript:window.hit=1}{x}$',
  '$\\unicode{<img src=x onerror=window.hit=1>}$',
  '$$\\class{x" onclick="window.hit=1}{y}$$',
  '$</span><img src=x onerror=window.hit=1>$',
  '<math><mtext><table><mglyph><style><img src=x onerror=window.hit=1></style></mglyph></table></mtext></math>',
  '<form action="https://evil.example"><button>x</button></form>',
  '<style>body { display: none }</style>',
  '<a href="jav\tascript:window.hit=1">x</a>',
  '| <img src=x onerror=window.hit=1> |\n|---|\n| <b onclick=window.hit=1>x</b> |',
  '<base href="https://evil.example/">',
  '<meta http-equiv="refresh" content="0;url=https://evil.example">',
  '<div style="position:fixed;inset:0">over everything</div>',
  '<input autofocus onfocus=window.hit=1>',
  '[x][y]\n\n[y]: javascript:window.hit=1',
  'javascript:window.hit=1',
  '<x onclick=window.hit=1 id=app>',
  '\u202e<img src=x onerror=window.hit=1>',
];

/**
 * Nothing ran, nothing was asked of other servers, and the page holds no element that a model could have meant to make.
 */
async function assert_harmless(page) {
  await page.waitForTimeout(300);
  assert.equal(await page.evaluate(() => window.hit), undefined);
  assert.deepEqual(
    page.requests.filter((url) => !url.startsWith(held.server.url) && !/^(data|blob):/.test(url)),
    [],
  );
  const bad = await page.evaluate(() => {
    const all = [...document.querySelectorAll('.messages *')];
    const handlers = all.filter((node) =>
      [...node.attributes].some(
        ({ name, value }) => /^on/i.test(name) || /^\s*(javascript|data|vbscript):/i.test(value),
      ),
    );
    const tags = document.querySelectorAll(
      '.messages :is(script, iframe, object, embed, form:not(.result-form), style, base, meta, link, img:not([src^="blob:"]))',
    );
    return [...handlers, ...tags].map((node) => node.outerHTML.slice(0, 200));
  });
  assert.deepEqual(bad, []);
  for (const link of await page.locator('.markdown a[href]').all()) {
    assert.match(await link.getAttribute('href'), /^(https?|mailto):/);
    assert.match(await link.getAttribute('rel'), /noopener/);
  }
}

test('hostile answers and thoughts stay text', async () => {
  const page = await held.open(
    '',
    played(...kHostile.map((text) => [{ reasoning_content: text }, text]), [kHostile.join('\n\n')]),
  );
  for (let index = 0; index <= kHostile.length; ++index) {
    await say(page, `number ${index}`);
    await page.locator(`.message.assistant >> nth=${index}`).waitFor();
    await answer(page);
  }
  for (const thought of await page.locator('.thought summary').all()) await thought.click();
  await assert_harmless(page);
});

test('hostile calls, results, titles, names of files and of models stay text', async () => {
  for (const text of kHostile) {
    const { body: made } = await held.server.json('POST', '/page/conversations', {
      title: text,
      settings: { model: text },
    });
    await held.server.json('PUT', `/page/conversations/${made.id}/messages/u`, {
      id: 'u',
      parent: null,
      role: 'user',
      state: 'done',
      content: [{ type: 'text', text }],
    });
    await held.server.json('PUT', `/page/conversations/${made.id}/messages/a`, {
      id: 'a',
      parent: 'u',
      role: 'assistant',
      state: 'failed',
      error: text,
      content: [],
      calls: [{ id: text, name: text, arguments: JSON.stringify({ [text]: text }), result: text }],
      logprobs: [[text, -1, [[text, -1]]]],
    });
  }
  const page = await held.open();
  const { body: list } = await held.server.json('GET', '/page/conversations?limit=100');
  for (const { id } of list.conversations.slice(0, kHostile.length)) {
    await page.evaluate((hash) => {
      location.hash = hash;
    }, `#/c/${id}`);
    await page.locator('.call summary').first().click();
    await assert_harmless(page);
  }
  await page.locator('#composer').evaluate(
    (node, names) => {
      const data = new DataTransfer();
      for (const name of names) data.items.add(new File(['x'], name.replaceAll('/', '_'), { type: 'text/plain' }));
      node.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    },
    kHostile.slice(0, 8),
  );
  await page.locator('.attachment').nth(7).waitFor();
  assert.equal(await page.evaluate(() => window.hit), undefined);
  assert.equal(
    await page.evaluate(
      () => document.querySelectorAll('.sidebar :is(img, script, iframe), .attachment :is(img, script)').length,
    ),
    0,
  );
});

test('colours and formulas that could not be loaded come with the next answer', async () => {
  const text = '```python\nreturn 1\n```\n\n$a^2$';
  const page = await held.open('', played([text], [text]));
  await page.route(/highlight\/python\.js|temml\.js/, (route) => route.abort());
  await say(page, 'Show me');
  const first = await answer(page);
  await first.getByText('a^2').waitFor();
  await page.waitForTimeout(300);
  assert.deepEqual(page.problems, []);
  await page.unrouteAll();
  await say(page, 'Again');
  const second = page.locator('.message.assistant').nth(1);
  await second.locator('.hljs-keyword').waitFor();
  await second.locator('math').waitFor();
});

test('lines that end in a carriage return are lines, also while they come', async () => {
  const text = '# Title\r\rOne\r\n\r\n- a\r- b\r\r```\rcode\r```\r\rLast';
  const scripts = [text.match(/[\s\S]{1,4}/g)];
  const page = await held.open('', { init: { script: play, value: { scripts, pause: 100 } } });
  await say(page, 'Show me');
  const said = await answer(page);
  const grown = await read(said);
  await page.reload();
  const whole = await read(await answer(page));
  assert.equal(grown, whole);
  assert.equal(grown.match(/Title/g).length, 1);
});
