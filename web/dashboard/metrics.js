// Prometheus' text format, as /metrics gives it, and what is to be seen of it: rates of counters, over the last
// minutes.

/** name -> [{labels, value}] */
export function parse_metrics(text) {
  const families = new Map();
  for (const line of text.split('\n')) {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line);
    if (!match) continue;
    const labels = Object.fromEntries(
      [...(match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]),
    );
    if (!families.has(match[1])) families.set(match[1], []);
    families.get(match[1]).push({ labels, value: Number(match[3]) });
  }
  return families;
}

export const total = (families, name) => (families.get(name) ?? []).reduce((sum, { value }) => sum + value, 0);

/** Looks at the server every second, for as long as someone watches. */
export class History {
  points = [];

  constructor(length = 120) {
    this.length = length;
  }

  add(families, time) {
    const now = {
      time,
      generated: total(families, 'facet_generated_tokens_total'),
      steps: total(families, 'facet_decode_steps_total'),
      prefilled: total(families, 'facet_prefill_rows_total'),
      reused: total(families, 'facet_reused_tokens_total'),
      requests: total(families, 'facet_http_requests_total'),
      queued: total(families, 'facet_queued_requests'),
      running: total(families, 'facet_running_requests'),
      kv: total(families, 'facet_kv_reserved_bytes'),
      memory: total(families, 'facet_memory_bytes'),
    };
    this.points = [...this.points, now].slice(-this.length);
  }

  /** A counter's growth a second, between each two looks; a server that started again counts from 0. */
  rates(name) {
    return this.points.slice(1).map((point, index) => {
      const before = this.points[index];
      return Math.max(0, point[name] - before[name]) / Math.max(0.001, point.time - before.time);
    });
  }

  values(name) {
    return this.points.map((point) => point[name]);
  }

  get last() {
    return this.points.at(-1);
  }
}

/** Requests by path: how many, and how long they took on average. */
export function routes(families) {
  const rows = new Map();
  const row = (route) => rows.get(route) ?? rows.set(route, { route, count: 0, failed: 0, seconds: 0 }).get(route);
  for (const { labels, value } of families.get('facet_http_requests_total') ?? []) {
    row(labels.route).count += value;
    if (Number(labels.status) >= 400) row(labels.route).failed += value;
  }
  for (const { labels, value } of families.get('facet_http_request_seconds_sum') ?? [])
    row(labels.route).seconds += value;
  return [...rows.values()].sort((one, other) => other.count - one.count);
}
