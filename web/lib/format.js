// Numbers, sizes and times as people of the interface's language write them.
import { locale } from './language.js';

export const number = (value, digits = 0) =>
  new Intl.NumberFormat(locale(), {
    maximumFractionDigits: digits,
    minimumFractionDigits: value < 100 ? digits : 0,
  }).format(value);

export const percent = (part, digits = 0) =>
  new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: digits }).format(part);

/** 1234567 -> 1.2 MB (of 1000) */
export function bytes(count) {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  if (count < 1000) return `${number(count)} B`;
  let unit = 0;
  while (count >= 1000 && unit < units.length - 1) {
    count /= 1000;
    ++unit;
  }
  const digits = count < 10 && unit > 0 ? 1 : 0;
  return new Intl.NumberFormat(locale(), {
    style: 'unit',
    unit: units[unit],
    unitDisplay: 'short',
    maximumFractionDigits: digits,
  }).format(count);
}

/** 12300 -> 12K, for tokens and parameters. */
export const short = (value) =>
  new Intl.NumberFormat(locale(), { notation: 'compact', maximumFractionDigits: 1 }).format(value);

const unit_of = (value, unit, digits = 0) =>
  new Intl.NumberFormat(locale(), { style: 'unit', unit, maximumFractionDigits: digits }).format(value);

export const milliseconds = (value) => unit_of(value, 'millisecond');

/** A duration in the unit that suits it. */
export function seconds(value) {
  if (value < 0.001) return `< ${milliseconds(1)}`;
  if (value < 1) return milliseconds(value * 1000);
  return value < 60 ? unit_of(value, 'second', 1) : clock(value);
}

/** 75 -> 1:15 */
export function clock(value) {
  const whole = Math.floor(value);
  const two = (part) => String(part).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  return `${hours ? `${hours}:${two(Math.floor(whole / 60) % 60)}` : Math.floor(whole / 60)}:${two(whole % 60)}`;
}

/** Seconds since 1970, or what Date reads -> Date */
export const moment = (value) => new Date(typeof value === 'number' && value < 1e12 ? value * 1000 : value);

/** Today's as a time, older ones as a date. */
export function when(value) {
  const date = moment(value);
  const today = new Date().toDateString() === date.toDateString();
  return date.toLocaleString(
    locale(),
    today ? { hour: 'numeric', minute: '2-digit' } : { day: 'numeric', month: 'short' },
  );
}

/** The days between then and now: 0 is today. */
export function days_ago(value) {
  const start = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((start(new Date()) - start(moment(value))) / 86_400_000);
}
