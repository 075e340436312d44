// Tools of a conversation: two that the page runs by itself, and those that the user declares and answers for.
import { calculate } from './calculator.js';

export const kBuiltin = {
  calculate: {
    description: 'Calculates an arithmetic expression.',
    parameters: { type: 'object', properties: { expression: { type: 'string' } }, required: ['expression'] },
    run: ({ expression }) => calculate(expression),
  },
  current_time: {
    description: 'Tells the current date and time.',
    parameters: { type: 'object', properties: {} },
    run: () => new Date().toString(),
  },
};

/** The user's own declarations: a JSON list of {name, description, parameters}; throws SyntaxError. */
function own_tools(text) {
  if (!text?.trim()) return [];
  const list = JSON.parse(text);
  return (Array.isArray(list) ? list : [list]).map((entry) => entry.function ?? entry);
}

const declare = ({ name, description, parameters }) => ({
  type: 'function',
  function: { name, description, parameters },
});

/** The tools that a conversation's settings turn on, in the API's words. */
export function declared_tools(settings) {
  const builtin = (settings.builtin_tools ?? [])
    .filter((name) => Object.hasOwn(kBuiltin, name))
    .map((name) => declare({ name, ...kBuiltin[name] }));
  return [...builtin, ...own_tools(settings.tools).map(declare)];
}

async function run_call(call) {
  if (call.result !== undefined || !Object.hasOwn(kBuiltin, call.name)) return call;
  const start = performance.now();
  let result;
  try {
    result = String(await kBuiltin[call.name].run(JSON.parse(call.arguments || '{}')));
  } catch (error) {
    result = `error: ${error.message}`;
  }
  return { ...call, result, seconds: (performance.now() - start) / 1000 };
}

/** The calls with the results of those that the page can make. */
export const run_calls = (calls) => Promise.all(calls.map(run_call));

/** Whether there are calls, and all have a result: then the model can go on. */
export const have_results = (calls) => calls?.length > 0 && calls.every((call) => call.result !== undefined);
