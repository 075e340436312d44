// Arithmetic for the tool 'calculate': + - * / % ^, brackets, a few functions. A parser of its own, as nothing a model
// writes is ever evaluated as code.
const kFunctions = {
  sqrt: Math.sqrt,
  abs: Math.abs,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  ln: Math.log,
  log: Math.log10,
  exp: Math.exp,
  round: Math.round,
};
const kConstants = { pi: Math.PI, e: Math.E };
const kLongest = 1000;

class Parser {
  constructor(text) {
    this.tokens = text.match(/\d*\.?\d+(?:e[+-]?\d+)?|[a-z]+|\*\*|[-+*/%^()]|\S/gi) ?? [];
    this.at = 0;
  }

  take(...wanted) {
    return wanted.includes(this.tokens[this.at]) ? this.tokens[this.at++] : null;
  }

  sum() {
    let value = this.product();
    for (let sign; (sign = this.take('+', '-'));)
      value = sign === '+' ? value + this.product() : value - this.product();
    return value;
  }

  product() {
    let value = this.power();
    for (let sign; (sign = this.take('*', '/', '%'));) {
      const next = this.power();
      value = sign === '*' ? value * next : sign === '/' ? value / next : value % next;
    }
    return value;
  }

  power() {
    if (this.take('-')) return -this.power();
    if (this.take('+')) return this.power();
    const base = this.atom();
    return this.take('^', '**') ? base ** this.power() : base;
  }

  atom() {
    const token = this.tokens[this.at++];
    if (token === '(') return this.closed(this.sum());
    if (/^[\d.]/.test(token)) return Number(token);
    const name = token?.toLowerCase();
    if (Object.hasOwn(kConstants, name ?? '')) return kConstants[name];
    if (Object.hasOwn(kFunctions, name ?? '') && this.take('(')) return kFunctions[name](this.closed(this.sum()));
    throw new Error(`expected a number, found '${token ?? 'the end'}'`);
  }

  closed(value) {
    if (!this.take(')')) throw new Error("expected ')'");
    return value;
  }
}

/** The value of an expression; throws Error with what is wrong. */
export function calculate(text) {
  if (typeof text !== 'string' || text.length > kLongest)
    throw new Error(`expected an expression of at most ${kLongest} characters`);
  const parser = new Parser(text);
  const value = parser.sum();
  if (parser.at < parser.tokens.length) throw new Error(`expected the end, found '${parser.tokens[parser.at]}'`);
  return value;
}
